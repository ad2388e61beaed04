"""What all adapters together cost against the simulated city, and that a thousand times its speed changes no order.

Run by `make bench`. The city is a process of its own; outbox and database are real, Kafka is a list. Time is the
city's: pauses between two questions are as much shorter as its clock is faster, so that a simulated minute has as many
questions as a real one. Asserts what arrived, never a time.
"""

from __future__ import annotations

import asyncio
import os
import sys
import time
from collections import defaultdict
from collections.abc import AsyncIterator, Iterator, Sequence
from contextlib import asynccontextmanager
from datetime import UTC, datetime
from pathlib import Path

import httpx
import pytest

from cityhub.adapters.catalogue import ADAPTERS
from cityhub.adapters.kit import lines_adapter, mqtt_adapter
from cityhub.adapters.kit.adapter import Tools
from cityhub.adapters.kit.feed import SourceFeed
from cityhub.adapters.kit.outbox import Outbox
from cityhub.adapters.kit.polling import Pace, run_feed
from cityhub.adapters.kit.register import Register
from cityhub.adapters.kit.status import AdapterStatusReader
from cityhub.bus.publisher import Outgoing
from cityhub.hub.settings import Settings, parse
from cityhub.hub.sources import places
from cityhub.sandbox.city.chronicle import Chronicle
from cityhub.sandbox.city.served import SERVED
from cityhub.sdk.event import Event
from tests.bench.adapters.moving_clock import MovingClock
from tests.bench.lines import new_run
from tests.bench.machine import ROOT
from tests.ports import free_ports
from tests.unit.adapters.conformance.rig import PSEUDONYMS, said

BEGIN = datetime(2026, 11, 20, 11, tzinfo=UTC)
MEASURED_S = 40.0
QUIET_S = 3.0
RATES = [pytest.param(30.0, id="at-1x"), pytest.param(1_000.0, id="at-1000x")]
DERIVED = frozenset(
    {
        "city.roadworks",
        "dvv.roadworks",
        "wbd.roadworks",
        "city.council",
        "city.datasets",
        "duisport.vessels",
        "dvv.charging",
    }
)
"""They show how things stand: an event is what has changed between two questions, or still stands."""
_LONG_AGO = datetime.min.replace(tzinfo=UTC)


class Ledger:
    """What arrived, in that order; of dead letters topic and headers."""

    def __init__(self) -> None:
        self.events: list[Event] = []
        self.letters: list[tuple[str, list[tuple[str, bytes]]]] = []

    async def publish(self, topic: str, events: Sequence[Event]) -> None:
        self.events += events

    async def send(self, topic: str, records: Sequence[Outgoing]) -> None:
        self.letters += [(topic, headers) for _, _, headers in records]


@pytest.mark.parametrize("speed", RATES)
async def test_all_adapters(speed: float, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(mqtt_adapter, "FIRST_S", mqtt_adapter.FIRST_S / speed)
    monkeypatch.setattr(lines_adapter, "_LISTEN_S", lines_adapter._LISTEN_S / speed)
    ports = dict(zip(("city_port", "city_mqtt_port", "city_ais_port"), free_ports(3), strict=True))
    settings = parse({}, {"data": tmp_path, **ports})
    clock, ledger, lines = MovingClock(BEGIN, speed), Ledger(), new_run("whole-city", speed=speed)
    async with city(settings, clock) as child, adapters(settings, clock, ledger):
        began, used = time.monotonic(), time.process_time()
        await _quiet(ledger, tmp_path)
        history, history_cpu_s = len(ledger.events), time.process_time() - used
        history_s = time.monotonic() - began - QUIET_S
        assert child.stdin
        child.stdin.write(b"go\n")
        clock.go()
        used = time.process_time()
        await asyncio.sleep(MEASURED_S)
        used, end = time.process_time() - used, clock()
    simulated_s = (end - BEGIN).total_seconds()
    states = AdapterStatusReader(tmp_path / "adapters.db").all()
    lines.write(
        "whole-city",
        speed=speed,
        history=history,
        history_s=round(history_s, 1),
        history_cpu_s=round(history_cpu_s, 2),
        simulated_min=round(simulated_s / 60, 1),
        events=len(ledger.events) - history,
        cpu_s=round(used, 2),
        share_of_core=round(used / simulated_s, 5),
        waiting=sum(state.waiting for state in states),
    )
    assert {state.feed: state.error for state in states if state.error} == {}
    refused = {state.feed for state in states for reason in state.rejected if not reason.startswith("answer_")}
    assert refused <= {"duisport.vessels"}
    assert ledger.letters == []
    assert {state.feed for state in states} == ADAPTERS.keys()
    assert len(ledger.events) > history > 0
    assert list(_out_of_order(settings.city_seed, ledger.events, clock())) == []
    assert any(_out_of_order(settings.city_seed, ledger.events[::-1], clock()))


def _out_of_order(seed: int, events: Sequence[Event], end: datetime) -> Iterator[str]:
    """Things of which something arrived before what was told earlier."""
    arrived: dict[str, dict[str, Event]] = defaultdict(dict)
    for event in events:
        arrived[str(event.recordedby).partition("/")[0]][event.id] = event
    for served in SERVED:
        if ADAPTERS[served.feed][0].transport == "folder" or served.feed in DERIVED:
            continue
        chronicle, told = Chronicle(seed), defaultdict[str, list[datetime]](list)
        start = BEGIN - max(chronicle.history(name) for name in served.streams)
        before = served.before(chronicle, BEGIN - min(chronicle.history(name) for name in served.streams))
        for one in [*before, *chronicle.between(served.streams, start, end)]:
            told[said(served.arrives(one, PSEUDONYMS))].append(one.due)
        latest: dict[str, datetime] = {}
        for event in arrived[served.feed].values():
            due = min((due for due in told[said(event)] if due >= latest.get(event.subject, _LONG_AGO)), default=None)
            if due is None:
                yield f"{served.feed} {said(event)}"
            else:
                latest[event.subject] = due


@asynccontextmanager
async def city(settings: Settings, clock: MovingClock) -> AsyncIterator[asyncio.subprocess.Process]:
    """The city, serving."""
    child = await asyncio.create_subprocess_exec(
        sys.executable,
        "-m",
        "tests.bench.adapters.city_child",
        BEGIN.isoformat(),
        str(clock.speed),
        cwd=ROOT,
        env=settings.to_environment(os.environ),
        stdin=asyncio.subprocess.PIPE,
    )
    try:
        async with httpx.AsyncClient() as http, asyncio.timeout(60):
            while not await _answers(http, f"http://127.0.0.1:{settings.city_port}/healthz"):  # noqa: ASYNC110
                await asyncio.sleep(0.1)
        yield child
    finally:
        assert child.stdin
        child.stdin.close()
        await child.wait()


async def _answers(http: httpx.AsyncClient, url: str) -> bool:
    try:
        return (await http.get(url)).is_success
    except httpx.TransportError:
        return False


@asynccontextmanager
async def adapters(settings: Settings, clock: MovingClock, ledger: Ledger) -> AsyncIterator[None]:
    """All of them at work, as `hub.run.adapters` runs them."""
    stop = asyncio.Event()
    async with httpx.AsyncClient(trust_env=False) as http:
        tools = Tools(http=http, clock=clock, pseudonyms=PSEUDONYMS)
        register = Register(http, settings.register_url, clock)
        with Outbox(settings.data / "adapters.db") as outbox:
            feeds = []
            async with asyncio.TaskGroup() as group:
                for place in places(settings):
                    feed = SourceFeed(
                        ADAPTERS[place.source.feed][1](place.link, tools), place.link, outbox, register, clock
                    )
                    pace = Pace(every_s=place.every_s / clock.speed, jitter=lambda: 0.5, longest_s=300 / clock.speed)
                    feeds.append(feed)
                    group.create_task(run_feed(feed, outbox, ledger, pace=pace, clock=clock, stop=stop))
                yield
                stop.set()
            for feed in feeds:
                await feed.close()


async def _quiet(ledger: Ledger, folder: Path) -> None:
    """Until the history has arrived."""
    there = -1
    while there < len(ledger.events) or any(
        state.waiting for state in AdapterStatusReader(folder / "adapters.db").all()
    ):
        there = len(ledger.events)
        await asyncio.sleep(QUIET_S)
