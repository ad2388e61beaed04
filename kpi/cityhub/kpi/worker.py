"""The KPI worker: Faust feeds partition batches into the store, one transaction each."""

from __future__ import annotations

import asyncio
import gc
import time
from collections.abc import AsyncIterator, Callable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import asynccontextmanager, suppress
from functools import partial
from itertools import count
from pathlib import Path
from typing import Any, TypeVar

from structlog import get_logger

from cityhub.bus import metrics
from cityhub.bus.access import KafkaAccess
from cityhub.bus.batch_consumer import BatchApp, batch_app
from cityhub.bus.broker_clock import BrokerClock
from cityhub.bus.errors import BusUnavailable, LogBroken
from cityhub.bus.log_proof import records_at, topic_states
from cityhub.bus.log_reader import LogReader
from cityhub.bus.vitals import COUNTING, Vitals
from cityhub.kpi.activation import Activations, OpenSource
from cityhub.kpi.definition import Catalogue
from cityhub.kpi.errors import StoreUnavailable, VersionMissing
from cityhub.kpi.kernel.record import LogRecord
from cityhub.kpi.store import decisions
from cityhub.kpi.store.backfill import Audit
from cityhub.kpi.store.clocks import JOB
from cityhub.kpi.store.cursors import Position, record_hash
from cityhub.kpi.store.database import Database
from cityhub.kpi.store.decisions import Choice
from cityhub.kpi.store.writer import GapInLog, KpiWriter, OtherLog
from cityhub.kpi.watch import Watch

log = get_logger()
Answer = TypeVar("Answer")

_RETRY_S = (0.1, 0.5, 1.0, 2.0, 5.0)
_LEAVE_S = 5.0
FILL_CLIENT = "cityhub-worker-fill"
_ANOTHER = "Restore the topic, or move the store away to compute everything anew from what the log holds"


class KpiWorker:
    """One worker process.

    Args:
        topics: event topics of the job.
        stop: set from outside to end gracefully.
        job: name of the consumer group.
        vitals: told how it goes, see `Watch`.
    """

    def __init__(
        self,
        access: KafkaAccess,
        writer: KpiWriter,
        topics: Sequence[str],
        stop: asyncio.Event,
        job: str,
        *,
        vitals: Vitals | None = None,
    ) -> None:
        self._vitals = vitals or Vitals()
        self._job = job
        self._access = access
        self._writer = writer
        self._topics = tuple(topics)
        self._stop = stop
        self._failed: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        self._stop_applying = asyncio.Event()
        self._store = ThreadPoolExecutor(1, "store")  # a waiting store must not stop the heartbeats

    async def run(self) -> None:
        """Work until `stop` is set.

        Raises:
            LogBroken: the log is not the one the store has read; a person decides.
            BusUnavailable: the consumer stalled or ended; start the process again.
        """
        await self._prove_log()
        app = batch_app(self._job, self._access, self._start_offset)
        self._add_agent(app)
        async with BrokerClock(self._access, client_id="cityhub-worker-clock") as clock:
            await app.start()
            self._vitals.begin()
            looking = Watch(app, clock, self._topics, self._cursors, self._complete, vitals=self._vitals)
            watch = asyncio.create_task(looking.run())
            ended = asyncio.create_task(app.wait_until_stopped())
            stopping = asyncio.create_task(self._stop.wait())
            try:
                await asyncio.wait({watch, ended, stopping, self._failed}, return_when=asyncio.FIRST_COMPLETED)
            finally:
                await self._end(app, watch, ended, stopping)
        for outcome in (self._failed, watch):
            if outcome.done() and not outcome.cancelled():
                outcome.result()
        if not self._stop.is_set():
            raise BusUnavailable(f"the consumer ended by itself: {app.crash_reason!r}")

    async def _end(self, app: BatchApp, *tasks: asyncio.Task[Any]) -> None:
        """Finish the batch under way, leave the group, and wait for neither for long."""
        self._stop_applying.set()
        for task in tasks:
            task.cancel()
        await asyncio.to_thread(self._store.shutdown)
        with suppress(TimeoutError):
            await asyncio.wait_for(app.stop(), _LEAVE_S)

    async def _prove_log(self) -> None:
        """Every topic must be the one the store has read, and hold every cursor's last record as it was.

        Makes the cursors of all partitions before anything is read: labels and cells go by the slowest of them.
        """
        known: dict[tuple[str, int], Position] = {}
        states = await asyncio.to_thread(topic_states, self._access, self._topics)
        for topic in self._topics:
            for part in range(states[topic].partitions):
                known[topic, part] = await self._in_store(self._writer.position, topic, part)
        for (topic, _), position in known.items():
            if position.topic_id not in {"", states[topic].id}:
                raise LogBroken(f"{topic} was recreated: the store has read another topic of that name. {_ANOTHER}")
            if not position.topic_id:
                await self._in_store(self._writer.bind_topic, position, states[topic].id)
        positions = {at: position.offset for at, position in known.items() if position.offset >= 0}
        for (topic, part), value in (await records_at(self._access, positions)).items():
            if record_hash(value) != known[topic, part].hash:
                raise LogBroken(
                    f"{topic}/{part} holds another record at offset {positions[topic, part]} than the store has "
                    f"read. {_ANOTHER}"
                )

    async def _start_offset(self, topic: str, part: int) -> int:
        """The cursor's own record is read once more: it must be the one that the store remembers."""
        return max((await self._in_store(self._writer.position, topic, part)).offset, 0)

    def _add_agent(self, app: BatchApp) -> None:
        topic = app.topic(*self._topics, value_serializer="raw", value_type=bytes)

        @app.agent(topic, name="cityhub.kpi")  # type: ignore[untyped-decorator]
        async def kpi(stream: object) -> None:
            async for event in stream.events():  # type: ignore[attr-defined]
                tp = event.message.tp
                await self._apply(tp.topic, tp.partition, event.message.value)

    async def _apply(self, topic: str, part: int, batch: Sequence[LogRecord]) -> None:
        """Apply one batch; no exception leaves, and the batch is acknowledged only once it is in the store."""
        try:
            await self._in_store(self._writer.apply, topic, part, batch)
            metrics.STORE_LATENCY.observe(max(0.0, time.time() - batch[0].timestamp / 1000))
        except (GapInLog, OtherLog) as error:
            await self._fail(LogBroken(f"{error}. {_ANOTHER}"))
        except Exception as error:
            log.exception("batch_failed", topic=topic, part=part, first=batch[0].offset, last=batch[-1].offset)
            await self._fail(error)

    async def _in_store(self, work: Callable[..., Answer], *arguments: object) -> Answer:
        """Run in the store's thread; while the store is away, again and again, without acknowledging anything."""
        loop = asyncio.get_running_loop()
        for attempt in count():
            if self._stop_applying.is_set():
                break
            try:
                return await loop.run_in_executor(self._store, work, *arguments)
            except VersionMissing:
                raise
            except StoreUnavailable as error:
                wait = _RETRY_S[min(attempt, len(_RETRY_S) - 1)]
                self._vitals.unwell(COUNTING, str(error))
                log.warning("store_unavailable", error=str(error), attempt=attempt + 1, retry_s=wait)
                await asyncio.sleep(wait)
        return await asyncio.Future()  # stopping: never go on with what was not done

    async def _fail(self, failure: Exception) -> None:
        if not self._failed.done():
            self._failed.set_exception(failure)
        await asyncio.Future()  # the process ends; this batch stays unacknowledged

    async def _cursors(self) -> Mapping[tuple[str, int], int]:
        return await self._in_store(self._writer.cursors)

    async def _complete(self, topic: str, part: int, end: int, at_ms: int) -> None:
        await self._in_store(self._writer.mark_complete, topic, part, end - 1, at_ms)


async def serve(
    access: KafkaAccess,
    store: Path | str,
    stop: asyncio.Event,
    *,
    catalogue: Catalogue,
    job: str = JOB,
    log_source: OpenSource | None = None,
    audit: Audit | None = None,
    vitals: Vitals | None = None,
) -> None:
    """Run a worker until `stop` is set, and carry out activations of versions beside; errors as `KpiWorker.run`.

    Args:
        store: SQLite file or PostgreSQL URL.
        catalogue: all versions.
        log_source: all records of the topics, for activations; default: what the log holds of them.
        audit: must find nothing before a version takes over, see `Backfill`. vitals: as of `KpiWorker`.

    Raises:
        VersionMissing: the store counts by a version that the catalogue does not have.
    """
    database = Database(store)
    choice = Choice(catalogue)
    try:
        with database.begin() as connection:
            decisions.begin(connection, catalogue, int(time.time() * 1000))
            evaluator = choice.evaluator(connection)
        gc.collect()
        gc.freeze()  # the catalogue lives for ever; events hold no cycles, so collecting inside a batch finds nothing
        gc.disable()
        writer = KpiWriter(database, evaluator, job, choice.evaluator)
        worker = KpiWorker(access, writer, choice.topics, stop, job, vitals=vitals)
        log_source = log_source or partial(LogReader, access, client_id=FILL_CLIENT)
        async with _beside(Activations(database, catalogue, job, log_source, audit)):
            await worker.run()
    finally:
        gc.enable()
        database.close()


@asynccontextmanager
async def _beside(activations: Activations) -> AsyncIterator[None]:
    """Activations go on while the block runs."""
    ending = asyncio.Event()
    activating = asyncio.create_task(activations.run(ending))
    try:
        yield
    finally:
        ending.set()
        await activating
