"""The simulated streams: contracts are kept, the same story every time, history once, nothing lost in trouble."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from itertools import chain, pairwise
from pathlib import Path

import pytest

from cityhub.bus.errors import BusUnavailable
from cityhub.sandbox.city import feeder as feeder_module
from cityhub.sandbox.city.feeder import Feeder
from cityhub.sandbox.city.streams import STREAMS, Stream, events_between
from cityhub.sdk.conformance import violations
from cityhub.sdk.contract import load_contracts
from cityhub.sdk.event import Event

NOW = datetime(2026, 11, 20, 11, tzinfo=UTC)
CONTRACTS = load_contracts()
by_name = pytest.mark.parametrize("stream", STREAMS, ids=lambda stream: stream.name)


def told(stream: Stream, start: datetime, end: datetime, seed: int = 1) -> list[Event]:
    return events_between(seed, stream, start, end, CONTRACTS)


@by_name
def test_events_keep_their_contracts_and_are_marked(stream: Stream) -> None:
    start = NOW - min(stream.backfill, timedelta(days=60))
    if stream.name == "references":
        start = NOW - stream.backfill
    events = told(stream, start, NOW)
    assert events
    assert list(chain.from_iterable(violations(CONTRACTS[event.type], event.data) for event in events)) == []
    assert all(event.synthetic and start <= event.time < NOW for event in events)
    horizons = {CONTRACTS[event.type].horizon_s for event in events}
    assert stream.backfill.total_seconds() < min(horizons)


@by_name
def test_the_story_does_not_depend_on_how_it_is_asked(stream: Stream) -> None:
    start = NOW - timedelta(days=3)
    whole = told(stream, start, NOW)
    cuts = [start, start + timedelta(hours=7, minutes=13), NOW - timedelta(minutes=1), NOW]
    parts = list(chain.from_iterable(told(stream, one, two) for one, two in pairwise(cuts)))
    assert [event.id for event in parts] == [event.id for event in whole]
    assert [event.contenthash for event in parts] == [event.contenthash for event in whole]


def test_ids_are_never_used_again_for_other_content() -> None:
    """An application's submission is the same whether it is told on its own day or looked up by its decision."""
    contents: dict[str, str] = {}
    for stream in STREAMS:
        for event in told(stream, NOW - timedelta(days=29), NOW):
            assert contents.setdefault(event.id, event.contenthash) == event.contenthash
    assert contents


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
    expected = list(chain.from_iterable(told(stream, NOW - stream.backfill, later) for stream in STREAMS))
    assert sorted(ids) == sorted(event.id for event in expected)


async def test_an_unreadable_state_begins_anew(tmp_path: Path) -> None:
    (tmp_path / "city.json").write_text("{", "utf-8")
    log = Log()
    await _feed(log, tmp_path / "city.json", NOW)
    assert len(log.events) > 1000
