"""Versioned denominators: population, stock, kilometres of sewer. A window takes the one that is valid at its end."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import NamedTuple

from sqlalchemy import Connection, select

from cityhub.kpi.kernel.effect import ReferenceRow
from cityhub.kpi.store import schema
from cityhub.kpi.store.dialect import insert_missing


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

    def seen(self, names: Iterable[str]) -> dict[str, Seen]:
        """How much is known of each name."""
        found: dict[str, Seen] = {}
        for name in names:
            rows = self._rows.get(name, [])
            found[name] = Seen(len(rows), max((row.recorded_ms for row in rows), default=0))
        return found

    def changed_from(self, before: Mapping[str, Seen], names: Iterable[str]) -> int | None:
        """From which instant on (epoch s) windows may have another denominator than before; None = from none."""
        starts: list[int] = []
        for name, seen in self.seen(names).items():
            was = before.get(name, Seen(0, 0))
            if seen == was:
                continue
            rows = self._rows.get(name, [])
            new = [row for row in rows if row.recorded_ms > was.newest_ms]
            in_order = was.rows + len(new) == seen.rows
            starts += [row.valid_from for row in (new if in_order else rows)]
        return min(starts, default=None)


def _rank(row: ReferenceRow) -> tuple[int, int, str, str]:
    return row.valid_from, row.recorded_ms, row.id, row.source


def load_references(connection: Connection, names: Iterable[str]) -> References:
    """Read the denominators of the names."""
    row = schema.reference.c
    query = select(row.source, row.id, row.name, row.scope, row.valid_from, row.recorded_ms, row.value)
    wanted = sorted(set(names))
    return References(ReferenceRow(*found) for found in connection.execute(query.where(row.name.in_(wanted))))
