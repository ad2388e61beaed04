"""The archiver over a backlog, as a process of its own; prints what it took. Arguments: store, archive, topic."""

from __future__ import annotations

import asyncio
import json
import os
import resource
import sys
import time

from cityhub.bus.access import KafkaAccess
from cityhub.bus.archive.chain import Chain
from cityhub.bus.archive.progress import Round
from cityhub.bus.archive.storage import storage_of
from cityhub.bus.archive.upkeep import compact
from cityhub.bus.archiver import Archiver
from cityhub.bus.log_reader import LogReader
from cityhub.kpi.archiving import ArchiveLease
from cityhub.kpi.store.clocks import JOB
from cityhub.kpi.store.database import Database
from cityhub.kpi.store.judged import StoreJudge
from tests.bench.lamps.hub import catalogue_over


async def main(store: str, archive: str, topic: str) -> None:
    access = KafkaAccess(**json.loads(os.environ["BENCH_ACCESS"]))
    storage, database, stop = storage_of(archive), Database(store), asyncio.Event()

    def tell(told: Round) -> None:
        if not told.behind:
            stop.set()

    archiver = Archiver(
        lambda: LogReader(access, client_id="bench-archiver"),
        storage,
        catalogue_over(topic, "lamp").contracts,
        StoreJudge(database, JOB),
        alone=ArchiveLease(database).alone,
        upkeep=lambda _, __: False,
        tell=tell,
    )
    began, spent = time.perf_counter(), time.process_time()
    await archiver.run(stop)
    cpu_s, wall_s = time.process_time() - spent, time.perf_counter() - began
    state = Chain(storage, topic).state()
    rss_mb, spent = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024, time.process_time()
    merged = compact(storage, state, int(time.time() * 1000), over=True)
    figures = {
        "events": sum(file.rows for file in state.files.values()),
        "cpu_s": round(cpu_s, 3),
        "wall_s": round(wall_s, 3),
        "files": len(state.files),
        "bytes": sum(file.bytes for file in state.files.values()),
        "merged_files": len(merged.files),
        "merged_bytes": sum(file.bytes for file in merged.files.values()),
        "merge_cpu_s": round(time.process_time() - spent, 3),
        "rss_mb": round(rss_mb, 1),
    }
    print(json.dumps(figures))


if __name__ == "__main__":
    asyncio.run(main(*sys.argv[1:]))
