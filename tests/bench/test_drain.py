"""How fast a worker drains a backlog: events per CPU second, beside a raw aiokafka loop in the same round.

Run by `make bench`. Prints one JSON line per round and a last line with medians; asserts exactness only.
"""

from __future__ import annotations

import asyncio
import json
import os
import statistics
import subprocess
import sys
import time
from datetime import timedelta
from pathlib import Path
from uuid import uuid4

import psutil
from aiokafka import AIOKafkaConsumer

from cityhub.bus.access import KafkaAccess
from cityhub.bus.publisher import EventPublisher
from cityhub.bus.topics import ensure, events, values
from cityhub.kpi.store.sql_reader import SqlReader
from tests.integration.engine_child import catalogue_over
from tests.integration.servers import Installation, Kafka
from tests.unit.kpi.samples import NOON, departure

EVENTS = int(os.environ.get("BENCH_EVENTS", "200000"))
ROUNDS = int(os.environ.get("BENCH_ROUNDS", "4"))
PARTITIONS = 8
_BATCH = 5_000


def cpu_seconds(pid: int) -> float:
    """User and system time of one process so far."""
    times = psutil.Process(pid).cpu_times()
    return float(times.user + times.system)


async def fill(access: KafkaAccess, topic: str) -> None:
    """`EVENTS` departures of 12 lines over two days, seeded by their number; 1 % are sent again."""
    async with EventPublisher(access, client_id="bench", linger_ms=20) as sender:
        for start in range(0, EVENTS, _BATCH):
            numbers = (i - 1 if i % 100 == 1 else i for i in range(start, start + _BATCH))
            batch = [
                departure(i, (i * 37) % 500 - 60, at=NOON - timedelta(seconds=i % 172_800), line=str(901 + i % 12))
                for i in numbers
            ]
            await sender.publish(topic, batch)


def worker_round(access: KafkaAccess, topic: str, folder: Path) -> dict[str, float]:
    """Start a worker on an empty store and let it read everything."""
    store = folder / f"{uuid4().hex}.db"
    argv = [sys.executable, "-m", "tests.integration.engine_child", "worker", str(store), access.bootstrap, topic]
    environment = {**os.environ, "KAFKA_PASSWORD": access.password}
    with (folder / "worker.log").open("ab") as log:
        process = subprocess.Popen(argv, env=environment, stdout=log, stderr=log)
    reader = SqlReader(store, catalogue_over(topic))
    began = before = 0.0
    try:
        while sum(stream.records for stream in reader.streams()) < EVENTS:
            if not began and reader.streams():
                began, before = time.monotonic(), cpu_seconds(process.pid)
            time.sleep(0.05)
        cpu, wall = cpu_seconds(process.pid) - before, time.monotonic() - began
        memory = psutil.Process(process.pid).memory_info().rss
    finally:
        process.terminate()
        process.wait()
    (stream,) = reader.streams()
    assert stream.duplicates == EVENTS // 100, stream
    assert stream.rejected == 0, stream
    return {"events_per_cpu_s": EVENTS / cpu, "events_per_s": EVENTS / wall, "rss_mb": memory / 1e6}


async def raw_round(access: KafkaAccess, topic: str) -> dict[str, float]:
    """The bare client reading the same records in this process, doing nothing with them."""
    consumer = AIOKafkaConsumer(
        topic, **access.aiokafka(), enable_auto_commit=False, auto_offset_reset="earliest", max_poll_records=4_000
    )
    await consumer.start()
    count, before = 0, cpu_seconds(os.getpid())
    while count < EVENTS:
        count += sum(len(batch) for batch in (await consumer.getmany(timeout_ms=500)).values())
    cpu = cpu_seconds(os.getpid()) - before
    await consumer.stop()
    return {"raw_events_per_cpu_s": EVENTS / cpu}


def test_drain(tmp_path: Path) -> None:
    kafka = Kafka(Installation(tmp_path / "data"))
    kafka.start()
    try:
        topic = events("dvv", "bench", partitions=PARTITIONS)
        ensure(kafka.access, [topic, values()])
        asyncio.run(fill(kafka.access, topic.name))
        rounds = [_round(kafka.access, topic.name, tmp_path, number) for number in range(ROUNDS)][1:]
    finally:
        kafka.stop()
    median = {name: round(statistics.median(found[name] for found in rounds), 2) for name in rounds[0]}
    print(json.dumps({"bench": "drain", "events": EVENTS, "rounds": len(rounds), **median}))


def _round(access: KafkaAccess, topic: str, folder: Path, number: int) -> dict[str, float]:
    found = worker_round(access, topic, folder) | asyncio.run(raw_round(access, topic))
    found["times_slower_than_raw"] = found["raw_events_per_cpu_s"] / found["events_per_cpu_s"]
    print(json.dumps({"bench": "drain", "round": number, **{name: round(value, 2) for name, value in found.items()}}))
    return found
