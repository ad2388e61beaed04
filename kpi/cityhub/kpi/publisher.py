"""The publisher: one fenced process that turns changed buckets into published values and relays dead letters."""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncIterator, Callable, Iterable, Sequence
from pathlib import Path
from typing import Protocol

import msgspec
from structlog import get_logger

from cityhub.bus import metrics, trace_context
from cityhub.bus.access import KafkaAccess
from cityhub.bus.errors import BusError
from cityhub.bus.publisher import RecordPublisher
from cityhub.bus.topics import VALUES, dead_letters
from cityhub.bus.vitals import PUBLISHING, Vitals
from cityhub.bus.whole_topic import TopicRecord, WholeTopic
from cityhub.kpi.commit_watch import Watch, watch_of
from cityhub.kpi.definition import Catalogue
from cityhub.kpi.errors import StoreUnavailable
from cityhub.kpi.kernel.plan import Plan
from cityhub.kpi.store.clocks import JOB
from cityhub.kpi.store.database import Database
from cityhub.kpi.store.decisions import Choice
from cityhub.kpi.store.latency import Newest
from cityhub.kpi.store.lease import Lease
from cityhub.kpi.store.outbox import DeadLetter, Outbox, Unpublished, ValueKey
from cityhub.kpi.store.publishing import ChoosePlans, Publishing
from cityhub.kpi.store.tenure import LeaseLost, Tenure

log = get_logger()

PASS_EVERY_S = 1.0
"""A window is pushed at most this often; the first change after a pause goes out at once."""
SETTLE_EVERY_S = 5.0
"""How often windows are looked at that may have settled or begun without a new event."""
_POLL_S = 0.05
_RETRY_S = 1.0
_TRACES = 20
"""In a log line."""

Record = tuple[bytes | None, bytes, list[tuple[str, bytes]]]
"""Key, value, headers."""
ReadTopic = Callable[[], AsyncIterator[TopicRecord]]
"""Everything the value topic holds."""


class Sink(Protocol):
    """Where records go; `cityhub.bus.publisher.RecordPublisher` is the real one."""

    async def send(self, topic: str, records: Sequence[Record]) -> object: ...


class KpiPublisher:
    """Runs passes of `Publishing` and writes their outcome to Kafka.

    Args:
        tenure: only its holder publishes.
        read_topic: read once whenever this process has become the publisher.
        newest: what the values of a round know of. vitals: told how rounds go, as `PUBLISHING`.
    """

    def __init__(
        self,
        publishing: Publishing,
        outbox: Outbox,
        tenure: Tenure,
        records: Sink,
        *,
        read_topic: ReadTopic,
        newest: Newest,
        vitals: Vitals,
    ) -> None:
        self._publishing = publishing
        self._outbox = outbox
        self._tenure = tenure
        self._records = records
        self._read_topic = read_topic
        self._newest = newest
        self._vitals = vitals
        self._begin(0)

    def _begin(self, epoch: int) -> None:
        """Know nothing: of an earlier tenure, all that is known is worthless."""
        self._epoch = epoch
        self._incarnation = ""
        self._passes = self._changed = 0
        self._publishing.forget()

    async def run(self, stop: asyncio.Event, watch: Watch) -> None:
        """Publish until `stop` is set; trouble with store or broker is retried in place."""
        last = 0.0
        while not stop.is_set():
            now = time.monotonic()
            due = now - last >= SETTLE_EVERY_S or (now - last >= PASS_EVERY_S and watch.has_work())
            if due:
                last = now
                await self.attempt()
            await asyncio.sleep(_POLL_S)
        self._tenure.release()

    async def attempt(self) -> None:
        """One round, if this process holds the lease; trouble is logged, and the next round begins where this ended."""
        try:
            if not self._keep():
                self._vitals.well(PUBLISHING)
                return
            if not self._incarnation:
                await self.sweep()
            await self._round()
        except LeaseLost as error:
            self._begin(0)
            log.warning("publisher_superseded", error=str(error))
        except (StoreUnavailable, BusError) as error:
            self._vitals.unwell(PUBLISHING, str(error))
            log.warning("publishing_deferred", error=str(error), retry_s=_RETRY_S)
            await asyncio.sleep(_RETRY_S)

    def _keep(self) -> bool:
        """Whether this process has the lease."""
        kept = self._tenure.keep(_monotonic_ms(), _now_ms())
        if self._tenure.epoch != self._epoch:
            self._begin(self._tenure.epoch)
        return kept

    async def sweep(self) -> int:
        """Owe everything again that the value topic holds older than the store, or not at all.

        Returns:
            How many values are owed again.
        """
        incarnation = self._outbox.incarnation(_now_ms())
        held: dict[ValueKey, int] = {}
        async for record in self._read_topic():
            if record.headers.get("incarnation", b"").decode() == incarnation and record.key is not None:
                key = parse_key(record.key)
                held[key] = max(held.get(key, 0), int(record.headers["revision"]))
        owed = self._outbox.republish(held)
        self._incarnation = incarnation
        log.info("value_topic_swept", held=len(held), owed_again=owed)
        return owed

    async def _round(self) -> None:
        while True:
            self._newest.look()
            with metrics.PASS_SECONDS.time():
                changed = self._publishing.refresh(_now_ms())
            while values := self._outbox.unpublished():
                await self._records.send(VALUES, [value_record(value, self._incarnation) for value in values])
                self._outbox.mark_published(values)
                metrics.VALUES.inc(len(values))
            self._tell(changed)
            self._vitals.well(PUBLISHING)
            if not self._publishing.behind:
                self._newest.published(_now_ms())
                break
            if not self._keep() or not self._incarnation:
                raise LeaseLost("another process took the lease while a backlog was worked off")
        while letters := self._outbox.dead_letters():
            await self._relay(letters)
            self._outbox.mark_relayed(letters)

    def _tell(self, changed: int) -> None:
        """Log when a backlog begins and when it is worked off, with the values that changed and the passes it took."""
        behind = self._publishing.behind
        if not behind and not self._passes:
            return
        self._passes, self._changed = self._passes + 1, self._changed + changed
        if self._passes == 1:
            log.info("publisher_behind", changed=changed)
        if not behind:
            log.info("publisher_caught_up", changed=self._changed, passes=self._passes)
            self._passes = self._changed = 0

    async def _relay(self, letters: Sequence[DeadLetter]) -> None:
        by_topic: dict[str, list[Record]] = {}
        for letter in letters:
            topic = dead_letters(letter.topic.split(".")[2]).name
            by_topic.setdefault(topic, []).append((None, letter.payload, _dead_letter_headers(letter)))
        for topic, records in by_topic.items():
            await self._records.send(topic, records)
        for letter in letters:
            metrics.DEAD_LETTERS.labels(letter.topic.split(".")[2], "engine", letter.reason).inc()
        traces = [trace_context.trace_id(letter.trace) for letter in letters[:_TRACES] if letter.trace]
        log.info("dead_letters_relayed", letters=len(letters), traces=traces)


async def serve(
    access: KafkaAccess,
    store: str | Path,
    stop: asyncio.Event,
    *,
    catalogue: Catalogue,
    job: str = JOB,
    vitals: Vitals | None = None,
) -> None:
    """Run the publisher over the store until `stop` is set.

    Args:
        store: file of an SQLite store, or URL of a PostgreSQL database. vitals: see `KpiPublisher`.

    Raises:
        BusError: the broker cannot be reached at the start.
        StoreUnavailable: the store cannot be opened.
    """
    database, vitals = Database(store), vitals or Vitals()
    watch = watch_of(database)
    whole = WholeTopic(access, VALUES, client_id="cityhub-publisher-sweep").records
    try:
        async with RecordPublisher(access, client_id="cityhub-publisher") as records:
            one = publisher(database, Choice(catalogue).plans, job, records, whole, vitals=vitals)
            vitals.begin()
            await one.run(stop, watch)
    finally:
        watch.close()
        database.close()


def publisher(
    database: Database,
    plans: Iterable[Plan] | ChoosePlans,
    job: str,
    records: Sink,
    read_topic: ReadTopic,
    *,
    vitals: Vitals | None = None,
) -> KpiPublisher:
    """A publisher over an open store; `plans` as of `Publishing`."""
    tenure = Tenure(Lease(database, "publisher"))
    publishing = Publishing(database, plans, job, tenure.check)
    return KpiPublisher(
        publishing,
        Outbox(database, tenure.check),
        tenure,
        records,
        read_topic=read_topic,
        newest=Newest(database, job),
        vitals=vitals or Vitals(),
    )


def value_key(key: ValueKey) -> bytes:
    """Key of a value in the topic: KPI, definition's version, dimensions, scope, window, start of its last step."""
    return msgspec.json.encode([key.kpi, key.version, key.dims, key.scope, key.window, key.anchor])


def parse_key(key: bytes) -> ValueKey:
    """Inverse of `value_key`."""
    kpi, version, dims, scope, window, anchor = msgspec.json.decode(key, type=tuple[str, int, str, str, str, int])
    return ValueKey(kpi, window, anchor, scope, dims, version)


def value_record(value: Unpublished, incarnation: str) -> Record:
    """A value as the topic gets it; of two with the same key the one with the greater (incarnation, revision) holds."""
    headers = [
        ("content-type", b"application/json"),
        ("incarnation", incarnation.encode()),
        ("revision", str(value.revision).encode()),
    ]
    return value_key(value.key), value.payload, headers


def _dead_letter_headers(letter: DeadLetter) -> list[tuple[str, bytes]]:
    return [
        ("dlq_reason", letter.reason.encode()),
        ("dlq_error", letter.detail.encode()),
        ("dlq_consumer", b"cityhub-kpi"),
        ("dlq_topic", letter.topic.encode()),
        ("dlq_partition", str(letter.part).encode()),
        ("dlq_offset", str(letter.off).encode()),
        *trace_context.as_header(letter.trace),
    ]


def _monotonic_ms() -> int:
    return int(time.monotonic() * 1000)


def _now_ms() -> int:
    return int(time.time() * 1000)
