"""A tenant's own log: what arrived and what was published of it, in one order. One SQLite file, one writer.

An entry's number is the cursor of whoever follows: it grows, also over a restart of the story.
"""

from __future__ import annotations

import hashlib
import sqlite3
import threading
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Literal, NamedTuple

_TABLES = """
create table if not exists entry(
  number integer primary key autoincrement, kind text not null, name text not null, at_ms integer not null,
  topic text, off integer, body blob not null);
create unique index if not exists entry_place on entry(topic, off) where topic is not null;
create index if not exists entry_kind on entry(kind, name, number);
create index if not exists entry_newest on entry(kind, number);
create table if not exists room(only integer primary key check (only = 1), body blob not null);
"""
_PIECE, _TRIMMED_EVERY = 10_000, 10_000
KEPT = 300_000
"""Values and refusals so many entries back are forgotten, so that a room that runs for weeks does not grow."""
_KEEP = "insert into room values (1, ?) on conflict(only) do update set body = excluded.body"
Kind = Literal["event", "value", "refused"]


class Entry(NamedTuple):
    """Attributes: kind = what it is; name = event type or KPI; at_ms = virtual time; body = JSON."""

    number: int
    kind: str
    name: str
    at_ms: int
    body: bytes


class Record(NamedTuple):
    """An event as the engine reads it, see `kernel.record.LogRecord`."""

    offset: int
    timestamp: int
    value: bytes | None


class TenantLog:
    """The log of one tenant.

    Args:
        read_only: for whoever follows; the file must exist.
    """

    def __init__(self, path: Path, *, read_only: bool = False) -> None:
        self._path = path
        self._in_use = threading.Lock()
        uri = f"{path.absolute().as_uri()}?mode={'ro' if read_only else 'rwc'}"
        self._db = sqlite3.connect(uri, uri=True, isolation_level=None, check_same_thread=False)
        if not read_only:
            self._db.execute("pragma journal_mode=wal")
            self._db.execute("pragma synchronous=normal")
            self._db.execute("pragma secure_delete=on")
            self._db.executescript(_TABLES)
        self._ends: dict[str, int] = (
            dict(self._db.execute("select topic, max(off) from entry where topic is not null group by topic"))
            if not read_only
            else {}
        )

    def append(self, records: Iterable[tuple[str, str, int, bytes]], state: bytes) -> dict[str, list[Record]]:
        """Put events in, in this order, and remember the room's state, in one transaction.

        Args:
            records: topic, event type, append time (epoch ms) and value.

        Returns:
            The same by topic, with their offsets.
        """
        rows, found, ends = [], dict[str, list[Record]](), dict(self._ends)
        for topic, type_, at_ms, value in records:
            offset = ends[topic] = ends.get(topic, -1) + 1
            rows.append(("event", type_, at_ms, topic, offset, value))
            found.setdefault(topic, []).append(Record(offset, at_ms, value))
        self._insert(rows, state)
        self._ends = ends
        return found

    def tell(self, kind: Kind, told: Iterable[tuple[str, int, bytes]]) -> None:
        """Note what is no event. Args: told = name, virtual time (epoch ms), body."""
        rows = [(kind, name, at_ms, None, None, body) for name, at_ms, body in told]
        before = self.newest()
        self._insert(rows)
        if before // _TRIMMED_EVERY != (before + len(rows)) // _TRIMMED_EVERY:
            self._db.execute("delete from entry where kind != 'event' and number <= ?", (before - KEPT,))

    def _insert(self, rows: Sequence[tuple[object, ...]], state: bytes | None = None) -> None:
        with self._writing():
            self._db.executemany(
                "insert into entry(kind, name, at_ms, topic, off, body) values (?, ?, ?, ?, ?, ?)", rows
            )
            if state is not None:
                self._db.execute(_KEEP, (state,))

    @contextmanager
    def _writing(self) -> Iterator[None]:
        self._db.execute("begin immediate")
        try:
            yield
        except BaseException:
            self._db.execute("rollback")
            raise
        self._db.execute("commit")

    def after(
        self, number: int, *, kinds: Sequence[str] = (), names: Sequence[str] = (), limit: int = 500
    ) -> list[Entry]:
        """Entries after a cursor, oldest first."""
        where, values = ["number > ?"], list[object]([number])
        for column, wanted in (("kind", kinds), ("name", names)):
            if wanted:
                where.append(f"{column} in ({','.join('?' * len(wanted))})")
                values += wanted
        query = f"select number, kind, name, at_ms, body from entry where {' and '.join(where)} order by number limit ?"  # noqa: S608 - our own words
        with self._in_use:
            return [Entry(*row) for row in self._db.execute(query, [*values, limit])]

    def last(self, kinds: Sequence[str], limit: int) -> list[Entry]:
        """The newest entries of these kinds, newest first."""
        query = "select number, kind, name, at_ms, body from entry where kind = ? order by number desc limit ?"
        with self._in_use:
            found = [Entry(*row) for kind in kinds for row in self._db.execute(query, (kind, limit))]
        return sorted(found, reverse=True)[:limit]

    def newest(self) -> int:
        """The greatest number that was ever given; 0 = none."""
        found = self._db.execute("select seq from sqlite_sequence where name = 'entry'").fetchone()
        return int(found[0]) if found else 0

    def events(self) -> int:
        """How many events it holds."""
        return int(self._db.execute("select count(*) from entry where kind = 'event'").fetchone()[0])

    def records(self, topic: str, after: int) -> Iterator[list[Record]]:
        """A topic's events after an offset, in pieces."""
        query = "select off, at_ms, body from entry where topic = ? and off between ? and ? order by off"
        for first in range(after + 1, self.end_of(topic) + 1, _PIECE):
            yield [Record(*row) for row in self._db.execute(query, (topic, first, first + _PIECE - 1))]

    def end_of(self, topic: str) -> int:
        """Offset of a topic's last event; −1 = it has none."""
        return self._ends.get(topic, -1)

    def size_b(self) -> int:
        """Bytes of its file."""
        return self._path.stat().st_size

    def digest(self) -> str:
        """SHA-256 over topic, append time and bytes of every event in the order of arrival, 64 hex digits."""
        digest = hashlib.sha256()
        for topic, at_ms, body in self._db.execute(
            "select topic, at_ms, body from entry where kind = 'event' order by number"
        ):
            digest.update(f"{topic}\0{at_ms}\0{len(body)}\0".encode())
            digest.update(body)
        return digest.hexdigest()

    def empty(self, state: bytes) -> None:
        """Take everything out, so that no byte of it stays, and remember the room's new state; numbers go on."""
        with self._writing():
            self._db.execute("delete from entry")
            self._db.execute(_KEEP, (state,))
        self._db.execute("pragma wal_checkpoint(truncate)")
        self._ends = {}

    def keep(self, state: bytes) -> None:
        """Remember the room's state."""
        self._db.execute(_KEEP, (state,))

    def state(self) -> bytes | None:
        """What was remembered; None in a new room."""
        found = self._db.execute("select body from room").fetchone()
        return None if found is None else bytes(found[0])

    def close(self) -> None:
        """Waits for a thread that is reading: SQLite does not bear to be closed under it."""
        with self._in_use:
            self._db.close()
