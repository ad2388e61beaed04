"""A day's story: nothing of people, in order, and the same whenever it is told."""

from __future__ import annotations

from datetime import date, timedelta

import pytest

from cityhub.kpi.definition import load_catalogue
from cityhub.sandbox.city.streams import STREAMS, events_between
from cityhub.sandbox.room.story import STREAM_NAMES, Story, span
from cityhub.sandbox.room.transit import departures

CONTRACTS = load_catalogue().contracts
DAY = date(2026, 11, 24)
BEFORE = {"references", "denominators"}


def test_streams_about_people_are_left_out_and_no_others() -> None:
    start, end = span(DAY)
    about_people = {
        stream.name
        for stream in STREAMS
        for event in events_between(7, stream, start - timedelta(days=7), end, CONTRACTS)
        if CONTRACTS[event.type].personal
    }
    named = {stream.name for stream in STREAMS} - BEFORE
    assert about_people
    assert set(STREAM_NAMES) == named - about_people | {"transit"}


@pytest.mark.parametrize("day", [date(2026, 3, 29), date(2026, 10, 25), DAY], ids=["23 h", "25 h", "24 h"])
def test_events_come_in_order_within_the_day(day: date) -> None:
    story = Story(7, day, ("parking-slots", "bins"), CONTRACTS)
    told = list(story.events())
    assert len(told) > 500
    assert told == sorted(told, key=lambda one: (one.arrives_ms, one.place))
    assert told[0].arrives_ms >= story.start.timestamp() * 1000
    assert all(one.event.synthetic for one in told)
    assert told == list(Story(7, day, ("bins", "parking-slots"), CONTRACTS).events())


def test_denominators_of_the_day_were_told_before() -> None:
    told = Story(7, DAY, (), CONTRACTS).before()
    assert {one.event.subject for one in told} >= {"population", "lamps"}
    assert all(one.event.time < span(DAY)[0] for one in told)


def test_departures_are_the_transit_adapters_own() -> None:
    start, _ = span(DAY)
    told = list(departures(7, start + timedelta(hours=6), start + timedelta(hours=6, minutes=10)))
    assert len(told) > 50
    assert {event.source for event in told} == {"//cityhub/simulated-city/dvv/vdv454"}
    assert {event.type.rsplit(".", 2)[1] for event in told} >= {"stop-departed"}
    assert len({event.id for event in told}) == len(told)
