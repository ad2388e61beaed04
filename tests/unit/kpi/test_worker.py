"""The worker's watch: completeness on busy streams, stall and gap end the process, trouble with the store does not."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from pathlib import Path
from types import SimpleNamespace

import pytest
from faust.types import TP
from sqlalchemy import select

from cityhub.bus.access import KafkaAccess
from cityhub.bus.batch_consumer import LogRecord
from cityhub.bus.errors import BusUnavailable, LogBroken
from cityhub.kpi import worker as worker_module
from cityhub.kpi.definition import load_catalogue
from cityhub.kpi.errors import StoreUnavailable
from cityhub.kpi.kernel.evaluate import Evaluator, Record
from cityhub.kpi.store import schema
from cityhub.kpi.store.database import Database
from cityhub.kpi.store.writer import KpiWriter
from cityhub.kpi.worker import KpiWorker
from tests.unit.kpi.samples import TOPIC, departure, records

ACCESS = KafkaAccess(bootstrap="127.0.0.1:1", username="hub", password="none")


class Rig:
    """A worker over a real store, without a broker: the test says where the log ends."""

    def __init__(self, path: Path) -> None:
        self.database = Database(path)
        self.writer = KpiWriter(self.database, Evaluator(load_catalogue()), "test")
        self.worker = KpiWorker(ACCESS, self.writer, [TOPIC], asyncio.Event(), "test")
        self.worker._start_offset(TOPIC, 0)
        self.end = 0

    async def apply(self, first: int, count: int) -> None:
        batch = [
            LogRecord(*record) for record in records(*(departure(first + i, 0) for i in range(count)), first=first)
        ]
        applying = asyncio.create_task(self.worker._apply(TOPIC, 0, batch))
        await asyncio.wait({applying}, timeout=1)
        applying.cancel()

    async def look(self, end: int) -> None:
        async def highwaters(*_: TP) -> dict[TP, int]:
            return {TP(TOPIC, 0): end}

        consumer = SimpleNamespace(assignment=lambda: {TP(TOPIC, 0)}, highwaters=highwaters)
        await self.worker._look(SimpleNamespace(consumer=consumer))  # type: ignore[arg-type]

    def complete_ms(self) -> int:
        with self.database.begin() as connection:
            return int(connection.execute(select(schema.cursor.c.complete_ms)).scalar_one())


@pytest.fixture
def rig(tmp_path: Path) -> Iterator[Rig]:
    made = Rig(tmp_path / "store.db")
    yield made
    made.database.close()


async def test_a_stream_that_never_rests_is_complete_up_to_the_last_goal(rig: Rig) -> None:
    await rig.apply(0, 3)
    await rig.look(end=5)
    assert rig.complete_ms() == 0
    await rig.apply(3, 3)
    await rig.look(end=9)
    first = rig.complete_ms()
    assert first > 0
    await rig.look(end=12)
    assert rig.complete_ms() == first
    await rig.apply(6, 6)
    await rig.look(end=12)
    assert rig.complete_ms() > first


async def test_a_stalled_partition_ends_the_process(rig: Rig, monkeypatch: pytest.MonkeyPatch) -> None:
    await rig.apply(0, 3)
    await rig.look(end=5)
    assert rig.worker._failure is None
    monkeypatch.setattr(worker_module, "STALL_S", 0.0)
    await rig.look(end=3)
    assert rig.worker._failure is None
    await rig.look(end=5)
    assert isinstance(rig.worker._failure, BusUnavailable)
    assert "no progress" in str(rig.worker._failure)


async def test_a_gap_ends_the_process_and_applies_nothing(rig: Rig) -> None:
    await rig.apply(0, 3)
    await rig.apply(5, 2)
    assert isinstance(rig.worker._failure, LogBroken)
    assert rig.writer.position(TOPIC, 0).offset == 2


async def test_trouble_with_the_store_is_retried_in_place(rig: Rig, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(worker_module, "_RETRY_S", (0.01,))
    real, failures = rig.writer.apply, iter([StoreUnavailable("disk full")] * 3)

    def apply(topic: str, part: int, batch: list[Record]) -> int:
        for failure in failures:
            raise failure
        return real(topic, part, batch)

    monkeypatch.setattr(rig.writer, "apply", apply)
    await rig.apply(0, 3)
    assert rig.writer.position(TOPIC, 0).offset == 2
    assert rig.worker._failure is None
