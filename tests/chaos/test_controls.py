"""Positive controls: engines that are wrong on purpose are caught on the real broker by the same faults and checks."""

from __future__ import annotations

import asyncio
import json
import time
from collections import Counter
from collections.abc import Sequence
from pathlib import Path

import pytest

from tests.chaos.controls import TABLE
from tests.chaos.sizes import seed
from tests.integration.faults import oracle
from tests.integration.faults.campaign import LIMIT_S, Campaign, Run
from tests.integration.faults.schedule import Fault, Kind
from tests.integration.faults.stores import SqliteStore
from tests.integration.faults.traffic import Traffic
from tests.integration.servers import Kafka

KILLS = (Fault(Kind.KILL_WORKER),) * 5
QUIET_S = 20
TOTAL = 12_000
_PROGRAM = "tests.chaos.controls"


def plan(control: str, faults: Sequence[Fault], *, entities: bool = False, limit_s: float = 90.0) -> Campaign:
    """Traffic without poison and repeats: what is wrong at the end comes from the faults alone.

    Args:
        limit_s: how long to wait after a fault for records that may be lost.
    """
    end_s = int(time.time()) - 60
    traffic = Traffic(seed=seed(), total=TOTAL, end_s=end_s, entities=entities, poison=(), repeats=0.0, per_s=1000)
    return Campaign(traffic=traffic, faults=(*faults,), program=(_PROGRAM, control), settle=False, limit_s=limit_s)


@pytest.mark.parametrize("mutant", ["acknowledge-first", "no-compare-and-set"])
async def test_a_mutant_of_the_worker_is_caught(kafka: Kafka, tmp_path: Path, mutant: str) -> None:
    outcome = await Run(plan(mutant, KILLS, limit_s=30.0), kafka, SqliteStore(tmp_path), tmp_path).perform()
    print(f"\n{mutant}: {outcome.summary()}")
    assert outcome.lost + outcome.double > 0


async def test_a_worker_that_forgets_cells_is_caught(kafka: Kafka, tmp_path: Path) -> None:
    """It counts single events right; only joins and corrections are wrong."""
    mutant = plan("forgetful-cells", KILLS[:1], entities=True, limit_s=LIMIT_S)
    outcome = await Run(mutant, kafka, SqliteStore(tmp_path), tmp_path).perform()
    print(f"\nforgetful-cells: {outcome.summary()}")
    assert outcome.lost + outcome.double == 0
    assert [finding.invariant for finding in outcome.findings] == ["cells"]


class NaiveRun(Run):
    """The numbers of the naive application are the last values in its table's changelog."""

    async def counts(self) -> Counter[str]:
        """Events per line, as it counted them."""
        newest: dict[tuple[int, bytes], int] = {}
        async for record in oracle.read_topic(self.kafka.access, self._changelog):
            newest[record.partition, record.key] = int(record.value)
        found: Counter[str] = Counter()
        for (_, key), count in newest.items():
            found[json.loads(key).partition("/")[2]] += count
        return found

    async def compare(self) -> tuple[Counter[str], Counter[str]]:
        """Perform the campaign: (counted, due) per line."""
        await self.perform()
        truth = await oracle.truth(self.kafka.access, self.topic, self.ledger_file)
        due = Counter({window.line or "": 0 for window in truth.windows})
        for window, count in truth.windows.items():
            due[window.line or ""] += count.n if window.kind == "hour" and window.line else 0
        return await self.counts(), +due

    @property
    def _changelog(self) -> str:
        return f"naive-{self.topic}-{TABLE}-changelog"

    async def _recover(self, number: int, fault: Fault) -> None:
        """Wait until it has counted something since the fault."""
        before, end = await self._total(), time.monotonic() + self.plan.limit_s
        while await self._total() <= before and time.monotonic() < end:  # noqa: ASYNC110 - the broker has no event
            await asyncio.sleep(0.5)

    async def _catch_up(self) -> None:
        """Wait until it counts no more, for longer than a killed member blocks the group."""
        last, since = -1, time.monotonic()
        while time.monotonic() - since < QUIET_S:
            if (now := await self._total()) != last:
                last, since = now, time.monotonic()
            await asyncio.sleep(0.5)

    async def _total(self) -> int:
        return (await self.counts()).total()


async def test_the_naive_application_is_right_without_faults_and_caught_with_them(
    kafka: Kafka, tmp_path_factory: pytest.TempPathFactory
) -> None:
    counted, due = await naive(kafka, tmp_path_factory.mktemp("calm"), ())
    assert counted == due
    counted, due = await naive(kafka, tmp_path_factory.mktemp("kills"), KILLS)
    print(f"\nnaive: {due.total()} events, lost {(due - counted).total()}, double {(counted - due).total()}")
    assert due.total() == TOTAL
    assert counted != due


async def naive(kafka: Kafka, folder: Path, faults: Sequence[Fault]) -> tuple[Counter[str], Counter[str]]:
    """One campaign against it: (counted, due) per line."""
    return await NaiveRun(plan("naive", faults), kafka, SqliteStore(folder), folder).compare()
