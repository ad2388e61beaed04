"""What the store still owes to topics: values the value topic has not acknowledged, and refused records."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from typing import NamedTuple

import msgspec
from msgspec.structs import replace
from sqlalchemy import Connection, bindparam, select, update

from cityhub.kpi.store import schema
from cityhub.kpi.store.database import Database
from cityhub.kpi.store.dialect import insert_missing
from cityhub.kpi.store.renewal import decode_value
from cityhub.kpi.store.tenure import Fence

_STARTED = "publishing_since"
_KEYS = ("kpi", "window", "anchor", "scope", "dims", "version")


class ValueKey(NamedTuple):
    """One published window, as one version of the definition has it."""

    kpi: str
    window: str
    anchor: int
    scope: str
    dims: str
    version: int


class Unpublished(NamedTuple):
    """A value that the topic has not acknowledged yet."""

    key: ValueKey
    revision: int
    payload: bytes


class DeadLetter(NamedTuple):
    """A refused record that is not in the dead-letter topic yet."""

    topic: str
    part: int
    off: int
    reason: str
    detail: str
    payload: bytes
    trace: str = ""


class Outbox:
    """Reads what is owed and notes what was delivered.

    Args:
        fence: checked in every transaction that writes.
    """

    def __init__(self, database: Database, fence: Fence) -> None:
        self._database = database
        self._fence = fence

    def incarnation(self, now_ms: int) -> str:
        """Names this store; a store made anew begins its revisions anew and has a greater name.

        Args:
            now_ms: the instant that is kept when the store publishes for the first time.
        """
        row = schema.meta.c
        started = {"key": _STARTED, "value": f"{now_ms:015d}"}
        with self._begin() as connection:
            insert_missing(connection, schema.meta, [started])
            query = select(row.value).where(row.key.in_([_STARTED, "incarnation"])).order_by(row.key.desc())
            return "-".join(connection.scalars(query))

    def unpublished(self, limit: int = 1_000) -> Sequence[Unpublished]:
        """Values newer than what the topic has acknowledged."""
        row = schema.value.c
        query = select(*(row[name] for name in _KEYS), row.revision, row.payload)
        with self._database.snapshot() as connection:
            found = connection.execute(query.where(row.published < row.revision).limit(limit)).all()
        return [Unpublished(ValueKey(*key), revision, bytes(payload)) for *key, revision, payload in found]

    def mark_published(self, values: Iterable[Unpublished]) -> None:
        """Note that the topic has these revisions."""
        self._note([{**_was(value.key), "to": value.revision} for value in values])

    def republish(self, in_topic: Mapping[ValueKey, int]) -> int:
        """Owe every value again of which the topic does not hold the newest published revision.

        A topic that is ahead of the store, because the store was put back from a copy, is overtaken.

        Args:
            in_topic: newest revision of this store that the topic holds.

        Returns:
            How many values are owed again.
        """
        row = schema.value.c
        query = select(*(row[name] for name in _KEYS), row.published, row.revision)
        with self._database.snapshot() as connection:
            kept = connection.execute(query).all()
        lost, ahead = [], []
        for *key, published, revision in kept:
            held = in_topic.get(ValueKey(*key), 0)
            if held > revision:
                ahead.append((ValueKey(*key), held + 1))
            elif held < published:
                lost.append({**_was(ValueKey(*key)), "to": held})
        self._note(lost)
        self._overtake(ahead)
        return len(lost) + len(ahead)

    def dead_letters(self, limit: int = 500) -> Sequence[DeadLetter]:
        """Refused records whose bytes wait for the dead-letter topic."""
        row = schema.verdict.c
        query = select(row.topic, row.part, row.off, row.reason, row.detail, row.payload, row.trace)
        waiting = query.where(row.payload.is_not(None)).order_by(row.off).limit(limit)
        with self._database.snapshot() as connection:
            return [DeadLetter(*one[:5], bytes(one[5]), one[6] or "") for one in connection.execute(waiting)]

    def mark_relayed(self, letters: Iterable[DeadLetter]) -> None:
        """Note that the dead-letter topic has these records; the verdict itself stays."""
        row = schema.verdict.c
        same = [row[name] == bindparam(f"was_{name}") for name in ("topic", "part", "off")]
        rows = [{"was_topic": one.topic, "was_part": one.part, "was_off": one.off} for one in letters]
        if rows:
            with self._begin() as connection:
                connection.execute(update(schema.verdict).where(*same).values(payload=None), rows)

    def _note(self, rows: Sequence[Mapping[str, object]]) -> None:
        if rows:
            with self._begin() as connection:
                connection.execute(update(schema.value).where(*_SAME).values(published=bindparam("to")), list(rows))

    def _overtake(self, values: Iterable[tuple[ValueKey, int]]) -> None:
        with self._begin() as connection:
            for key, revision in values:
                kept = connection.execute(select(schema.value.c.payload).where(*_SAME), _was(key)).scalar_one()
                payload = msgspec.json.encode(replace(decode_value(kept), revision=revision))
                change = update(schema.value).where(*_SAME).values(revision=revision, payload=payload)
                connection.execute(change, _was(key))

    @contextmanager
    def _begin(self) -> Iterator[Connection]:
        with self._database.begin() as connection:
            self._fence(connection)
            yield connection


_SAME = [schema.value.c[name] == bindparam(f"was_{name}") for name in _KEYS]


def _was(key: ValueKey) -> dict[str, object]:
    return {f"was_{name}": part for name, part in key._asdict().items()}
