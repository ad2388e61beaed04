"""The loop: outages on either side, bounded waiting, back-off."""

from __future__ import annotations

import asyncio
from datetime import UTC, datetime
from pathlib import Path

import pytest

from cityhub.adapters.dvv.transit.source import DVV_TRANSIT
from cityhub.adapters.errors import StateUnavailable
from cityhub.adapters.kit.outbox import Outbox
from cityhub.adapters.kit.polling import Pace, run_feed
from cityhub.adapters.kit.source import Source
from cityhub.adapters.kit.status import AdapterStatusReader
from tests.unit.adapters.doubles import Ledger, until
from tests.unit.adapters.test_outbox import effects

NOW = datetime(2026, 11, 20, 7, tzinfo=UTC)


class Counting:
    """A feed that has one new event at every question."""

    source: Source = DVV_TRANSIT

    def __init__(self, outbox: Outbox) -> None:
        self._outbox = outbox
        self.asked = 0
        self._step = outbox.open(DVV_TRANSIT, "http://one").step

    async def step(self) -> bool:
        self.asked += 1
        self._step = self._outbox.commit(DVV_TRANSIT, self._step, effects(self.asked))
        return False


def pace(outbox_limit: int = 1000) -> Pace:
    return Pace(every_s=0.005, jitter=lambda: 0.0, longest_s=0.02, outbox_limit=outbox_limit)


async def test_broker_outage_stops_reading_only_when_the_outbox_is_full_and_loses_nothing(tmp_path: Path) -> None:
    ledger, stop = Ledger(), asyncio.Event()
    ledger.down = True
    with Outbox(tmp_path / "a.db") as outbox:
        feed = Counting(outbox)
        running = asyncio.create_task(
            run_feed(feed, outbox, ledger, pace=pace(outbox_limit=20), clock=lambda: NOW, stop=stop)
        )
        await until(lambda: feed.asked == 20)
        attempts = ledger.attempts
        await until(lambda: ledger.attempts > attempts + 3)
        assert feed.asked == 20
        assert AdapterStatusReader(tmp_path / "a.db").all()[0].delivery_error == "the broker does not answer"
        ledger.down = False
        await until(lambda: feed.asked > 30)
        stop.set()
        await running
        taken = [event.data["n"] for event in ledger.events]
        assert taken == list(range(1, len(taken) + 1))
        assert len(taken) + outbox.waiting(DVV_TRANSIT.feed) == feed.asked


async def test_database_that_fails_ends_the_loop_with_its_own_error(tmp_path: Path) -> None:
    with Outbox(tmp_path / "a.db") as outbox, Outbox(tmp_path / "a.db") as other:
        feed = Counting(outbox)
        other.commit(DVV_TRANSIT, other.open(DVV_TRANSIT, "http://one").step, effects(99))
        with pytest.raises(StateUnavailable, match="another process"):
            await run_feed(feed, outbox, Ledger(), pace=pace(), clock=lambda: NOW, stop=asyncio.Event())


def pauses(every_s: float, jitter: float = 1.0) -> list[float]:
    """After none, one, two, three, nine and five hundred faults."""
    asked = Pace(every_s=every_s, jitter=lambda: jitter)
    return [asked.pause_s(faults) for faults in (0, 1, 2, 3, 9, 500)]


def test_after_a_fault_is_asked_again_soon_and_then_more_and_more_seldom() -> None:
    assert pauses(3_600) == [3_600, 4, 8, 16, 300, 300]
    assert pauses(10) == [10, 4, 8, 16, 300, 300]
    assert pauses(1) == [1, 1, 2, 4, 256, 300]
    assert pauses(3_600, jitter=0.0) == [3_600, 2, 4, 8, 150, 150]
