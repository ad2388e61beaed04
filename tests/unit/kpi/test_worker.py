"""The worker without a broker: trouble with the store is retried in place, everything else ends the process."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from pathlib import Path

import pytest

from cityhub.bus.access import KafkaAccess
from cityhub.bus.errors import LogBroken
from cityhub.bus.log_proof import TopicState
from cityhub.kpi import worker as worker_module
from cityhub.kpi.errors import StoreUnavailable
from cityhub.kpi.worker import KpiWorker
from tests.unit.kpi.engine import JOB, Engine
from tests.unit.kpi.samples import TOPIC, Record, departure, records

ACCESS = KafkaAccess(bootstrap="127.0.0.1:1", username="hub", password="none")
_LONG_S = 60


@pytest.fixture
def engine(tmp_path: Path) -> Iterator[Engine]:
    made = Engine(tmp_path / "store.db")
    made.know([TOPIC])
    yield made
    made.database.close()


async def _apply(engine: Engine, batch: list[Record]) -> Exception | None:
    """Let a worker apply a batch; what ended it, None when the batch was acknowledged."""
    worker = KpiWorker(ACCESS, engine.writer, [TOPIC], asyncio.Event(), JOB)
    applying = asyncio.create_task(worker._apply(TOPIC, 0, batch))
    await asyncio.wait({applying, worker._failed}, timeout=_LONG_S, return_when=asyncio.FIRST_COMPLETED)
    acknowledged = applying.done()
    applying.cancel()
    assert acknowledged != worker._failed.done()
    error = worker._failed.exception() if worker._failed.done() else None
    worker._failed.cancel()
    assert error is None or isinstance(error, Exception)
    return error


async def test_a_gap_ends_the_process_and_applies_nothing(engine: Engine) -> None:
    assert await _apply(engine, records(*(departure(i, 0) for i in range(3)))) is None
    error = await _apply(engine, records(*(departure(i, 0) for i in range(2)), first=5))
    assert isinstance(error, LogBroken)
    assert "Restore the topic" in str(error)
    assert engine.writer.position(TOPIC, 0).offset == 2


async def test_another_log_ends_the_process(engine: Engine) -> None:
    assert await _apply(engine, records(departure(1, 0))) is None
    assert isinstance(await _apply(engine, records(departure(2, 0), departure(3, 0))), LogBroken)


async def test_trouble_with_the_store_is_retried_in_place(engine: Engine, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(worker_module, "_RETRY_S", (0.01,))
    real, failures = engine.writer.apply, iter([StoreUnavailable("disk full")] * 3)

    def apply(topic: str, part: int, batch: list[Record]) -> int:
        for failure in failures:
            raise failure
        return real(topic, part, batch)

    monkeypatch.setattr(engine.writer, "apply", apply)
    assert await _apply(engine, records(*(departure(i, 0) for i in range(3)))) is None
    assert engine.writer.position(TOPIC, 0).offset == 2


async def test_a_fault_nobody_foresaw_is_never_acknowledged(engine: Engine, monkeypatch: pytest.MonkeyPatch) -> None:
    def apply(*_: object) -> int:
        raise ZeroDivisionError("outside any event")

    monkeypatch.setattr(engine.writer, "apply", apply)
    assert isinstance(await _apply(engine, records(departure(1, 0))), ZeroDivisionError)
    assert engine.writer.position(TOPIC, 0).offset == -1


async def test_all_cursors_are_made_before_anything_is_read(engine: Engine, monkeypatch: pytest.MonkeyPatch) -> None:
    """A cell forgets by the slowest of them; one that is missing would not be waited for."""

    async def nothing(*_: object) -> dict[object, bytes]:
        return {}

    monkeypatch.setattr(worker_module, "records_at", nothing)
    monkeypatch.setattr(worker_module, "topic_states", lambda *_: {TOPIC: TopicState("the topic's id", 3)})
    await KpiWorker(ACCESS, engine.writer, [TOPIC], asyncio.Event(), JOB)._prove_log()
    assert engine.writer.cursors() == dict.fromkeys(((TOPIC, part) for part in range(3)), -1)
