"""The KPI worker: Faust feeds partition batches into the store, one transaction each."""

from __future__ import annotations

import asyncio
import gc
import time
from collections.abc import Sequence
from pathlib import Path
from typing import NamedTuple

from structlog import get_logger

from cityhub.bus.access import KafkaAccess
from cityhub.bus.batch_consumer import BatchApp, LogRecord, batch_app
from cityhub.bus.errors import BusUnavailable, LogBroken
from cityhub.bus.log_proof import partitions_of, records_at
from cityhub.kpi.definition import Catalogue
from cityhub.kpi.errors import StoreUnavailable
from cityhub.kpi.kernel.evaluate import Evaluator, Record
from cityhub.kpi.store.database import Database
from cityhub.kpi.store.writer import GapInLog, KpiWriter, record_hash

log = get_logger()

JOB = "cityhub-kpi"
STALL_S = 120.0
"""No progress for this long while the log holds more: the process ends, so that a healthy one takes over."""
_RETRY_S = (0.1, 0.5, 1.0, 2.0, 5.0)
_WATCH_S = 5.0


class Goal(NamedTuple):
    """The log's end as it was asked for at an instant: reaching it proves that all earlier records are counted."""

    end: int
    asked_ms: int


class KpiWorker:
    """One worker process.

    Args:
        topics: event topics of the job.
        stop: set from outside to end gracefully.
        job: name of the consumer group.
    """

    def __init__(
        self, access: KafkaAccess, writer: KpiWriter, topics: Sequence[str], stop: asyncio.Event, job: str
    ) -> None:
        self._job = job
        self._access = access
        self._writer = writer
        self._topics = tuple(topics)
        self._stop = stop
        self._failure: Exception | None = None
        self._moved: dict[tuple[str, int], tuple[int, float]] = {}
        self._goals: dict[tuple[str, int], Goal] = {}

    async def run(self) -> None:
        """Work until `stop` is set.

        Raises:
            LogBroken: the log is not the one the store has read; a person decides.
            BusUnavailable: the consumer stalled or ended; start the process again.
        """
        await self._prove_log()
        app = batch_app(self._job, self._access, self._topics, self._start_offset)
        self._add_agent(app)
        await app.start()
        watch = asyncio.create_task(self._watch(app))
        ended = asyncio.create_task(app.wait_until_stopped())
        stopping = asyncio.create_task(self._stop.wait())
        try:
            await asyncio.wait({watch, ended, stopping}, return_when=asyncio.FIRST_COMPLETED)
        finally:
            for task in (watch, ended, stopping):
                task.cancel()
            await app.stop()
        if self._failure is not None:
            raise self._failure
        if not self._stop.is_set():
            raise BusUnavailable(f"the consumer ended by itself: {app.crash_reason!r}")

    async def _prove_log(self) -> None:
        """Every cursor's last record must still stand in the log as the store remembers it."""
        remembered: dict[tuple[str, int], bytes] = {}
        positions: dict[tuple[str, int], int] = {}
        for topic in self._topics:
            for part in range(await partitions_of(self._access, topic)):
                position = self._writer.position(topic, part)
                if position.offset >= 0:
                    positions[topic, part], remembered[topic, part] = position.offset, position.hash
        for (topic, part), value in (await records_at(self._access, positions)).items():
            if record_hash(value) != remembered[topic, part]:
                raise LogBroken(
                    f"{topic}/{part} holds another record at offset {positions[topic, part]} than the store has "
                    "read: the topic was recreated. Restore it, or move the store away to compute everything anew "
                    "from the log"
                )

    def _start_offset(self, topic: str, part: int) -> int:
        offset = self._writer.position(topic, part).offset
        self._moved[topic, part] = (offset, time.monotonic())
        return offset + 1

    def _add_agent(self, app: BatchApp) -> None:
        topic = app.topic(*self._topics, value_serializer="raw", value_type=bytes)

        @app.agent(topic, name="cityhub.kpi")  # type: ignore[untyped-decorator]
        async def kpi(stream: object) -> None:
            async for event in stream.events():  # type: ignore[attr-defined]
                tp = event.message.tp
                await self._apply(tp.topic, tp.partition, event.message.value)

    async def _apply(self, topic: str, part: int, batch: Sequence[LogRecord]) -> None:
        """Apply one batch; no exception leaves, and the batch is acknowledged only once it is in the store."""
        records = [Record(*record) for record in batch]
        attempt = 0
        while not self._stop.is_set():
            try:
                self._writer.apply(topic, part, records)
            except StoreUnavailable as error:
                wait = _RETRY_S[min(attempt, len(_RETRY_S) - 1)]
                attempt += 1
                log.warning("store_unavailable", error=str(error), attempt=attempt, retry_s=wait)
                await asyncio.sleep(wait)
            except GapInLog as error:
                await self._fail(LogBroken(f"{error}; nothing was applied"))
            else:
                self._moved[topic, part] = (records[-1].offset, time.monotonic())
                return
        await asyncio.Event().wait()  # stopping: never acknowledge what was not applied

    async def _fail(self, failure: Exception) -> None:
        self._failure = failure
        await asyncio.Event().wait()  # the watch ends the process; this batch stays unacknowledged

    async def _watch(self, app: BatchApp) -> None:
        """End on failure or stall; tell the store up to when a partition is complete."""
        next_look = time.monotonic()
        while self._failure is None:
            await asyncio.sleep(0.2)
            if time.monotonic() >= next_look:
                await self._look(app)
                next_look = time.monotonic() + _WATCH_S

    async def _look(self, app: BatchApp) -> None:
        asked_ms = int(time.time() * 1000)
        assigned = [tp for tp in app.consumer.assignment() if tp.topic in self._topics]
        try:
            ends = await asyncio.wait_for(app.consumer.highwaters(*assigned), 30) if assigned else {}
        except Exception as error:  # noqa: BLE001 - the client reconnects by itself; while it does, nothing is known
            log.warning("log_end_unknown", error=repr(error))
            return
        for tp, end in ends.items():
            key = (tp.topic, tp.partition)
            offset, since = self._moved.get(key, (-1, time.monotonic()))
            goal = self._goals.get(key, Goal(end, asked_ms))
            self._goals[key] = Goal(end, asked_ms) if offset + 1 >= goal.end else goal
            if offset + 1 >= end:
                self._complete(key, Goal(end, asked_ms))
            elif offset + 1 >= goal.end:
                self._complete(key, goal)
            elif time.monotonic() - since > STALL_S:
                self._failure = BusUnavailable(
                    f"no progress in {tp.topic}/{tp.partition} for {STALL_S:.0f} s at {offset}, the log ends at {end}"
                )

    def _complete(self, key: tuple[str, int], goal: Goal) -> None:
        self._moved[key] = (self._moved.get(key, (goal.end - 1, 0.0))[0], time.monotonic())
        try:
            self._writer.mark_complete(*key, goal.end - 1, goal.asked_ms)
        except StoreUnavailable as error:
            log.warning("store_unavailable", error=str(error))


async def serve(access: KafkaAccess, store: Path, stop: asyncio.Event, *, catalogue: Catalogue, job: str = JOB) -> None:
    """Run a worker over the store's file until `stop` is set; errors as `KpiWorker.run`."""
    database = Database(store)
    topics = sorted({source.topic for definition in catalogue for source in definition.sources.values()})
    gc.freeze()  # the catalogue lives for ever, and decoded events hold no cycles
    try:
        await KpiWorker(access, KpiWriter(database, Evaluator(catalogue), job), topics, stop, job).run()
    finally:
        database.close()
