"""adapters.db: events and dead letters on their way to Kafka, and how far each source was read.

One transaction holds what an answer led to: its events, its refusals, what the mapping remembers, the position it was
read up to, the counts. Events leave the outbox only after the broker's acknowledgement, and only then the checkpoint
moves. A crash at any point repeats at most a publication, with the same ids.

Two marks, not one: the *position* is where to read on, and moves with the outbox, because its events are safe on disk;
the *checkpoint* says up to when everything is in Kafka, and moves only after the acknowledgement.
"""

from __future__ import annotations

import asyncio
import sqlite3
import threading
from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from datetime import datetime
from functools import partial
from pathlib import Path
from types import TracebackType
from typing import ParamSpec, Self, TypeVar

import msgspec
from msgspec import Struct

from cityhub.adapters.errors import FeedFault, StateUnavailable
from cityhub.adapters.kit import refusal, status
from cityhub.adapters.kit.refusal import bury, refusals
from cityhub.adapters.kit.reject import Reject
from cityhub.adapters.kit.source import Source, topic_of
from cityhub.bus.publisher import Outgoing
from cityhub.sdk import codec
from cityhub.sdk.event import Event

_SCHEMA = """
CREATE TABLE IF NOT EXISTS outbox (
    seq INTEGER PRIMARY KEY AUTOINCREMENT, feed TEXT NOT NULL, topic TEXT NOT NULL, event BLOB NOT NULL);
CREATE INDEX IF NOT EXISTS outbox_by_feed ON outbox (feed, seq);
CREATE TABLE IF NOT EXISTS position (
    feed TEXT PRIMARY KEY, origin TEXT NOT NULL, step INTEGER NOT NULL, position BLOB NOT NULL);
CREATE TABLE IF NOT EXISTS memory (
    feed TEXT NOT NULL, key TEXT NOT NULL, body BLOB NOT NULL, PRIMARY KEY (feed, key)) WITHOUT ROWID;
"""
_BUSY_S = 60.0
"""As long another connection may write: a very long answer takes seconds."""
_P = ParamSpec("_P")
_T = TypeVar("_T")
_WAITING = """
SELECT (SELECT count(*) FROM outbox WHERE feed = ?1) + (SELECT count(*) FROM letter WHERE feed = ?1)"""
_record = msgspec.msgpack.Decoder(tuple[None, bytes, list[tuple[str, bytes]]]).decode
_event = msgspec.json.Decoder(Event).decode


class Remembered(Struct, frozen=True):
    """What a feed continues from; empty at its first start or at another origin.

    Attributes:
        step: number of answers committed. `position`: where to read on. `memory`: the mapping's entries by key.
    """

    step: int = 0
    position: bytes = b""
    memory: Mapping[str, bytes] = {}


class Effects(Struct, frozen=True, kw_only=True):
    """What one answer led to.

    Attributes:
        memory: entries to write, None to delete.
        system: event source of the system that answered.
        told_upto: its clock: everything up to then has been told, also that nothing happened. None = it does not say.
        newest_at: of the events, None without one.
        faults: answers beside the one that were unusable, by reason; they count as rejected.
    """

    position: bytes
    events: Sequence[Event]
    memory: Mapping[str, bytes | None]
    system: str
    synthetic: bool
    succeeded_at: datetime
    told_upto: datetime | None
    newest_at: datetime | None = None
    rejects: Sequence[Reject] = ()
    faults: Counter[str] = msgspec.field(default_factory=Counter)
    noted: Counter[str]


class Outbox:
    """The one writer of adapters.db; use as a context manager. Within an event loop its methods are called `aside`.

    Raises:
        StateUnavailable: from every method: the file cannot be used (full disk, permission, damage, second writer).
    """

    def __init__(self, path: Path) -> None:
        self._path = path
        self._lock = threading.RLock()
        self._thread = ThreadPoolExecutor(1, "outbox")
        with self._naming_the_file():
            self._db = sqlite3.connect(path, isolation_level=None, timeout=_BUSY_S, check_same_thread=False)
            try:
                for pragma in ("journal_mode=WAL", "synchronous=FULL"):
                    self._db.execute(f"PRAGMA {pragma}").fetchone()
                self._db.executescript(_SCHEMA + refusal.SCHEMA + status.SCHEMA)
                status.migrate(self._db)
            except sqlite3.Error:
                self._db.close()
                raise

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, value: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._thread.shutdown()
        self._db.close()

    async def aside(self, method: Callable[_P, _T], *args: _P.args, **named: _P.kwargs) -> _T:
        """Call one of the methods, or what calls them, in the outbox's own thread: the event loop goes on meanwhile."""
        return await asyncio.get_running_loop().run_in_executor(self._thread, partial(method, *args, **named))

    def open(self, source: Source, origin: str) -> Remembered:
        """Where a feed stands.

        Args:
            origin: address of the partner's system. Position and memory of another one are forgotten; its events stay.
        """
        with self._transaction() as db:
            db.execute(
                "INSERT INTO feed_status (feed, partner, interval_s) VALUES (?, ?, ?) ON CONFLICT DO NOTHING",
                (source.feed, source.partner, source.interval_s),
            )
            row = db.execute(
                "SELECT step, position FROM position WHERE feed = ? AND origin = ?", (source.feed, origin)
            ).fetchone()
            if row:
                rows = db.execute("SELECT key, body FROM memory WHERE feed = ?", (source.feed,)).fetchall()
                return Remembered(row[0], row[1], dict(rows))
            db.execute("DELETE FROM memory WHERE feed = ?", (source.feed,))
            db.execute("INSERT OR REPLACE INTO position VALUES (?, ?, 0, x'')", (source.feed, origin))
            return Remembered()

    def commit(self, source: Source, step: int, effects: Effects) -> int:
        """Keep what an answer led to, whole or not at all.

        Args:
            step: as `open` or the previous `commit` gave it; another value means that a second process writes here.

        Returns:
            The next `step`.
        """
        feed = source.feed
        topics = {type_: topic_of(type_) for type_ in {event.type for event in effects.events}}
        refused = refusals(source, effects.system, effects.rejects)
        entries = [(feed, topics[event.type], codec.encode(event)) for event in effects.events]
        with self._transaction() as db:
            moved = db.execute(
                "UPDATE position SET step = step + 1, position = ? WHERE feed = ? AND step = ?",
                (effects.position, feed, step),
            )
            if moved.rowcount != 1:
                raise StateUnavailable(f"{self._path}: another process reads the feed {feed}; stop one of them")
            db.executemany("INSERT INTO outbox (feed, topic, event) VALUES (?, ?, ?)", entries)
            changes = effects.memory.items()
            db.executemany(
                "INSERT OR REPLACE INTO memory VALUES (?, ?, ?)",
                [(feed, key, body) for key, body in changes if body is not None],
            )
            db.executemany(
                "DELETE FROM memory WHERE feed = ? AND key = ?", [(feed, key) for key, body in changes if body is None]
            )
            bury(db, feed, refused, effects.succeeded_at.timestamp())
            _succeed(db, feed, effects)
            _move_checkpoint(db, feed)
        return step + 1

    def fail(self, source: Source, fault: FeedFault, at: datetime) -> None:
        """Count and show an unusable answer; the last good data stay."""
        with self._transaction() as db:
            db.execute(
                "UPDATE feed_status SET error = ?, failed_at = ? WHERE feed = ?",
                (str(fault), at.timestamp(), source.feed),
            )
            status.count(db, source.feed, "rejected", Counter([f"answer_{fault.reason}"]))

    def waiting(self, feed: str) -> int:
        """Events and dead letters of a feed that are not acknowledged yet."""
        with self._naming_the_file():
            return int(self._db.execute(_WAITING, (feed,)).fetchone()[0])

    def oldest(self, feed: str, limit: int) -> tuple[int, dict[str, list[Event]]]:
        """The next events to publish by topic, each in order, and the number to acknowledge them with."""
        with self._naming_the_file():
            rows = self._db.execute(
                "SELECT seq, topic, event FROM outbox WHERE feed = ? ORDER BY seq LIMIT ?", (feed, limit)
            ).fetchall()
        found: dict[str, list[Event]] = {}
        for _, topic, body in rows:
            found.setdefault(topic, []).append(_event(body))
        return (rows[-1][0] if rows else 0), found

    def letters(self, feed: str, limit: int) -> tuple[int, list[Outgoing]]:
        """As `oldest`, for what was refused."""
        question = "SELECT seq, record FROM letter WHERE feed = ? ORDER BY seq LIMIT ?"
        with self._naming_the_file():
            rows = self._db.execute(question, (feed, limit)).fetchall()
        return (rows[-1][0] if rows else 0), [_record(body) for _, body in rows]

    def acknowledge(self, feed: str, last: int, last_letter: int = 0) -> None:
        """The broker has everything up to `last`, and the dead letters up to `last_letter`."""
        with self._transaction() as db:
            db.execute("DELETE FROM outbox WHERE feed = ? AND seq <= ?", (feed, last))
            db.execute("DELETE FROM letter WHERE feed = ? AND seq <= ?", (feed, last_letter))
            db.execute("UPDATE feed_status SET delivery_error = '' WHERE feed = ?", (feed,))
            _move_checkpoint(db, feed)

    def not_delivered(self, feed: str, error: str) -> None:
        """Show why the broker did not take the events; they stay."""
        with self._transaction() as db:
            db.execute("UPDATE feed_status SET delivery_error = ? WHERE feed = ?", (error, feed))

    @contextmanager
    def _transaction(self) -> Iterator[sqlite3.Connection]:
        with self._naming_the_file():
            self._db.execute("BEGIN IMMEDIATE")
            try:
                yield self._db
                self._db.execute("COMMIT")
            finally:
                if self._db.in_transaction:
                    self._db.execute("ROLLBACK")

    @contextmanager
    def _naming_the_file(self) -> Iterator[None]:
        try:
            with self._lock:
                yield
        except sqlite3.Error as error:
            raise StateUnavailable(f"{self._path} cannot be used: {error}; check free space and permissions") from error


def _move_checkpoint(db: sqlite3.Connection, feed: str) -> None:
    db.execute(
        "UPDATE feed_status SET checkpoint_at = told_upto "
        "WHERE feed = ?1 AND NOT EXISTS (SELECT 1 FROM outbox WHERE feed = ?1)",
        (feed,),
    )


def _succeed(db: sqlite3.Connection, feed: str, effects: Effects) -> None:
    rejects = effects.rejects
    db.execute(
        "UPDATE feed_status SET source = :source, synthetic = :synthetic, succeeded_at = :at, error = '', "
        "told_upto = coalesce(:told_upto, told_upto), data_at = coalesce(max(data_at, :data_at), :data_at, data_at), "
        "last_reject = coalesce(nullif(:reject, ''), last_reject) WHERE feed = :feed",
        {
            "source": effects.system,
            "synthetic": effects.synthetic,
            "at": effects.succeeded_at.timestamp(),
            "told_upto": _seconds(effects.told_upto),
            "data_at": _seconds(effects.told_upto or effects.newest_at),
            "reject": f"{rejects[-1].path}: {rejects[-1].detail}" if rejects else "",
            "feed": feed,
        },
    )
    status.count(db, feed, "accepted", Counter(event.type for event in effects.events))
    status.count(db, feed, "rejected", effects.faults + Counter(one.reason for one in rejects))
    status.refuse(db, feed, effects.succeeded_at, rejects)
    status.count(db, feed, "noted", effects.noted)


def _seconds(moment: datetime | None) -> float | None:
    return None if moment is None else moment.timestamp()
