"""Numbers stay exact under every fault at once. Run by `make chaos`; see docs/proof.md for sizes and replays."""

from __future__ import annotations

import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.chaos.sizes import seed, size
from tests.integration.faults.campaign import Campaign, Run
from tests.integration.faults.schedule import Kind, schedule
from tests.integration.faults.stores import PostgresStore, SqliteStore, Store
from tests.integration.faults.traffic import Traffic
from tests.integration.servers import Kafka

_OF_SOME_STORES = {Kind.KILL_DATABASE, Kind.FULL_DISK}


@pytest.fixture(params=["sqlite", "postgresql"])
def store(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Store]:
    made: Store
    if request.param == "sqlite":
        made = SqliteStore(tmp_path, disk_kib=(64 << 10) + size().records)  # 1 KiB per record, and a write-ahead log
    else:
        made = PostgresStore(request.getfixturevalue("postgres"))
    yield made
    made.close()


async def test_campaign(kafka: Kafka, store: Store, tmp_path: Path) -> None:
    wanted, number = size(), seed()
    kinds = (set(Kind) - _OF_SOME_STORES) | store.faults
    traffic = Traffic(seed=number, total=wanted.records, end_s=int(time.time()) - 60, entities=True)
    plan = Campaign(
        traffic=traffic,
        faults=tuple(schedule(number, wanted.faults, kinds, wanted.longest_s)),
        workers=1 + (Kind.KILL_DATABASE in store.faults),
    )
    outcome = await Run(plan, kafka, store, tmp_path).perform()
    left_out = [kind.value for kind in set(Kind) - kinds]
    print(f"\nchaos: {outcome.summary()}; left out: {left_out}; journal: {tmp_path / 'journal.jsonl'}")
    assert outcome.findings == [], f"SEED={number} replays it"
