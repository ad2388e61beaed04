"""The publisher: one fenced process that turns changed buckets into published values and relays dead letters."""

from __future__ import annotations

import asyncio
import sqlite3
import time
from collections.abc import Sequence
from pathlib import Path
from uuid import uuid4

import msgspec
from structlog import get_logger

from cityhub.bus.access import KafkaAccess
from cityhub.bus.errors import BusError
from cityhub.bus.publisher import RecordPublisher
from cityhub.bus.topics import VALUES, dead_letters
from cityhub.kpi.definition import Catalogue
from cityhub.kpi.errors import StoreUnavailable
from cityhub.kpi.store.database import Database
from cityhub.kpi.store.lease import Lease
from cityhub.kpi.store.values import DeadLetter, Unpublished, ValueStore, WindowKey
from cityhub.kpi.worker import JOB

log = get_logger()

PASS_EVERY_S = 1.0
"""A window is pushed at most this often; the first change after a pause goes out at once."""
SETTLE_EVERY_S = 5.0
"""How often windows are looked at that may have settled without a new event."""
_POLL_S = 0.05
_RETRY_S = 1.0
_WORK = "select exists (select 1 from dirty) or exists (select 1 from verdict where payload is not null)"


class KpiPublisher:
    """Runs passes of `ValueStore` and writes their outcome to Kafka.

    Args:
        store_path: the store's file, watched for commits of other processes.
        lease: only its holder publishes.
    """

    def __init__(self, values: ValueStore, lease: Lease, records: RecordPublisher, store_path: Path) -> None:
        self._values = values
        self._lease = lease
        self._records = records
        self._store_path = store_path

    async def run(self, stop: asyncio.Event) -> None:
        """Publish until `stop` is set; trouble with store or broker is retried in place."""
        holder = uuid4().hex
        watch = CommitWatch(self._store_path)
        last = 0.0
        while not stop.is_set():
            now = time.monotonic()
            due = now - last >= SETTLE_EVERY_S or (now - last >= PASS_EVERY_S and watch.has_work())
            if due and self._holds(holder):
                last = now
                await self._pass()
            await asyncio.sleep(_POLL_S)
        watch.close()
        self._lease.release(holder)

    def _holds(self, holder: str) -> bool:
        try:
            return self._lease.acquire(holder, int(time.time() * 1000))
        except StoreUnavailable as error:
            log.warning("store_unavailable", error=str(error))
            return False

    async def _pass(self) -> None:
        try:
            self._values.refresh()
            while values := self._values.unpublished():
                await self._records.send(VALUES, [_value_record(value) for value in values])
                self._values.mark_published(values)
            while letters := self._values.dead_letters():
                await self._relay(letters)
                self._values.mark_relayed(letters)
        except (StoreUnavailable, BusError) as error:
            log.warning("publishing_deferred", error=str(error), retry_s=_RETRY_S)
            await asyncio.sleep(_RETRY_S)

    async def _relay(self, letters: Sequence[DeadLetter]) -> None:
        by_topic: dict[str, list[tuple[bytes | None, bytes, list[tuple[str, bytes]]]]] = {}
        for letter in letters:
            topic = dead_letters(letter.topic.split(".")[2]).name
            by_topic.setdefault(topic, []).append((None, letter.payload, _dead_letter_headers(letter)))
        for topic, records in by_topic.items():
            await self._records.send(topic, records)


async def serve(access: KafkaAccess, store: Path, stop: asyncio.Event, *, catalogue: Catalogue, job: str = JOB) -> None:
    """Run the publisher over the store's file until `stop` is set.

    Raises:
        BusError: the broker cannot be reached at the start.
    """
    database = Database(store)
    try:
        async with RecordPublisher(access, client_id="cityhub-publisher") as records:
            values = ValueStore(database, catalogue, job)
            await KpiPublisher(values, Lease(database, "publisher"), records, store).run(stop)
    finally:
        database.close()


class CommitWatch:
    """Notices work that other processes committed, without taking any lock."""

    def __init__(self, path: Path) -> None:
        self._connection = sqlite3.connect(f"{path.absolute().as_uri()}?mode=ro", uri=True, isolation_level=None)
        self._version = -1

    def has_work(self) -> bool:
        """Whether a commit since the last "no" left buckets to publish or dead letters to relay."""
        (version,) = self._connection.execute("pragma data_version").fetchone()
        if version == self._version:
            return False
        (work,) = self._connection.execute(_WORK).fetchone()
        if not work:
            self._version = int(version)
        return bool(work)

    def close(self) -> None:
        self._connection.close()


def value_key(key: WindowKey) -> bytes:
    """Key of a value in the topic: kpi, dimensions, scope, window, start."""
    return msgspec.json.encode([key.kpi, key.dims, key.scope, key.window.value, key.start])


def _value_record(value: Unpublished) -> tuple[bytes, bytes, list[tuple[str, bytes]]]:
    headers = [("content-type", b"application/json"), ("revision", str(value.revision).encode())]
    return value_key(value.key), value.payload, headers


def _dead_letter_headers(letter: DeadLetter) -> list[tuple[str, bytes]]:
    return [
        ("dlq_reason", letter.reason.encode()),
        ("dlq_error", letter.detail.encode()),
        ("dlq_consumer", b"cityhub-kpi"),
        ("dlq_topic", letter.topic.encode()),
        ("dlq_partition", str(letter.part).encode()),
        ("dlq_offset", str(letter.off).encode()),
    ]
