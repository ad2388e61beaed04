"""The engine on the real broker: exact counts whatever dies."""

from __future__ import annotations

import asyncio
import os
import subprocess
import sys
import time
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator, Sequence
from contextlib import asynccontextmanager, contextmanager, suppress
from datetime import UTC, datetime, timedelta
from pathlib import Path
from uuid import uuid4

import msgspec
import psycopg
import pytest
from aiokafka import AIOKafkaConsumer
from kafka import KafkaAdminClient

from cityhub.bus.access import KafkaAccess
from cityhub.bus.errors import LogBroken
from cityhub.bus.publisher import EventPublisher, RecordPublisher
from cityhub.bus.tail import Tail
from cityhub.bus.topics import VALUES, clock, dead_letters, ensure, events, values
from cityhub.kpi import publisher, worker
from cityhub.kpi.live import LiveValues
from cityhub.kpi.store.sql_reader import SqlReader
from cityhub.kpi.values import KpiValue, WindowKind
from cityhub.sdk.event import Event
from tests.integration.engine_child import catalogue_over
from tests.integration.faults import entities
from tests.integration.faults.few import few_faults
from tests.integration.faults.oracle import log_ends
from tests.integration.faults.schedule import Fault, Kind
from tests.integration.faults.stores import PostgresStore
from tests.integration.postgres import Postgres, postgres
from tests.integration.servers import Kafka
from tests.unit.kpi.samples import departure

__all__ = ["postgres"]

LIMIT_S = float(os.environ.get("TEST_LIMIT_S", "300"))
STOP_S = LIMIT_S / 30
YESTERDAY = (datetime.now(UTC) - timedelta(days=1)).replace(hour=11, minute=0, second=0, microsecond=0)
"""Within every horizon, and a whole hour before the end of its local day."""


class Bench:
    """A topic and a store of its own on the session's broker.

    Args:
        store: a file or a PostgreSQL URL. kpis: which of the hub's, default M01.
    """

    def __init__(self, kafka: Kafka, store: Path | str, *kpis: str) -> None:
        self.kafka = kafka
        self.access: KafkaAccess = kafka.access
        self._spec = events("dvv", f"t{uuid4().hex[:8]}", partitions=3)
        self.topic = self._spec.name
        ensure(self.access, [self._spec, values(), clock(), dead_letters("dvv")])
        self.store = store
        self.kpis = kpis
        self.open_reader()
        self.tasks: set[asyncio.Task[None]] = set()

    def open_reader(self) -> None:
        self.reader = SqlReader(self.store, catalogue_over(self.topic, *self.kpis))

    def lose_store(self) -> None:
        for file in Path(self.store).parent.glob("store.db*"):
            file.unlink()
        self.open_reader()

    @property
    def records(self) -> int:
        """Records whose effects are in the store."""
        return sum(stream.records for stream in self.reader.streams())

    async def until(self, what: Callable[[], object], why: str) -> None:
        """Wait for a condition while the engine runs; the limit is for machines that are very busy."""
        end = time.monotonic() + LIMIT_S
        while not what():
            for task in self.tasks:
                if task.done():
                    task.result()
                    raise AssertionError(f"a part of the engine ended before: {why}")
            assert time.monotonic() < end, why
            await asyncio.sleep(0.1)

    def day(self) -> KpiValue | None:
        return self.reader.latest("M01", WindowKind.DAY)

    async def serve(self, serve: Callable[..., Awaitable[None]], stop: asyncio.Event) -> None:
        """Run a worker or publisher in this process."""
        catalogue = catalogue_over(self.topic, *self.kpis)
        await serve(self.access, self.store, stop, catalogue=catalogue, job=self.topic)

    @asynccontextmanager
    async def running(self, serve: Callable[..., Awaitable[None]]) -> AsyncIterator[asyncio.Task[None]]:
        stop = asyncio.Event()
        task: asyncio.Task[None] = asyncio.create_task(self.serve(serve, stop))
        self.tasks.add(task)
        try:
            yield task
        finally:
            self.tasks.discard(task)
            stop.set()
            await asyncio.wait([task], timeout=LIMIT_S)

    @contextmanager
    def child(self, role: str, log: Path) -> Iterator[subprocess.Popen[bytes]]:
        argv = [sys.executable, "-m", "tests.integration.engine_child", role, str(self.store), self.access.bootstrap]
        environment = {**os.environ, "KAFKA_PASSWORD": self.access.password}
        with log.open("ab") as out:
            process = subprocess.Popen([*argv, self.topic, *self.kpis], env=environment, stdout=out, stderr=out)
        try:
            yield process
        finally:
            process.kill()
            process.wait()

    async def recreate_topic(self) -> None:
        """Delete the topic and make it again, empty."""
        admin = KafkaAdminClient(**self.access.kafka_python())
        admin.delete_topics([self.topic])
        admin.close()
        end = time.monotonic() + LIMIT_S
        while time.monotonic() < end:
            ensure(self.access, [self._spec])
            if await log_ends(self.access, self.topic) == {0: 0, 1: 0, 2: 0}:
                return
            await asyncio.sleep(0.5)
        raise AssertionError("the topic cannot be made again")


@pytest.fixture
def bench(kafka: Kafka, tmp_path: Path) -> Bench:
    return Bench(kafka, tmp_path / "store.db")


async def send(access: KafkaAccess, topic: str, batch: Sequence[Event]) -> None:
    async with EventPublisher(access, client_id="test") as sender:
        await sender.publish(topic, batch)


async def test_event_becomes_a_published_value_and_a_live_one(bench: Bench) -> None:
    live = LiveValues(Tail(bench.access, VALUES, client_id="test-tail"))
    async with live, bench.running(worker.serve), bench.running(publisher.serve):
        seen: list[KpiValue] = []

        async def follow() -> None:
            async for value in live.subscribe("M01"):
                seen.append(value)  # noqa: PERF401 - read while it grows

        following = asyncio.create_task(follow())
        marker = 0
        while not seen:  # the tail starts at the end of the log: send until it hears
            marker += 1
            await send(bench.access, bench.topic, [departure(f"m{marker}", 0, at=YESTERDAY)])
            with suppress(TimeoutError):
                await asyncio.wait_for(bench.until(lambda: seen, "no live value"), 5)
        following.cancel()
        await bench.until(lambda: (day := bench.day()) and day.n == marker, "the store does not have all events")
    assert seen[0].value == 100.0
    assert seen[0].synthetic
    published = [msgspec.json.decode(item, type=KpiValue) for item in await whole_topic(bench.access, VALUES)]
    assert bench.day() in published


async def test_poison_goes_to_the_dead_letters_and_the_rest_counts(bench: Bench) -> None:
    async with RecordPublisher(bench.access, client_id="test") as sender:
        await sender.send(bench.topic, [(b"k", b"{not json", []), (b"k", b"", [])])
    await send(bench.access, bench.topic, [departure(1, 0, at=YESTERDAY), departure(2, 999, at=YESTERDAY)])
    async with bench.running(worker.serve), bench.running(publisher.serve):
        await bench.until(lambda: (day := bench.day()) and day.n == 2, "good events are not counted")
        await bench.until(lambda: bench.reader.streams()[0].rejected == 2, "poison is not counted")
        letters: list[bytes] = []
        while b"{not json" not in letters:
            letters = await whole_topic(bench.access, dead_letters("dvv").name)
    assert bench.day().value == 50.0  # type: ignore[union-attr]


async def test_counts_are_exact_after_five_faults(kafka: Kafka, tmp_path: Path) -> None:
    """8 000 records with repeats, late ones and poison; worker, publisher and broker die, the worker sleeps."""
    outcome = await few_faults(kafka, tmp_path)
    print(outcome.summary())
    assert outcome.findings == []


async def test_counts_are_exact_with_two_workers_on_postgresql(
    kafka: Kafka, postgres: Postgres, tmp_path: Path
) -> None:
    faults = (Fault(Kind.KILL_WORKER), Fault(Kind.KILL_DATABASE), Fault(Kind.SCALE, which=0))
    store = PostgresStore(postgres)
    outcome = await few_faults(kafka, tmp_path, store=store, faults=faults, workers=2)
    store.close()
    print(outcome.summary())
    assert outcome.findings == []


async def test_sigterm_ends_a_worker_with_a_batch_in_flight(kafka: Kafka, postgres: Postgres, tmp_path: Path) -> None:
    """The batch under way is finished, the next one does not begin."""
    bench = Bench(kafka, postgres.create())
    await send(bench.access, bench.topic, [departure(1, 0, at=YESTERDAY)])
    with bench.child("worker", tmp_path / "children.log") as process, psycopg.connect(str(bench.store)) as other:
        await bench.until(lambda: bench.records == 1, "the first event is not read")
        other.execute("lock table cursor in share mode")
        await send(bench.access, bench.topic, [departure(2, 0, at=YESTERDAY)])
        waits = "select 1 from pg_locks where not granted and relation = 'cursor'::regclass"
        await bench.until(lambda: other.execute(waits).fetchone(), "no batch waits for the store")
        process.terminate()
        other.rollback()
        assert await asyncio.to_thread(process.wait, STOP_S) == 0
    assert bench.records == 2
    bench.reader.close()


async def test_joins_and_corrections_survive_kill_9(kafka: Kafka, tmp_path: Path) -> None:
    """Halves of cases in other partitions, versions of flats in any order, some twice; the worker dies between them."""
    bench = Bench(kafka, tmp_path / "store.db", "M01", *entities.KPIS)
    told = [entities.event(1, seq, int(YESTERDAY.timestamp())) for seq in range(5_000) if entities.is_one(seq)]
    due = entities.known(map(entities.fact, told))
    told += told[::9]
    await send(bench.access, bench.topic, told[: len(told) // 2])
    with bench.child("worker", tmp_path / "children.log"):
        await bench.until(lambda: bench.records, "no progress")
    await send(bench.access, bench.topic, told[len(told) // 2 :])
    async with bench.running(worker.serve), bench.running(publisher.serve):
        await bench.until(lambda: bench.records == len(told), "not all events are read")
        await bench.until(lambda: entities.shown(bench.reader) == due, f"due are {due}")


async def test_a_recreated_topic_is_refused(bench: Bench) -> None:
    await send(bench.access, bench.topic, [departure(i, 0, at=YESTERDAY) for i in range(30)])
    async with bench.running(worker.serve):
        await bench.until(lambda: bench.records == 30, "events are not read")
    await bench.recreate_topic()
    await send(bench.access, bench.topic, [departure(i, 0, at=YESTERDAY) for i in range(30)])
    with pytest.raises(LogBroken, match="recreated"):
        await bench.serve(worker.serve, asyncio.Event())
    assert bench.records == 30


async def test_a_lost_store_is_computed_again_from_the_log(bench: Bench) -> None:
    """Kafka's committed offsets stay behind; the store's cursor decides."""
    await send(bench.access, bench.topic, [departure(i, 0, at=YESTERDAY) for i in range(50)])
    async with bench.running(worker.serve):
        await bench.until(lambda: bench.records == 50, "events are not read")
    bench.lose_store()
    async with bench.running(worker.serve):
        await bench.until(lambda: bench.records == 50, "the log is not read again")


async def whole_topic(access: KafkaAccess, topic: str) -> list[bytes]:
    """All values of a topic, up to its end at the moment of the call."""
    consumer = AIOKafkaConsumer(topic, **access.aiokafka(), enable_auto_commit=False, auto_offset_reset="earliest")
    await consumer.start()
    try:
        while not (parts := consumer.assignment()):  # noqa: ASYNC110 - the client has no event for it
            await asyncio.sleep(0.05)
        ends = await consumer.end_offsets(parts)
        found: list[bytes] = []
        while any([await consumer.position(tp) < end for tp, end in ends.items()]):
            for batch in (await consumer.getmany(timeout_ms=500)).values():
                found += [record.value for record in batch]
        return found
    finally:
        await consumer.stop()
