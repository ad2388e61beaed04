"""The suite that every adapter passes."""

from __future__ import annotations

import itertools
from collections import Counter
from collections.abc import Callable
from contextlib import suppress
from datetime import datetime, timedelta
from pathlib import Path

import pytest
import structlog

from cityhub.adapters.catalogue import ADAPTERS
from cityhub.adapters.errors import FeedFault
from cityhub.adapters.kit.adapter import Known
from cityhub.adapters.kit.status import AdapterStatusReader, FeedStatus
from tests.unit.adapters.conformance.broker import Broker, Killed
from tests.unit.adapters.conformance.rig import NOW, SECRET, Rig, by_id, live, rigs, said
from tests.unit.adapters.conformance.spoiling import BOMB, spoilers

each = pytest.mark.parametrize("rig", rigs(), ids=lambda rig: rig.served.feed)
_KILLS = 24
_LATEST = timedelta(minutes=5)


def status(folder: Path) -> FeedStatus:
    """How the feed is doing."""
    (found,) = AdapterStatusReader(folder / "adapters.db").all()
    return found


def test_every_adapter_is_served_by_the_simulated_city() -> None:
    assert {rig.served.feed for rig in rigs()} == ADAPTERS.keys()


@each
async def test_all_that_the_partner_tells_arrives_once(rig: Rig, tmp_path: Path) -> None:
    broker = Broker()
    await live(rig, tmp_path, broker)
    assert status(tmp_path).rejected.keys() == set(rig.served.refused)
    told = Counter(map(said, rig.expected()))
    assert Counter(said(event) for event in by_id(broker.events).values()) == told
    assert len(by_id(broker.events)) == len(broker.events) > 0
    assert {event.type for event in broker.events} == set(ADAPTERS[rig.served.feed][0].event_types)
    assert all(event.synthetic for event in broker.events)


@each
async def test_killed_at_any_step_nothing_is_lost_and_nothing_doubled(rig: Rig, tmp_path: Path) -> None:
    """The points of one undisturbed life are counted; then lives on one disk end at ever later ones."""
    whole, points = Broker(), itertools.count()
    (tmp_path / "whole").mkdir()
    await live(rig, tmp_path / "whole", whole, point=lambda _: next(points) and None)
    total = next(points)
    folder, kept = tmp_path / "killed", Broker()
    folder.mkdir()
    for at in sorted({1 + number * total // _KILLS for number in range(_KILLS)}):
        fuse = _fuse(at)
        broker = Broker(fuse)
        with suppress(Killed):  # where little is left to do the life ends before
            await live(rig, folder, broker, point=fuse)
        kept.events += broker.events
    await live(rig, folder, kept)
    assert by_id(kept.events).keys() == by_id(whole.events).keys()
    assert {id_: said(event) for id_, event in by_id(kept.events).items()} == {
        id_: said(event) for id_, event in by_id(whole.events).items()
    }


def _fuse(at: int) -> Callable[[str], None]:
    left = itertools.count(1)

    def point(_: str) -> None:
        if next(left) == at:
            raise Killed

    return point


@each
async def test_asked_again_it_tells_nothing_twice_and_from_scratch_the_same(rig: Rig, tmp_path: Path) -> None:
    first, again, afresh = Broker(), Broker(), Broker()
    await live(rig, tmp_path, first)
    await live(rig, tmp_path, again)
    assert again.events == []
    (tmp_path / "adapters.db").unlink()
    await live(rig, tmp_path, afresh)
    assert [event.id for event in afresh.events] == [event.id for event in first.events]


@each
async def test_what_lies_ahead_of_a_slow_clock_is_refused_by_name_and_the_rest_goes_on(
    rig: Rig, tmp_path: Path
) -> None:
    slow = NOW - timedelta(days=1)

    def clock() -> datetime:
        return slow

    broker = Broker()
    await live(rig, tmp_path, broker, clock=clock)
    told = [one for one in rig.expected() if one.time <= slow + _LATEST]
    assert Counter(said(event) for event in by_id(broker.events).values()) == Counter(map(said, told))
    ahead = len(rig.expected()) - len(told)
    refused = {reason: count for reason, count in status(tmp_path).rejected.items() if reason not in rig.served.refused}
    assert refused == ({"time_in_future": ahead} if ahead else {})


@each
async def test_spoilt_answers_are_faults_or_rejects_and_never_more(rig: Rig, tmp_path: Path) -> None:
    """Cut at every fiftieth, flipped bits, other encodings, bombs: each is answered within the adapter's own errors."""
    outcomes: Counter[str] = Counter()
    for number, spoil in enumerate(spoilers()):
        folder = tmp_path / str(number)
        folder.mkdir()
        async with rig.link(folder, spoil) as (link, tools):
            adapter = rig.connect(link, tools)
            try:
                reading = await adapter.ask(Known("", {}))
                outcomes["rejects" if reading.rejects else "read"] += 1
            except FeedFault as fault:
                outcomes[fault.reason] += 1
            finally:
                await adapter.close()
    assert sum(outcomes.values()) == len(spoilers())
    assert outcomes["read"] < len(spoilers()) // 2, outcomes


@each
async def test_after_a_bad_answer_the_good_ones_go_on(rig: Rig, tmp_path: Path) -> None:
    broker = Broker()
    async with rig.link(tmp_path, lambda _: BOMB) as (link, tools):
        adapter = rig.connect(link, tools)
        with suppress(FeedFault):
            assert (await adapter.ask(Known("", {}))).rejects
        await adapter.close()
    await live(rig, tmp_path, broker)
    assert Counter(said(event) for event in by_id(broker.events).values()) == Counter(map(said, rig.expected()))


@each
async def test_credentials_are_never_told(rig: Rig, tmp_path: Path) -> None:
    with structlog.testing.capture_logs() as logs:
        async with rig.link(tmp_path, lambda _: b"{") as (link, tools):
            assert SECRET not in repr(link)
            adapter = rig.connect(link, tools)
            told = ""
            try:
                told = repr(await adapter.ask(Known("", {})))
            except FeedFault as fault:
                told = str(fault)
            finally:
                await adapter.close()
    assert told
    assert SECRET not in told + repr(logs)
