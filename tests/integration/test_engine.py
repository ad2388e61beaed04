"""The engine on the real broker: exact counts whatever dies."""

from __future__ import annotations

import asyncio
import os
import subprocess
import sys
import time
from collections.abc import AsyncIterator, Callable, Iterator, Sequence
from contextlib import asynccontextmanager, contextmanager, suppress
from datetime import timedelta
from pathlib import Path
from uuid import uuid4

import msgspec
import pytest
from aiokafka import AIOKafkaConsumer
from kafka import KafkaAdminClient

from cityhub.bus.access import KafkaAccess
from cityhub.bus.errors import BusUnavailable, LogBroken
from cityhub.bus.publisher import EventPublisher, RecordPublisher
from cityhub.bus.tail import Tail
from cityhub.bus.topics import VALUES, dead_letters, ensure, events, values
from cityhub.kpi import publisher, worker
from cityhub.kpi.live import LiveValues
from cityhub.kpi.store.sql_reader import SqlReader
from cityhub.kpi.values import KpiValue, WindowKind
from cityhub.sdk.event import Event
from tests.integration.engine_child import catalogue_over
from tests.integration.servers import Kafka
from tests.unit.kpi.samples import NOON, departure

LIMIT_S = float(os.environ.get("TEST_LIMIT_S", "300"))


class Bench:
    """A topic and a store of its own on the session's broker."""

    def __init__(self, kafka: Kafka, folder: Path) -> None:
        self.kafka = kafka
        self.access: KafkaAccess = kafka.access
        spec = events("dvv", f"t{uuid4().hex[:8]}", partitions=3)
        self.topic = spec.name
        ensure(self.access, [spec, values(), dead_letters("dvv")])
        self.store = folder / "store.db"
        self.reader = SqlReader(self.store, catalogue_over(self.topic))
        self.tasks: set[asyncio.Task[None]] = set()

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

    @asynccontextmanager
    async def running(self, serve: Callable[..., object]) -> AsyncIterator[asyncio.Task[None]]:
        stop = asyncio.Event()
        work = serve(self.access, self.store, stop, catalogue=catalogue_over(self.topic), job=self.topic)
        task: asyncio.Task[None] = asyncio.create_task(work)  # type: ignore[arg-type]
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
            process = subprocess.Popen([*argv, self.topic], env=environment, stdout=out, stderr=out)
        try:
            yield process
        finally:
            process.kill()
            process.wait()

    def delete_topic(self) -> None:
        admin = KafkaAdminClient(**self.access.kafka_python())
        admin.delete_topics([self.topic])
        admin.close()


@pytest.fixture
def bench(kafka: Kafka, tmp_path: Path) -> Bench:
    return Bench(kafka, tmp_path)


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
            await send(bench.access, bench.topic, [departure(f"m{marker}", 0)])
            with suppress(TimeoutError):
                await asyncio.wait_for(bench.until(lambda: seen, "no live value"), 5)
        following.cancel()
        await bench.until(lambda: (day := bench.day()) and day.n == marker, "the store does not have all events")
    assert seen[0].value == 100.0
    assert seen[0].synthetic
    (published,) = {
        item for item in await whole_topic(bench.access, VALUES) if item == msgspec.json.encode(bench.day())
    }
    assert msgspec.json.decode(published, type=KpiValue) == bench.day()


async def test_poison_goes_to_the_dead_letters_and_the_rest_counts(bench: Bench) -> None:
    async with RecordPublisher(bench.access, client_id="test") as sender:
        await sender.send(bench.topic, [(b"k", b"{not json", []), (b"k", b"", [])])
    await send(bench.access, bench.topic, [departure(1, 0), departure(2, 999)])
    async with bench.running(worker.serve), bench.running(publisher.serve):
        await bench.until(lambda: (day := bench.day()) and day.n == 2, "good events are not counted")
        await bench.until(lambda: bench.reader.streams()[0].rejected == 2, "poison is not counted")
        letters: list[bytes] = []
        while b"{not json" not in letters:
            letters = await whole_topic(bench.access, dead_letters("dvv").name)
    assert bench.day().value == 50.0  # type: ignore[union-attr]


async def test_counts_are_exact_after_kill_9_of_worker_and_broker(bench: Bench, tmp_path: Path) -> None:
    """12 000 events and 600 repeats; worker and publisher die four times, the broker once."""
    await exact_after_kills(bench, tmp_path, events=12_000, deaths=4)


async def exact_after_kills(bench: Bench, folder: Path, *, events: int, deaths: int) -> None:
    """Send while worker and publisher are killed `deaths` times, every fourth time the broker too; then count."""
    whole = [
        departure(i, 450 * (i % 3 == 0), at=NOON + timedelta(seconds=i % 7200), line=str(i % 5)) for i in range(events)
    ]
    sending = asyncio.create_task(_send_through_trouble(bench, [*whole, *whole[::20]]))
    log = folder / "children.log"
    for death in range(deaths):
        before = _records(bench)
        with bench.child("worker", log), bench.child("publisher", log):
            await bench.until(lambda before=before: _records(bench) > before or sending.done(), "no progress")
            if death % 4 == 1:
                bench.kafka.kill9()
                await asyncio.to_thread(bench.kafka.start)
    await sending
    async with bench.running(worker.serve), bench.running(publisher.serve):
        await bench.until(lambda: (day := bench.day()) and day.n == events, "not all events are counted")
    day = bench.day()
    (stream,) = bench.reader.streams()
    assert day is not None
    assert (day.numerator, day.denominator, day.n) == (events * 2 // 3, events, events)
    assert stream.records - stream.duplicates == events
    assert stream.duplicates >= events // 20
    assert stream.rejected == 0
    lines = bench.reader.breakdown("M01", WindowKind.DAY, day.start, "line")
    assert [line.n for line in lines] == [events // 5] * 5


async def test_a_recreated_topic_is_refused(bench: Bench) -> None:
    await send(bench.access, bench.topic, [departure(i, 0) for i in range(30)])
    async with bench.running(worker.serve):
        await bench.until(lambda: _records(bench) == 30, "events are not read")
    bench.delete_topic()
    await _recreate(bench, [departure(f"other{i}", 0) for i in range(3)])
    with pytest.raises(LogBroken, match=r"recreated|holds offsets"):
        await worker.serve(
            bench.access, bench.store, asyncio.Event(), catalogue=catalogue_over(bench.topic), job=bench.topic
        )
    assert _records(bench) == 30


async def test_a_lost_store_is_computed_again_from_the_log(bench: Bench) -> None:
    """Kafka's committed offsets stay behind; the store's cursor decides."""
    await send(bench.access, bench.topic, [departure(i, 0) for i in range(50)])
    async with bench.running(worker.serve):
        await bench.until(lambda: _records(bench) == 50, "events are not read")
    for file in bench.store.parent.glob("store.db*"):
        file.unlink()
    bench.reader = SqlReader(bench.store, catalogue_over(bench.topic))
    async with bench.running(worker.serve):
        await bench.until(lambda: _records(bench) == 50, "the log is not read again")


def _records(bench: Bench) -> int:
    return sum(stream.records for stream in bench.reader.streams())


async def _send_through_trouble(bench: Bench, batch: list[Event]) -> None:
    """As an adapter does: unknown means again, with the same ids."""
    waiting = [batch[start : start + 300] for start in range(0, len(batch), 300)]
    while waiting:
        try:
            async with EventPublisher(bench.access, client_id="test") as sender:
                while waiting:
                    await sender.publish(bench.topic, waiting[0])
                    waiting.pop(0)
                    await asyncio.sleep(0.02)  # spread over the deaths
        except BusUnavailable:
            await asyncio.sleep(0.5)


async def _recreate(bench: Bench, batch: list[Event]) -> None:
    end = time.monotonic() + LIMIT_S
    while time.monotonic() < end:
        with suppress(BusUnavailable):
            ensure(bench.access, [events("dvv", bench.topic.split(".")[3], partitions=3)])
            return await send(bench.access, bench.topic, batch)
        await asyncio.sleep(0.5)
    raise AssertionError("the topic cannot be made again")


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
