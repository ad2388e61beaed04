"""The feed against an association that publishes GTFS and TripUpdates."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import datetime, timedelta
from pathlib import Path

import httpx
import pytest
from google.transit.gtfs_realtime_pb2 import FeedMessage

from cityhub.adapters.dvv.transit.feed import TransitFeed
from cityhub.adapters.dvv.transit.source import PREDICTED, ControlCentre
from cityhub.adapters.errors import FeedFault
from cityhub.adapters.kit.outbox import Outbox
from cityhub.adapters.kit.status import AdapterStatusReader, FeedStatus
from cityhub.sdk.event import Event
from tests.unit.adapters.dvv.transit.feeds import EIGHT, gtfs, stop, update, updates

CENTRE = ControlCentre(
    url="http://vrr/gtfs.zip",
    format="gtfs",
    trip_updates_url="http://vrr/updates.pb",
    agencies=frozenset({"DVG"}),
)
TOLD = update("T1", stop(10, departure_delay=20), stop(20, departure_delay=90), stop(30, departure_delay=301))


class Association(httpx.AsyncBaseTransport):
    """Serves two files.

    Attributes:
        zip_status, headers: how it answers. asked: names of files, with `?` where a validator was sent.
    """

    def __init__(self, message: FeedMessage) -> None:
        self.zip = gtfs()
        self.version = '"1"'
        self.zip_status = 200
        self.message = message
        self.headers = {"content-type": "application/x-protobuf"}
        self.asked: list[str] = []

    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        name, validator = request.url.path[1:], request.headers.get("if-none-match")
        self.asked.append(name + "?" * (validator is not None))
        if name == "updates.pb":
            return self._answer(self.message.SerializeToString(), validator, None, self.headers)
        headers = {"content-type": "application/zip"}
        return self._answer(self.zip, validator, self.version, headers, self.zip_status)

    @staticmethod
    def _answer(
        body: bytes, validator: str | None, etag: str | None, headers: dict[str, str], status: int = 200
    ) -> httpx.Response:
        etag = headers.get("etag", etag)
        if status == 200 and etag and validator == etag:
            return httpx.Response(304, headers={"date": "Fri, 20 Nov 2026 09:00:00 GMT"})
        return httpx.Response(status, headers=headers | ({"etag": etag} if etag else {}), stream=httpx.ByteStream(body))


class Clock:
    """Stands until it is set."""

    now = EIGHT + timedelta(minutes=30)

    def __call__(self) -> datetime:
        return self.now


@asynccontextmanager
async def feeding(
    association: Association, folder: Path, clock: Clock, centre: ControlCentre = CENTRE
) -> AsyncIterator[tuple[TransitFeed, Outbox]]:
    """The adapter without its loop."""
    with Outbox(folder / "a.db") as outbox:
        async with httpx.AsyncClient(transport=association) as http:
            yield TransitFeed(http, outbox, centre, clock), outbox


def departures(outbox: Outbox) -> list[Event]:
    """And cancellations."""
    events = outbox.oldest("dvv.transit", 1000)[1].get("du.evt.dvv.transit.v1", [])
    return [event for event in events if event.type != PREDICTED]


def status(folder: Path) -> FeedStatus:
    """How the feed is doing."""
    (found,) = AdapterStatusReader(folder / "a.db").all()
    return found


async def test_departures_of_a_timetable_and_its_updates(tmp_path: Path) -> None:
    association = Association(updates(TOLD, update("X1", stop(1, departure_delay=5)), at=30))
    async with feeding(association, tmp_path, Clock()) as (feed, outbox):
        assert await feed.step() is False
        told = departures(outbox)
        assert [event.data["delay_s"] for event in told] == [20, 90, 301]
        assert {(event.source, event.synthetic) for event in told} == {("//dvv/gtfs/dvg", False)}
        kept = outbox.open(feed.source, CENTRE.origin).memory
    assert kept.keys() == {"2026-11-20/T1", "2026-11-20/N1"}, "the whole timetable of the day"
    assert status(tmp_path).rejected == {}
    assert status(tmp_path).noted == {"not_in_timetable": 1}
    assert status(tmp_path).data_at == Clock.now
    assert association.asked == ["gtfs.zip", "updates.pb"]


async def test_the_timetable_is_asked_for_again_by_its_validator_and_read_when_it_is_another(tmp_path: Path) -> None:
    association, clock = Association(updates(TOLD)), Clock()
    async with feeding(association, tmp_path, clock) as (feed, outbox):
        await feed.step()
        association.asked.clear()
        clock.now += timedelta(minutes=14)
        await feed.step()
        assert association.asked == ["updates.pb"]
        clock.now += timedelta(minutes=1)
        await feed.step()
        assert association.asked[1:] == ["updates.pb", "gtfs.zip?"]
        association.version, association.zip = '"2"', gtfs(trips=None)
        clock.now += timedelta(minutes=15)
        await feed.step()
        assert status(tmp_path).rejected == {"reference_zip": 1}, "a bad timetable leaves the last good one"
        association.zip, association.message = gtfs(), updates(update("N1", stop(1, departure_delay=7)), at=1012)
        clock.now = EIGHT + timedelta(minutes=1020)
        await feed.step()
        assert departures(outbox)[-1].data["delay_s"] == 7
    assert "gtfs.zip" not in association.asked[3:-2]


async def test_at_another_day_the_timetable_is_read_for_it(tmp_path: Path) -> None:
    association, clock = Association(updates(TOLD)), Clock()
    async with feeding(association, tmp_path, clock) as (feed, _):
        await feed.step()
        association.asked.clear()
        clock.now += timedelta(days=7)
        association.message = updates(update("X1", stop(1, departure_delay=5), start_date="20261127"), at=7 * 1440)
        await feed.step()
        assert association.asked == ["gtfs.zip", "updates.pb"]


async def test_without_a_timetable_nothing_is_said_and_the_fault_is_named(tmp_path: Path) -> None:
    association = Association(updates(TOLD, at=30))
    association.zip_status = 404
    async with feeding(association, tmp_path, Clock()) as (feed, outbox):
        with pytest.raises(FeedFault, match=r"gtfs\.zip answered HTTP 404"):
            await feed.step()
        association.zip_status = 200
        await feed.step()
        assert len(departures(outbox)) == 3


async def test_updates_that_have_not_changed_do_not_move_the_clock(tmp_path: Path) -> None:
    """A web server that still stands says nothing of vehicles: at 08:01 only the first departure has passed."""
    association = Association(updates(TOLD, at=2))
    association.headers["etag"] = '"same"'
    async with feeding(association, tmp_path, Clock()) as (feed, outbox):
        await feed.step()
        await feed.step()
        assert [event.data["delay_s"] for event in departures(outbox)] == [20]
    assert association.asked == ["gtfs.zip", "updates.pb", "updates.pb?"]
    assert status(tmp_path).data_at == EIGHT + timedelta(minutes=2)


async def test_a_simulation_is_marked(tmp_path: Path) -> None:
    association = Association(updates(TOLD))
    association.message.header.timestamp += 1800
    association.headers["cityhub-simulation"] = "1"
    async with feeding(association, tmp_path, Clock()) as (feed, outbox):
        await feed.step()
        assert all(event.synthetic for event in departures(outbox))
    assert status(tmp_path).synthetic


async def test_what_could_not_be_read_of_the_timetable_is_counted_once(tmp_path: Path) -> None:
    association = Association(updates(TOLD))
    association.zip = gtfs(frequencies="trip_id,headway_secs\nN1,600\n")
    async with feeding(association, tmp_path, Clock()) as (feed, _):
        await feed.step()
        await feed.step()
    assert status(tmp_path).rejected == {"frequency": 1}


async def test_another_selection_of_agencies_starts_afresh(tmp_path: Path) -> None:
    association = Association(updates(TOLD, update("X1", stop(1, departure_delay=5)), at=30))
    everyone = ControlCentre(url=CENTRE.url, format="gtfs", trip_updates_url=CENTRE.trip_updates_url)
    async with feeding(association, tmp_path, Clock()) as (feed, _):
        await feed.step()
    async with feeding(association, tmp_path, Clock(), everyone) as (feed, outbox):
        await feed.step()
        assert "2026-11-20/X1" in outbox.open(feed.source, everyone.origin).memory
