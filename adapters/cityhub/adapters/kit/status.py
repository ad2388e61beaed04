"""How each feed is doing: rows of adapters.db, written with every step."""

from __future__ import annotations

import sqlite3
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from contextlib import closing, contextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Literal, TypeAlias

from msgspec import Struct

from cityhub.adapters.errors import StateUnavailable
from cityhub.adapters.kit.reject import Reject

Kind: TypeAlias = Literal["accepted", "rejected", "noted"]
"""accepted: events by type; rejected: items and answers by reason; noted: everything else that is counted."""

State: TypeAlias = Literal["good", "late", "failing", "silent", "undelivered", "unseen"]
"""unseen: nobody has looked at the adapters' database lately, as their machine is away. undelivered: Kafka does not
take the events. failing: the last answer was unusable. silent: none was usable yet. late: the newest data are older
than they should be."""
MISSED_DELIVERIES = 3
"""One or two late answers are a network's life; from the third missing one the data are called late."""

SCHEMA = """
CREATE TABLE IF NOT EXISTS feed_status (
    feed TEXT PRIMARY KEY, partner TEXT NOT NULL, source TEXT NOT NULL DEFAULT '', synthetic INTEGER NOT NULL DEFAULT 0,
    interval_s INTEGER NOT NULL, succeeded_at REAL, data_at REAL, checkpoint_at REAL, failed_at REAL, told_upto REAL,
    error TEXT NOT NULL DEFAULT '', delivery_error TEXT NOT NULL DEFAULT '', last_reject TEXT NOT NULL DEFAULT '');
CREATE TABLE IF NOT EXISTS feed_count (
    feed TEXT NOT NULL, kind TEXT NOT NULL, reason TEXT NOT NULL, n INTEGER NOT NULL,
    PRIMARY KEY (feed, kind, reason)) WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS feed_reject (
    seq INTEGER PRIMARY KEY AUTOINCREMENT, feed TEXT NOT NULL, at REAL NOT NULL,
    reason TEXT NOT NULL, path TEXT NOT NULL, detail TEXT NOT NULL);
CREATE INDEX IF NOT EXISTS feed_reject_by_feed ON feed_reject (feed, seq);
"""
REJECTS_KEPT = 100
"""Of each feed, the newest."""
UNSEEN_S = 30.0
"""Longer than a start of the process that looks."""
_LONGEST_TEXT = 500


class FeedStatus(Struct, frozen=True, kw_only=True):
    """One feed as it stands.

    Attributes:
        source: event source of the system that answered last, empty before the first answer.
        synthetic: that system is a simulation.
        interval_s: how often the partner is expected to report.
        succeeded_at: last usable answer.
        data_at: the partner's clock in it, else that of the newest event; the data are as old as that.
        checkpoint_at: everything up to that instant of the partner's clock is in Kafka; None where the partner does not
            say that nothing happened.
        error: why the last answer was unusable, empty when it was usable; `failed_at` is when that happened last.
        delivery_error: why Kafka did not take the events, empty when it did.
        waiting: events that Kafka has not acknowledged yet.
        accepted, rejected, noted: counts since the database was made, see `Kind`.
        last_reject: the newest refused item: path and rule.
        seen_at: when adapters.db said so; None = it was read just now.
    """

    feed: str
    partner: str
    source: str
    synthetic: bool
    interval_s: int
    succeeded_at: datetime | None
    data_at: datetime | None
    checkpoint_at: datetime | None
    failed_at: datetime | None
    error: str
    delivery_error: str
    last_reject: str
    waiting: int
    accepted: Mapping[str, int]
    rejected: Mapping[str, int]
    noted: Mapping[str, int]
    seen_at: datetime | None = None

    def state(self, now: datetime) -> State:
        """How the feed is doing; the first that fits, from bad to good."""
        if self.unseen_since(now):
            return "unseen"
        if self.delivery_error:
            return "undelivered"
        if self.error:
            return "failing"
        age_s = self.age_s(now)
        if age_s is None:
            return "silent"
        return "late" if age_s > MISSED_DELIVERIES * self.interval_s else "good"

    def age_s(self, now: datetime) -> float | None:
        """Age of the newest data in seconds, None before the first answer."""
        return None if self.data_at is None else max(0.0, (now - self.data_at).total_seconds())

    def unseen_since(self, now: datetime) -> datetime | None:
        """Since when nothing is heard of its adapter, for other reasons than the partner's; None = it is heard of."""
        unseen = self.seen_at is not None and now - self.seen_at > timedelta(seconds=UNSEEN_S)
        return self.seen_at if unseen else None


class Refused(Struct, frozen=True):
    """An item that was refused. Attributes: at: when. The others as of `reject.Reject`."""

    feed: str
    at: datetime
    reason: str
    path: str
    detail: str


class AdapterStatusReader:
    """Reads adapters.db, never writes; every call sees the newest committed state.

    Args:
        path: adapters.db; it need not exist yet.
    """

    def __init__(self, path: Path) -> None:
        self._path = path

    def all(self) -> Sequence[FeedStatus]:
        """Every feed, by name; empty before the adapters' first start.

        Raises:
            StateUnavailable: the file is there but cannot be read.
        """
        with self._reading("feed_status") as db:
            if db is None:
                return ()
            counts = _counts(db)
            waiting = dict(db.execute("SELECT feed, count(*) FROM outbox GROUP BY feed").fetchall())
            rows = db.execute("SELECT * FROM feed_status ORDER BY feed").fetchall()
        return [_status(row, waiting.get(row["feed"], 0), counts) for row in rows]

    def refused(self, feed: str = "") -> Sequence[Refused]:
        """What was refused lately, newest first; of all feeds without one. At most `REJECTS_KEPT` of each.

        Raises:
            StateUnavailable: the file is there but cannot be read.
        """
        with self._reading("feed_reject") as db:
            if db is None:
                return ()
            question = "SELECT feed, at, reason, path, detail FROM feed_reject WHERE ?1 IN (feed, '') ORDER BY seq DESC"
            rows = db.execute(question, (feed,)).fetchall()
        return [Refused(name, datetime.fromtimestamp(at, UTC), *said) for name, at, *said in rows]

    def remembered(self, feed: str) -> Mapping[str, bytes]:
        """What the mapping of a feed remembers, by key; empty before its first answer.

        Raises:
            StateUnavailable: the file is there but cannot be read.
        """
        with self._reading("memory") as db:
            if db is None:
                return {}
            rows = db.execute("SELECT key, body FROM memory WHERE feed = ?", (feed,)).fetchall()
        return dict(rows)

    @contextmanager
    def _reading(self, table: str) -> Iterator[sqlite3.Connection | None]:
        """One state of the file; None while it, or a table of it, is not there yet."""
        if not self._path.exists():
            yield None
            return
        try:
            with closing(sqlite3.connect(f"{self._path.resolve().as_uri()}?mode=ro", uri=True)) as db:
                db.row_factory = sqlite3.Row
                db.execute("BEGIN")
                there = db.execute("SELECT 1 FROM sqlite_master WHERE name = ?", (table,)).fetchone()
                yield db if there else None
        except sqlite3.Error as error:
            raise StateUnavailable(f"{self._path} cannot be read: {error}") from error


def count(db: sqlite3.Connection, feed: str, kind: Kind, counts: Counter[str]) -> None:
    """Add to the counts, inside the caller's transaction."""
    db.executemany(
        "INSERT INTO feed_count VALUES (?, ?, ?, ?) ON CONFLICT DO UPDATE SET n = n + excluded.n",
        [(feed, kind, reason, n) for reason, n in counts.items()],
    )


def migrate(db: sqlite3.Connection) -> None:
    """Bring a file of an earlier release up to date."""
    if "told_upto" not in {row[1] for row in db.execute("PRAGMA table_info(feed_status)")}:
        db.execute("ALTER TABLE feed_status ADD COLUMN told_upto REAL")


def refuse(db: sqlite3.Connection, feed: str, at: datetime, rejects: Sequence[Reject]) -> None:
    """Remember the newest refused items, inside the caller's transaction."""
    if not rejects:
        return
    rows = [
        (feed, at.timestamp(), one.reason, one.path[:_LONGEST_TEXT], one.detail[:_LONGEST_TEXT])
        for one in rejects[-REJECTS_KEPT:]
    ]
    db.executemany("INSERT INTO feed_reject (feed, at, reason, path, detail) VALUES (?, ?, ?, ?, ?)", rows)
    newest = "SELECT seq FROM feed_reject WHERE feed = ?1 ORDER BY seq DESC LIMIT ?2"
    db.execute(f"DELETE FROM feed_reject WHERE feed = ?1 AND seq NOT IN ({newest})", (feed, REJECTS_KEPT))  # noqa: S608


def _counts(db: sqlite3.Connection) -> dict[tuple[str, str], dict[str, int]]:
    counts: dict[tuple[str, str], dict[str, int]] = {}
    for feed, kind, reason, n in db.execute("SELECT feed, kind, reason, n FROM feed_count"):
        counts.setdefault((feed, kind), {})[reason] = n
    return counts


def _status(row: sqlite3.Row, waiting: int, counts: Mapping[tuple[str, str], dict[str, int]]) -> FeedStatus:
    feed = row["feed"]
    return FeedStatus(
        feed=feed,
        partner=row["partner"],
        source=row["source"],
        synthetic=bool(row["synthetic"]),
        interval_s=row["interval_s"],
        succeeded_at=_moment(row["succeeded_at"]),
        data_at=_moment(row["data_at"]),
        checkpoint_at=_moment(row["checkpoint_at"]),
        failed_at=_moment(row["failed_at"]),
        error=row["error"],
        delivery_error=row["delivery_error"],
        last_reject=row["last_reject"],
        waiting=waiting,
        accepted=counts.get((feed, "accepted"), {}),
        rejected=counts.get((feed, "rejected"), {}),
        noted=counts.get((feed, "noted"), {}),
    )


def _moment(seconds: float | None) -> datetime | None:
    return None if seconds is None else datetime.fromtimestamp(seconds, UTC)
