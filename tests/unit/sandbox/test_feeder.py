"""The feeder: history once, then what happens, and nothing lost in trouble."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from itertools import chain
from pathlib import Path

import pytest

from cityhub.bus.errors import BusUnavailable
from cityhub.sandbox.city import feeder as feeder_module
from cityhub.sandbox.city.feeder import Feeder
from cityhub.sandbox.city.streams import STREAMS, Stream, events_between
from cityhub.sdk.contract import load_contracts
from cityhub.sdk.event import Event

NOW = datetime(2026, 11, 20, 11, tzinfo=UTC)
CONTRACTS = load_contracts()
SOME = tuple(one for one in STREAMS if one.name in {"references", "maturity", "bins", "parking-tickets", "gauge"})


class Log:
    """Takes events; refuses the first `faults` sends."""

    def __init__(self, faults: int = 0) -> None:
        self.events: list[Event] = []
        self.faults = faults

    async def publish(self, topic: str, events: Sequence[Event]) -> None:
        if self.faults:
            self.faults -= 1
            raise BusUnavailable("no broker")
        assert {CONTRACTS[event.type].topic for event in events} == {topic}
        self.events += events


@pytest.fixture(autouse=True)
def few_streams(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(feeder_module, "UNSERVED", SOME)


async def _feed(log: Log, state: Path, *moments: datetime) -> None:
    """Let a feeder make one round at each moment, then end it."""
    stop, times = asyncio.Event(), iter(moments)
    now = next(times)

    def clock() -> datetime:
        return now

    feeder = Feeder(1, CONTRACTS, log, state, clock)  # type: ignore[arg-type]
    running = asyncio.create_task(feeder.run(stop))
    for moment in [*times, None]:
        seen = -1
        while seen != len(log.events) or log.faults:
            seen = len(log.events)
            await asyncio.sleep(0.02)
        if moment is not None:
            now = moment
    stop.set()
    await running


async def test_history_is_told_once_and_then_what_happens(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(feeder_module, "EVERY_S", 0.01)
    monkeypatch.setattr(feeder_module, "_RETRY_S", 0.01)
    later = NOW + timedelta(hours=3)
    first, second = Log(faults=3), Log()
    await _feed(first, tmp_path / "city.json", NOW)
    await _feed(second, tmp_path / "city.json", later)
    ids = [event.id for event in (*first.events, *second.events)]
    expected = list(
        chain.from_iterable(events_between(1, stream, NOW - stream.backfill, later, CONTRACTS) for stream in SOME)
    )
    assert sorted(ids) == sorted(event.id for event in expected)


async def test_an_unreadable_state_begins_anew(tmp_path: Path) -> None:
    (tmp_path / "city.json").write_text("{", "utf-8")
    log = Log()
    await _feed(log, tmp_path / "city.json", NOW)
    assert len(log.events) > 1000


async def test_a_day_is_made_up_once(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Passes of a day take what was made up at its begin; midnight makes up one day more."""
    asked: list[tuple[str, object]] = []

    def counted(stream: Stream) -> Stream:
        def of_day(seed: int, day: object) -> object:
            asked.append((stream.name, day))
            return stream.of_day(seed, day)  # type: ignore[arg-type]

        return Stream(stream.name, timedelta(days=1), of_day)  # type: ignore[arg-type]

    monkeypatch.setattr(feeder_module, "UNSERVED", tuple(map(counted, SOME)))
    now = NOW
    feeder = Feeder(1, CONTRACTS, Log(), tmp_path / "city.json", lambda: now)  # type: ignore[arg-type]
    for _ in range(200):
        await feeder.advance()
        now += timedelta(minutes=4)
    assert len(asked) == len(set(asked)) == len(SOME) * 4
