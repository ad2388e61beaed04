"""A log that is not the one the store has read is refused at the start: it must never look like a replay."""

from __future__ import annotations

import asyncio
import os
from collections.abc import Awaitable, Callable
from pathlib import Path

import pytest
from kafka import KafkaAdminClient
from kafka.structs import TopicPartition

from cityhub.bus.errors import LogBroken
from cityhub.kpi import worker
from cityhub.sdk.event import Event
from tests.integration.faults.oracle import log_ends
from tests.integration.servers import Kafka
from tests.integration.test_engine import YESTERDAY, Bench, send
from tests.unit.kpi.samples import departure

READ = [departure(index, 0, at=YESTERDAY) for index in range(300)]
OTHERS = [departure(f"other{index}", 0, at=YESTERDAY) for index in range(600)]


@pytest.fixture
async def bench(kafka: Kafka, tmp_path: Path) -> Bench:
    """A store that has read 300 records of its topic; its worker has ended."""
    made = Bench(kafka, tmp_path / "store.db")
    await send(made.access, made.topic, READ)
    async with made.running(worker.serve):
        await made.until(lambda: made.records == len(READ), "the records are not read")
    return made


async def recreate(bench: Bench, batch: list[Event]) -> None:
    """Delete the topic, make it again, and write to it."""
    await bench.recreate_topic()
    if batch:
        await send(bench.access, bench.topic, batch)


async def recreated_and_empty(bench: Bench) -> None:
    await recreate(bench, [])


async def recreated_with_others(bench: Bench) -> None:
    await recreate(bench, OTHERS)


async def recreated_with_the_same(bench: Bench) -> None:
    await recreate(bench, READ)


async def end_cut(bench: Bench) -> None:
    """The broker dies, and half of what it had not forced to the disk is gone, as after a loss of power."""
    bench.kafka.kill9()
    for part in range(3):
        folder = bench.kafka.installation.settings.data / "kafka" / "log" / f"{bench.topic}-{part}"
        segment = folder / f"{0:020}.log"
        os.truncate(segment, segment.stat().st_size // 2)
    await asyncio.to_thread(bench.kafka.start)
    assert sum((await log_ends(bench.access, bench.topic)).values()) < len(READ)


async def end_cut_and_written_since(bench: Bench) -> None:
    await end_cut(bench)
    await send(bench.access, bench.topic, OTHERS)


async def start_beyond_the_cursor(bench: Bench) -> None:
    """Retention took records that were never read."""
    await send(bench.access, bench.topic, OTHERS)
    await delete_all(bench)


@pytest.mark.parametrize(
    "damage",
    [
        recreated_and_empty,
        recreated_with_others,
        recreated_with_the_same,
        end_cut,
        end_cut_and_written_since,
        start_beyond_the_cursor,
    ],
)
async def test_another_log_is_refused(bench: Bench, damage: Callable[[Bench], Awaitable[None]]) -> None:
    await damage(bench)
    serving = bench.serve(worker.serve, asyncio.Event())
    with pytest.raises(LogBroken, match=bench.topic):
        await asyncio.wait_for(serving, 60)
    assert bench.records == len(READ), "something was read nevertheless"


async def test_what_was_read_may_be_deleted(bench: Bench) -> None:
    """Retention is no loss: the worker goes on behind the cursor."""
    await delete_all(bench)
    await send(bench.access, bench.topic, OTHERS)
    async with bench.running(worker.serve):
        await bench.until(lambda: bench.records == len(READ) + len(OTHERS), "the rest is not read")


async def delete_all(bench: Bench) -> None:
    """Let the log begin at its end."""
    ends = await log_ends(bench.access, bench.topic)
    admin = KafkaAdminClient(**bench.access.kafka_python())
    admin.delete_records({TopicPartition(bench.topic, part): end for part, end in ends.items()})
    admin.close()
