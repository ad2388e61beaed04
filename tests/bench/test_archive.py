"""What archiving costs: a backlog of lamp events on a real broker, with the store's judge. Run by `make bench`.

`BENCH_EVENTS` (at least 400 000) and `BENCH_ROUNDS` (default 5, the first warms up) set the size. CPU seconds are those
of the archiver's process, on one core, while broker and store are idle but for it; asserts the records, never a time.
"""

from __future__ import annotations

import asyncio
import json
import os
import subprocess
import sys
from pathlib import Path

from msgspec.structs import asdict

from cityhub.bus.access import KafkaAccess
from cityhub.bus.log_reader import LogReader
from cityhub.kpi.store import cursors, schema
from cityhub.kpi.store.clocks import JOB
from cityhub.kpi.store.database import Database
from tests.bench import machine
from tests.bench.lamps.events import Load
from tests.bench.lamps.topic import PARTITIONS, fill
from tests.bench.lines import new_run
from tests.integration.servers import Installation, Kafka

EVENTS = max(400_000, int(os.environ.get("BENCH_EVENTS", "1000000")))
ROUNDS = int(os.environ.get("BENCH_ROUNDS", "5"))
TOPIC = "du.evt.imd.lamps.v1"


def test_archiving_a_backlog(tmp_path: Path) -> None:
    lines = new_run("archive", **asdict(Load(EVENTS)), rounds=ROUNDS, partitions=PARTITIONS)
    with machine.pinned(machine.HARNESS_CORE):
        kafka = Kafka(Installation(tmp_path / "data"))
        kafka.start()
    try:
        filled = fill(kafka.access, TOPIC, Load(EVENTS), tmp_path)
        lines.write("input", mean_bytes=filled.mean_bytes, sha256=filled.sha256)
        asyncio.run(judge_all(kafka.access, tmp_path / "store.db"))
        for number in range(ROUNDS):
            figures = archived(kafka.access, tmp_path / "store.db", tmp_path / f"archive-{number}")
            rates = {
                "events_per_cpu_s": round(figures["events"] / figures["cpu_s"]),
                "bytes_per_event": round(figures["bytes"] / figures["events"], 2),
                "merged_bytes_per_event": round(figures["merged_bytes"] / figures["events"], 2),
            }
            lines.write("archive", round=number, **figures, **rates)
            assert figures["events"] == EVENTS
    finally:
        kafka.stop()


async def judge_all(access: KafkaAccess, store: Path) -> None:
    """Cursors at the log's end, as of a worker that has counted everything and refused nothing."""
    async with LogReader(access, client_id="bench") as log:
        bounds = await log.bounds(TOPIC, range(PARTITIONS))
    database = Database(store)
    with database.begin() as connection:
        for part, (_, end) in bounds.items():
            writer = cursors.position(connection, JOB, TOPIC, part).writer
            at_end = schema.cursor.update().where(schema.cursor.c.id == writer).values(off=end - 1)
            connection.execute(at_end)
    database.close()


def archived(access: KafkaAccess, store: Path, archive: Path) -> dict[str, float]:
    """Figures of one archiver over everything, on the system's core."""
    argv = [sys.executable, "-m", "tests.bench.archive_child", str(store), str(archive), TOPIC]
    environment = {**os.environ, "BENCH_ACCESS": json.dumps(asdict(access))}
    with machine.pinned(machine.SYSTEM_CORE):
        done = subprocess.run(argv, env=environment, stdout=subprocess.PIPE, text=True, check=True)
    figures: dict[str, float] = json.loads(done.stdout.splitlines()[-1])
    return figures
