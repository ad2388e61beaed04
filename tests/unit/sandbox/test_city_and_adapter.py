"""The real adapter against the simulated city: every departure that happened comes out once, with the right delay."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path

import httpx
import pytest
import uvicorn

from cityhub.adapters.dvv.transit.feed import TransitFeed, run_transit
from cityhub.adapters.dvv.transit.mapping import SETTLE_S
from cityhub.adapters.dvv.transit.source import PREDICTED, STOP_DEPARTED, TRIP_CANCELLED, ControlCentre
from cityhub.adapters.errors import FeedFault
from cityhub.adapters.kit.outbox import Outbox
from cityhub.adapters.kit.status import AdapterStatusReader
from cityhub.sandbox.city.app import create_city
from cityhub.sandbox.city.messages import EARLIEST_S, has_prognosis
from cityhub.sandbox.city.network import build_network
from cityhub.sandbox.city.timetable import trips_of
from cityhub.sandbox.city.traffic import drive
from cityhub.sdk.event import Event
from tests.unit.adapters.doubles import Ledger, until

LINES = build_network()[2:5]
SEED = 11
END = datetime(2026, 11, 20, 20, tzinfo=UTC)
HOURS = 48


class Clock:
    """Stands until it is set."""

    def __init__(self, now: datetime) -> None:
        self.now = now

    def __call__(self) -> datetime:
        return self.now


class Switch(httpx.AsyncBaseTransport):
    """The network between adapter and city."""

    def __init__(self, clock: Clock, hours: int) -> None:
        self._city = httpx.ASGITransport(create_city(SEED, clock, hours, LINES))
        self.down = False

    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        if self.down:
            raise httpx.ConnectError("no route")
        return await self._city.handle_async_request(request)


@asynccontextmanager
async def adapter(path: Path, clock: Clock, network: Switch) -> AsyncIterator[tuple[TransitFeed, Outbox]]:
    """The adapter without its loop."""
    with Outbox(path) as outbox:
        async with httpx.AsyncClient(transport=network) as http:
            yield TransitFeed(http, outbox, ControlCentre(url="http://city", name="x"), clock), outbox


async def catch_up(feed: TransitFeed) -> None:
    """Ask until nothing is left."""
    while await feed.step():
        pass


def told(outbox: Outbox) -> list[Event]:
    """All events in the outbox, each once."""
    events = outbox.oldest("dvv.transit", 1_000_000)[1].get("du.evt.dvv.transit.v1", [])
    assert len({event.id for event in events}) == len(events)
    return events


def happened(begin: datetime, end: datetime) -> dict[tuple[str, str, str, str], int]:
    """What the simulation knows: delay by (day, trip, stop, planned) of trips wholly within, ended departures only."""
    truth = {}
    for ahead in range((end.date() - begin.date()).days + 2):
        for trip in trips_of(LINES, begin.date() + timedelta(days=ahead - 1)):
            went = drive(SEED, trip, LINES)
            if went.cancelled or went.silent or trip.planned_s[0] - EARLIEST_S < begin.timestamp():
                continue
            for stop, planned_s, departed_s in zip(trip.stops, trip.planned_s, went.departed_s, strict=False):
                if departed_s + SETTLE_S <= end.timestamp():
                    at = datetime.fromtimestamp(planned_s, UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
                    truth[trip.day.isoformat(), trip.id, stop.id, at] = departed_s - planned_s
    return truth


def emitted(events: list[Event]) -> dict[tuple[str, str, str, str], int]:
    """The same of the events."""
    return {
        (data["operating_day"], data["trip"], data["stop"], data["planned_at"]): data["delay_s"]
        for data in (event.data for event in events if event.type == STOP_DEPARTED)
    }


async def test_first_start_tells_the_last_48_hours_as_they_were(tmp_path: Path) -> None:
    clock = Clock(END)
    async with adapter(tmp_path / "a.db", clock, Switch(clock, HOURS)) as (feed, outbox):
        await catch_up(feed)
        events = told(outbox)
        kept = outbox.open(feed.source, "http://city").memory
    begin, truth = END - timedelta(hours=HOURS), happened(END - timedelta(hours=HOURS), END)
    assert len(truth) > 10_000
    found = emitted(events)
    assert {key: found.get(key) for key in truth} == truth
    assert len(found) - len(truth) < 600  # trips that were on their way when the 48 hours began
    assert all(begin <= event.time <= END and event.synthetic for event in events)
    predicted = {event.subject for event in events if event.type == PREDICTED}
    served = {event.subject for event in events if event.type == STOP_DEPARTED}
    assert served - predicted == {stop for stop in served if not has_prognosis(stop)} != set()
    cancelled = [event for event in events if event.type == TRIP_CANCELLED]
    assert 0 < len(cancelled) < 40
    (status,) = AdapterStatusReader(tmp_path / "a.db").all()
    assert status.rejected == {}
    assert status.noted.get("late_change", 0) == 0
    assert status.noted["without_realtime"] > 0
    assert {key.split("/")[0] for key in kept} == {"2026-11-20"}, "trips of days gone by are forgotten"


async def test_live_reading_with_restarts_and_three_days_of_outage_tells_the_same(tmp_path: Path) -> None:
    """Polls every 20 minutes for a morning, restarting now and then; then 72 hours without the city."""
    begin = END - timedelta(hours=78)
    clock = Clock(begin)
    network = Switch(clock, 1)
    events: list[Event] = []
    for _ in range(4):
        async with adapter(tmp_path / "a.db", clock, network) as (feed, outbox):
            for _ in range(4):
                clock.now += timedelta(minutes=20)
                await catch_up(feed)
            network.down = True
            with pytest.raises(FeedFault, match="cannot be reached"):
                await feed.step()
            network.down = False
            events = told(outbox)
    assert len(events) > 500
    clock.now = END
    async with adapter(tmp_path / "a.db", clock, network) as (feed, outbox):
        await catch_up(feed)
        events = told(outbox)
    truth = happened(begin, END)
    found = emitted(events)
    assert {key: found.get(key) for key in truth} == truth


async def test_city_that_forgot_us_starts_us_again(tmp_path: Path) -> None:
    clock = Clock(END)
    network = Switch(clock, 1)
    async with adapter(tmp_path / "a.db", clock, network) as (feed, _):
        await catch_up(feed)
        clock.now = END + timedelta(days=9, hours=12)
        with pytest.raises(FeedFault, match="no longer knows our position"):
            await feed.step()
        await catch_up(feed)
    (status,) = AdapterStatusReader(tmp_path / "a.db").all()
    assert status.data_at == clock.now


async def test_over_real_http(tmp_path: Path) -> None:
    """Served by uvicorn as in the product: events arrive, and a quiet feed still moves the clock (304 with Date)."""
    clock = Clock(datetime(2026, 11, 20, 2, 30, tzinfo=UTC))
    config = uvicorn.Config(
        create_city(SEED, clock, 6, LINES), port=0, log_level="error", lifespan="off", ws="none", access_log=False
    )
    server = uvicorn.Server(config)
    serving = asyncio.create_task(server.serve())
    await until(lambda: server.started)
    url = f"http://127.0.0.1:{server.servers[0].sockets[0].getsockname()[1]}"
    ledger, stop, path = Ledger(), asyncio.Event(), tmp_path / "a.db"
    running = asyncio.create_task(
        run_transit(path=path, centre=ControlCentre(url=url), publisher=ledger, clock=clock, stop=stop, poll_s=0.02)
    )

    def reached() -> bool:
        found = AdapterStatusReader(path).all()
        return bool(found and found[0].checkpoint_at == clock.now)

    await until(reached)
    assert len(ledger.events) > 100
    clock.now += timedelta(minutes=10)
    await until(reached)
    stop.set()
    await running
    server.should_exit = True
    await serving
