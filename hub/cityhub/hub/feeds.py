"""How feeds stand, copied from the adapters' database into the store, where every web process reads it.

The adapters' database lies on the adapters' machine; the bookkeeper is beside it and copies what has changed.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping, Sequence
from datetime import UTC, datetime
from pathlib import Path

import msgspec
from msgspec.structs import replace
from sqlalchemy import Connection, Table, delete, select, tuple_

from cityhub.adapters.errors import StateUnavailable
from cityhub.adapters.kit.status import AdapterStatusReader, FeedStatus
from cityhub.kpi.errors import StoreUnavailable
from cityhub.kpi.store.database import Database, ReadableStore
from cityhub.kpi.store.dialect import upsert
from cityhub.kpi.store.schema import meta
from cityhub.kpi.store.shared_tables import feed_memory, feed_status

LOOK_S = 2.0
"""Pause between two looks: as old is what a screen shows, and a little more."""
_SEEN = "feeds_seen_s"
_AT_ONCE = 500
"""Keys of one statement."""
_decode = msgspec.json.Decoder(FeedStatus).decode


class FeedCopy:
    """Keeps the copy up to date; the only one who writes it.

    Args:
        database: the store. remembering: feeds whose memory is copied, too: those that people hand in tables for.
        clock: now, with time zone.
    """

    def __init__(
        self,
        adapters: AdapterStatusReader,
        database: Database,
        remembering: Collection[str],
        clock: Callable[[], datetime],
    ) -> None:
        self._adapters = adapters
        self._database = database
        self._remembering = remembering
        self._clock = clock
        self._copied: dict[str, FeedStatus] = {}
        self._memory: dict[str, Mapping[str, bytes]] = {}

    def look(self) -> None:
        """Copy what has changed since the last look; without an adapters' database there is nothing to say.

        Raises:
            StateUnavailable: adapters.db cannot be read. StoreUnavailable: nothing was written; all is copied anew.
        """
        now, there = self._clock(), {one.feed: one for one in self._adapters.all()}
        if not there:
            return
        changed = [one for one in there.values() if self._copied.get(one.feed) != one]
        memory = {one.feed: self._adapters.remembered(one.feed) for one in changed if one.feed in self._remembering}
        copied, self._copied = self._copied, {}
        with self._database.begin() as connection:
            if not copied:
                connection.execute(delete(feed_status).where(feed_status.c.feed.not_in(there)))
            _put(connection, feed_status, [{"feed": one.feed, "payload": msgspec.json.encode(one)} for one in changed])
            for feed, held in memory.items():
                self._remember(connection, feed, held)
            _put(connection, meta, [{"key": _SEEN, "value": str(now.timestamp())}])
        self._copied = there
        self._memory |= memory

    def _remember(self, connection: Connection, feed: str, held: Mapping[str, bytes]) -> None:
        row, former = feed_memory.c, self._memory.pop(feed, None)
        if former is None:
            former = {}
            connection.execute(delete(feed_memory).where(row.feed == feed))
        gone = [key for key in former if key not in held]
        for at in range(0, len(gone), _AT_ONCE):
            keys = [(feed, key) for key in gone[at : at + _AT_ONCE]]
            connection.execute(delete(feed_memory).where(tuple_(row.feed, row.key).in_(keys)))
        new = [{"feed": feed, "key": key, "body": body} for key, body in held.items() if former.get(key) != body]
        _put(connection, feed_memory, new)


class StoredFeeds:
    """Reads the copy.

    Args:
        where: the store. It need not be there yet.
    """

    def __init__(self, where: str | Path) -> None:
        self._store = ReadableStore(where)

    def all(self) -> Sequence[FeedStatus]:
        """Every feed, by name, with the time when the adapters' database was looked at last.

        Raises:
            StoreUnavailable: the store cannot be read.
        """
        if (database := self._store.database()) is None:
            return ()
        with database.snapshot() as connection:
            seen = connection.scalar(select(meta.c.value).where(meta.c.key == _SEEN))
            rows = connection.scalars(select(feed_status.c.payload).order_by(feed_status.c.feed)).all()
        seen_at = None if seen is None else datetime.fromtimestamp(float(seen), UTC)
        return [replace(_decode(bytes(payload)), seen_at=seen_at) for payload in rows]

    def remembered(self, feed: str) -> Mapping[str, bytes]:
        """What the mapping of a feed that sends tables remembers, by key; empty before its first answer.

        Raises:
            StateUnavailable: the store cannot be read.
        """
        row = feed_memory.c
        try:
            if (database := self._store.database()) is None:
                return {}
            with database.snapshot() as connection:
                found = connection.execute(select(row.key, row.body).where(row.feed == feed))
                return {key: bytes(body) for key, body in found}
        except StoreUnavailable as error:
            raise StateUnavailable(f"what {feed} remembers cannot be read: {error}") from error


def _put(connection: Connection, table: Table, rows: Sequence[Mapping[str, object]]) -> None:
    """Insert rows, or replace those that are there."""
    if rows:
        keys = [column.name for column in table.primary_key]
        statement = upsert(connection, table)
        values = {column.name: statement.excluded[column.name] for column in table.c if column.name not in keys}
        connection.execute(statement.on_conflict_do_update(index_elements=keys, set_=values), list(rows))
