"""Versioned denominators: population, stock, kilometres of sewer. A window takes the one that is valid at its end."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import NamedTuple

import msgspec
from sqlalchemy import Connection, or_, select

from cityhub.kpi.kernel.effect import ReferenceRow
from cityhub.kpi.store import schema
from cityhub.kpi.store.dialect import insert_missing
from cityhub.kpi.store.sheet import Cut

_BY = ".{"
"""Where the dimension begins in the key of a denominator that is given by dimension."""


def write_references(connection: Connection, rows: Sequence[ReferenceRow]) -> None:
    """Keep denominators as they were recorded; one that is there already, by name and event, stays as it is."""
    insert_missing(connection, schema.reference, [row._asdict() for row in rows])


class Seen(NamedTuple):
    """What is known of one name: how many rows, and the newest recording, epoch ms."""

    rows: int
    newest_ms: int


class References:
    """All recorded denominators of some names."""

    def __init__(self, rows: Iterable[ReferenceRow]) -> None:
        self._rows: dict[str, list[ReferenceRow]] = {}
        for row in sorted(rows, key=_rank, reverse=True):
            self._rows.setdefault(row.name, []).append(row)

    def applicable(self, name: str, scope: str, window_end: int, known_ms: int | None = None) -> ReferenceRow | None:
        """The denominator of a window: valid from at most its last second, then the newest; None = unknown.

        Args:
            scope: `city` or a borough; one of the city says nothing about a borough.
            window_end: epoch seconds.
            known_ms: only what was recorded by then; None = everything.
        """
        for row in self._rows.get(name, ()):
            in_time = known_ms is None or row.recorded_ms <= known_ms
            if row.scope == scope and row.valid_from <= window_end - 1 and in_time:
                return row
        return None

    def applied(
        self, keys: Iterable[str], cut: Cut, window_end: int, known_ms: Mapping[str, int] | None = None
    ) -> dict[str, ReferenceRow | None]:
        """The denominators of a number by the keys of its plan; arguments as of `applicable`, `known_ms` by key."""
        known = known_ms or {}
        return {key: self.applicable(named_for(key, cut.dims), cut.scope, window_end, known.get(key)) for key in keys}

    def numbers(
        self, keys: Iterable[str], cut: Cut, window_end: int, known_ms: Mapping[str, int] | None = None
    ) -> dict[str, int | None]:
        """The values of `applied`; None = unknown."""
        rows = self.applied(keys, cut, window_end, known_ms)
        return {key: None if row is None else row.value for key, row in rows.items()}

    def changed_ms(self, name: str, scope: str, window_end: int) -> int:
        """When the denominator of a window last became another number, epoch ms; 0 = never, it is unknown.

        Arguments as of `applicable`. Recordings of the same millisecond are taken in the order in which they apply.
        """
        since: ReferenceRow | None = None
        for row in self._rows.get(name, ()):
            if row.scope != scope or row.valid_from > window_end - 1:
                continue
            if since is None or row.recorded_ms <= since.recorded_ms:  # it applied until `since` was recorded
                if since is not None and row.value != since.value:
                    break
                since = row
        return 0 if since is None else since.recorded_ms

    def seen(self, keys: Iterable[str]) -> dict[str, Seen]:
        """How much is known of each of a plan's denominators."""
        found: dict[str, Seen] = {}
        for key in keys:
            rows = self._behind(key)
            found[key] = Seen(len(rows), max((row.recorded_ms for row in rows), default=0))
        return found

    def changed_from(self, before: Mapping[str, Seen], keys: Iterable[str]) -> int | None:
        """From which instant on (epoch s) windows may have another denominator than before; None = from none."""
        starts: list[int] = []
        for key, seen in self.seen(keys).items():
            was = before.get(key, Seen(0, 0))
            if seen == was:
                continue
            rows = self._behind(key)
            new = [row for row in rows if row.recorded_ms > was.newest_ms]
            in_order = was.rows + len(new) == seen.rows
            starts += [row.valid_from for row in (new if in_order else rows)]
        return min(starts, default=None)

    def _behind(self, key: str) -> list[ReferenceRow]:
        """All rows that a key can stand for."""
        name, by, _ = key.partition(_BY)
        names = [one for one in self._rows if one == name or (by and one.startswith(f"{name}."))]
        return [row for one in names for row in self._rows[one]]


def named_for(key: str, dims: str) -> str:
    """The name of a denominator: `planned.{quarter}` held to `{"quarter":"north"}` is `planned.north`, else `planned`.

    Args:
        key: of a plan (`Reference.key`). dims: what the number is held to, as canonical JSON.
    """
    name, by, dimension = key.partition(_BY)
    held = msgspec.json.decode(dims, type=dict[str, str]) if by else {}
    value = held.get(dimension.removesuffix("}"))
    return name if value is None else f"{name}.{value}"


def _rank(row: ReferenceRow) -> tuple[int, int, str, str]:
    return row.valid_from, row.recorded_ms, row.id, row.source


def load_references(connection: Connection, keys: Iterable[str]) -> References:
    """Read the denominators that keys of plans can stand for."""
    row = schema.reference.c
    query = select(row.source, row.id, row.name, row.scope, row.valid_from, row.recorded_ms, row.value)
    names = {key.partition(_BY)[0]: _BY in key for key in sorted(set(keys))}
    wanted = [
        row.name.in_(list(names)),
        *(row.name.startswith(f"{name}.", autoescape=True) for name in names if names[name]),
    ]
    return References(ReferenceRow(*found) for found in connection.execute(query.where(or_(*wanted))))
