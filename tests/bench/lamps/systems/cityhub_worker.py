"""The hub's worker over SQLite: deduplication, digests, cursor and effects in one transaction."""

import asyncio
import sys
from pathlib import Path

import work

sys.path.insert(0, str(Path(__file__).parents[4]))

from tests.bench.lamps import hub

from cityhub.bus.access import KafkaAccess
from cityhub.kpi import worker

_LOOK_S = 0.1


async def main(task: work.Task) -> None:
    access = KafkaAccess(bootstrap=task.bootstrap, username=task.username, password=task.password)
    catalogue = hub.catalogue_over(task.topic, task.by)
    store, stop = Path(task.scratch) / "store.db", asyncio.Event()
    work.ready()
    serving = asyncio.create_task(worker.serve(access, store, stop, catalogue=catalogue, job=task.group))
    while hub.records(store) < task.events and not serving.done():  # noqa: ASYNC110 - another thread's commits
        await asyncio.sleep(_LOOK_S)
    work.done(hub.records(store))
    stop.set()
    await serving
    work.write(task, hub.rows(store, task.by))


if __name__ == "__main__":
    asyncio.run(main(work.task()))
