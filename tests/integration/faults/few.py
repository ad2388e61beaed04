"""The few faults that `make test` can afford; `make chaos` does the rest."""

from __future__ import annotations

import time
from pathlib import Path

from tests.integration.faults.campaign import Campaign, Outcome, Run
from tests.integration.faults.schedule import Fault, Kind
from tests.integration.faults.stores import SqliteStore, Store
from tests.integration.faults.traffic import POISON, Traffic
from tests.integration.servers import Kafka

FEW = (
    Fault(Kind.KILL_WORKER),
    Fault(Kind.STOP_WORKER, 5.0),
    Fault(Kind.CUT, 1.0, patient=False),
    Fault(Kind.KILL_BROKER, 0.5),
    Fault(Kind.KILL_PUBLISHER),
)


async def few_faults(
    kafka: Kafka,
    folder: Path,
    *,
    store: Store | None = None,
    faults: tuple[Fault, ...] = FEW,
    poison: tuple[str, ...] = tuple(POISON),
    workers: int = 1,
    seed: int = 1,
) -> Outcome:
    """A small campaign with every kind of poison; the numbers are exact when the outcome has no finding.

    Args:
        store: default: a SQLite file in the folder.
    """
    traffic = Traffic(
        seed=seed, total=8_000, end_s=int(time.time()) - 60, entities=True, poison=poison, poison_rate=0.01
    )
    plan = Campaign(traffic=traffic, faults=faults, workers=workers, settle=False)
    return await Run(plan, kafka, store or SqliteStore(folder), folder).perform()
