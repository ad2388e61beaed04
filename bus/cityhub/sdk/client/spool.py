"""Events kept on disk while the hub, or the way to it, is away.

What `put` has returned for is on the disk and stays there until the hub has answered. A process that is killed loses
nothing; what it had sent without hearing the answer is sent again with the same id, and counts once.
"""

from __future__ import annotations

import secrets
import sqlite3
import threading
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager
from datetime import datetime
from pathlib import Path
from typing import Any, Protocol

import msgspec
from msgspec import Struct

from cityhub.sdk import codec
from cityhub.sdk.client.delivery import MOST_EVENTS, Judge, Parcel, Result, batches
from cityhub.sdk.client.session import now
from cityhub.sdk.errors import SpoolFull, SpoolUnusable, Undelivered
from cityhub.sdk.event import Event

_BUSY_S = 30.0
_SCHEMA = """
CREATE TABLE IF NOT EXISTS spool (one INTEGER PRIMARY KEY CHECK (one = 1), producer TEXT NOT NULL,
  waiting INTEGER NOT NULL DEFAULT 0, refused INTEGER NOT NULL DEFAULT 0, bytes INTEGER NOT NULL DEFAULT 0);
CREATE TABLE IF NOT EXISTS waiting (number INTEGER PRIMARY KEY AUTOINCREMENT, id TEXT NOT NULL, body BLOB NOT NULL);
CREATE TABLE IF NOT EXISTS refused (number INTEGER PRIMARY KEY, body BLOB NOT NULL, result BLOB NOT NULL,
  at TEXT NOT NULL);
CREATE TRIGGER IF NOT EXISTS waits AFTER INSERT ON waiting BEGIN
  UPDATE spool SET waiting = waiting + 1, bytes = bytes + length(new.body); END;
CREATE TRIGGER IF NOT EXISTS waited AFTER DELETE ON waiting BEGIN
  UPDATE spool SET waiting = waiting - 1, bytes = bytes - length(old.body); END;
CREATE TRIGGER IF NOT EXISTS refuses AFTER INSERT ON refused BEGIN
  UPDATE spool SET refused = refused + 1, bytes = bytes + length(new.body); END;
CREATE TRIGGER IF NOT EXISTS forgets AFTER DELETE ON refused BEGIN
  UPDATE spool SET refused = refused - 1, bytes = bytes - length(old.body); END;
"""


class Sender(Protocol):
    """Who brings events to the hub: `http.HttpPublisher`, `kafka.KafkaPublisher`."""

    def send(self, parcels: Sequence[Parcel], producer: str = "") -> list[Result]:
        """A result per parcel, in order. Raises: Undelivered, with the same."""
        ...


class Bounds(Struct, frozen=True, kw_only=True):
    """How much a spool holds, waiting and refused events together."""

    events: int = 1_000_000
    bytes: int = 1024 * 1024 * 1024


class Holding(Struct, frozen=True, kw_only=True):
    """What a spool holds.

    Attributes:
        producer: its name towards the hub, 32 hex digits, made once.
        waiting, refused: events. bytes: of both.
    """

    producer: str
    waiting: int
    refused: int
    bytes: int


class Refused(Struct, frozen=True, kw_only=True):
    """An event that the hub does not take. `at`: when it said so."""

    number: int
    event: msgspec.Raw
    result: Result
    at: datetime


class Drained(Struct, frozen=True):
    """What a drain has brought in, and what was refused."""

    accepted: int
    refused: int


class Spool:
    """A file of events on their way. Threads and processes may share it. Close it, or use it in `with`.

    Every event has a number, 0, 1, 2, … in the order of `put`, that is never given again.

    Args:
        judge: looks at events before they are taken in; `HttpPublisher.judge` says what the hub's door would say.
        wall: now, with time zone.

    Raises:
        SpoolUnusable: the file is no spool, or cannot be opened.
    """

    def __init__(
        self,
        path: Path,
        *,
        judge: Judge = codec.encode,
        bounds: Bounds | None = None,
        wall: Callable[[], datetime] = now,
    ) -> None:
        self._path = path
        self._judge = judge
        self._bounds = bounds or Bounds()
        self._wall = wall
        self._lock = threading.RLock()
        with self._saying():
            path.touch(mode=0o600)
            self._db = sqlite3.connect(path, timeout=_BUSY_S, isolation_level=None, check_same_thread=False)
        try:
            with self._saying():
                self._prepare()
        except SpoolUnusable:
            self._db.close()
            raise

    def put(self, event: Event) -> int:
        """Keep an event; when this returns, it is on the disk. Its number.

        Raises:
            RejectedEvent: the judge does not let it through. SpoolFull: there is no room. Neither was kept.
        """
        return self.put_all([event])[0]

    def put_all(self, events: Iterable[Event]) -> list[int]:
        """Keep all of them or, when it raises, none; quicker than one by one. Raises: as `put`."""
        bodies = [(event.id, self._judge(event)) for event in events]
        with self._changing() as db:
            held = self._holding()
            count, size = held.waiting + held.refused + len(bodies), held.bytes + sum(len(body) for _, body in bodies)
            if count > self._bounds.events or size > self._bounds.bytes:
                raise SpoolFull(self._full(held))
            return [self._insert(db, id_, body) for id_, body in bodies]

    def drain(self, sender: Sender) -> Drained:
        """Send what waits now, in order. What is answered leaves the spool; what is refused goes to `refused`.

        Raises:
            Undelivered: the hub did not answer all of it; the rest stays.
        """
        last = self._last()
        done = Drained(0, 0)
        while parcels := self._first(last):
            try:
                results = sender.send(parcels, self.holding().producer)
            except Undelivered as error:
                self._settle(parcels, error.results)
                raise
            some = self._settle(parcels, results)
            done = Drained(done.accepted + some.accepted, done.refused + some.refused)
        return done

    def holding(self) -> Holding:
        """What it holds."""
        with self._lock, self._saying():
            return self._holding()

    def refused(self) -> Iterator[Refused]:
        """What the hub refused, in order."""
        last = 0
        while True:
            with self._lock, self._saying():
                sql = "SELECT number, body, result, at FROM refused WHERE number > ? ORDER BY number LIMIT 100"
                rows = self._db.execute(sql, (last,)).fetchall()
            if not rows:
                return
            for last, body, result, at in rows:
                yield Refused(
                    number=last - 1,
                    event=msgspec.Raw(body),
                    result=msgspec.json.decode(result, type=Result),
                    at=datetime.fromisoformat(at),
                )

    def forget(self, numbers: Iterable[int]) -> None:
        """Drop refused events that were seen to."""
        with self._changing() as db:
            db.executemany("DELETE FROM refused WHERE number = ?", [(number + 1,) for number in numbers])

    def close(self) -> None:
        """Close the file."""
        with self._lock:
            self._db.close()

    def __enter__(self) -> Spool:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def _prepare(self) -> None:
        self._db.execute("PRAGMA journal_mode = WAL")
        self._db.execute("PRAGMA synchronous = FULL")  # of WAL: on the disk before a commit returns
        self._db.executescript(f"BEGIN IMMEDIATE; {_SCHEMA} COMMIT;")
        self._db.execute("INSERT OR IGNORE INTO spool (one, producer) VALUES (1, ?)", (secrets.token_hex(16),))

    def _insert(self, db: sqlite3.Connection, id_: str, body: bytes) -> int:
        return int(db.execute("INSERT INTO waiting (id, body) VALUES (?, ?)", (id_, body)).lastrowid or 0) - 1

    def _last(self) -> int:
        with self._lock, self._saying():
            return int(self._db.execute("SELECT coalesce(max(number), 0) FROM waiting").fetchone()[0])

    def _first(self, last: int) -> list[Parcel]:
        """As many as one request takes."""
        with self._lock, self._saying():
            sql = "SELECT number, id, body FROM waiting WHERE number <= ? ORDER BY number LIMIT ?"
            rows = self._db.execute(sql, (last, MOST_EVENTS))
            return next(batches(Parcel(id_, body, number - 1) for number, id_, body in rows), [])

    def _settle(self, parcels: Sequence[Parcel], results: Sequence[Result]) -> Drained:
        pairs = [(parcel, one) for parcel, one in zip(parcels, results, strict=True) if one.status != "unknown"]
        bad = [(parcel, result) for parcel, result in pairs if result.status == "rejected"]
        at = self._wall().isoformat()
        with self._changing() as db:
            rows = [(parcel.number + 1, parcel.body, msgspec.json.encode(result), at) for parcel, result in bad]
            db.executemany("INSERT OR IGNORE INTO refused VALUES (?, ?, ?, ?)", rows)
            db.executemany("DELETE FROM waiting WHERE number = ?", [(parcel.number + 1,) for parcel, _ in pairs])
        return Drained(len(pairs) - len(bad), len(bad))

    def _holding(self) -> Holding:
        row = self._db.execute("SELECT producer, waiting, refused, bytes FROM spool").fetchone()
        return Holding(producer=row[0], waiting=row[1], refused=row[2], bytes=row[3])

    def _full(self, held: Holding) -> str:
        return (
            f"the spool {self._path} is full: {held.waiting} events wait, {held.refused} were refused, {held.bytes} "
            f"bytes; it takes {self._bounds.events} events, {self._bounds.bytes} bytes. Drain it, see to what was "
            "refused, or give it wider bounds"
        )

    @contextmanager
    def _changing(self) -> Iterator[sqlite3.Connection]:
        """One transaction; on the disk when it ends."""
        with self._lock, self._saying():
            self._db.execute("BEGIN IMMEDIATE")
            try:
                yield self._db
                self._db.execute("COMMIT")
            except BaseException:
                if self._db.in_transaction:
                    self._db.execute("ROLLBACK")
                raise

    @contextmanager
    def _saying(self) -> Iterator[None]:
        try:
            yield
        except sqlite3.Error as error:
            if getattr(error, "sqlite_errorcode", None) == sqlite3.SQLITE_FULL:
                raise SpoolFull(f"the disk of the spool {self._path} is full: {error}; make room there") from error
            raise SpoolUnusable(f"the spool {self._path}: {error}; {_remedy(error)}") from error
        except OSError as error:
            raise SpoolUnusable(f"the spool {self._path}: {error}; name a file that may be written") from error


def _remedy(error: Any) -> str:
    code = getattr(error, "sqlite_errorcode", 0) & 0xFF
    if code in {sqlite3.SQLITE_NOTADB, sqlite3.SQLITE_CORRUPT}:
        return "it is no spool or is damaged: keep the file, and begin with another"
    return "look at rights, disk and who else uses it"
