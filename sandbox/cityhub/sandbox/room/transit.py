"""Departures of a simulated day, as the transit adapter makes them of the control centre's messages. Pure."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date, datetime, timedelta

from msgspec import Raw

from cityhub.adapters.dvv.transit.mapping import Batch, apply
from cityhub.adapters.dvv.transit.source import SIMULATION_URI
from cityhub.adapters.dvv.transit.trips import FeedState, milliseconds
from cityhub.adapters.dvv.transit.wire import PlannedTrip, parse_actual, parse_planned
from cityhub.sandbox.city.feed import CityFeed
from cityhub.sandbox.city.messages import ist_fahrt
from cityhub.sandbox.city.network import build_network
from cityhub.sandbox.city.timetable import LOCAL
from cityhub.sdk.event import Event

TRANSIT = "transit"
_STEP = timedelta(minutes=1)
_LEAD = timedelta(hours=3)
"""Trips under way at midnight have been heard of before."""


def departures(seed: int, start: datetime, end: datetime) -> Iterator[Event]:
    """Events recorded in [start, end), in the order in which the adapter tells them when it asks once a minute."""
    feed, state, known = CityFeed(seed, build_network()), FeedState(), set[date]()
    moment = start - _LEAD
    while moment < end:
        moment += _STEP
        days = {(moment - timedelta(hours=hours)).astimezone(LOCAL).date() for hours in (0, 5)} - known
        planned = [trip for day in sorted(days) for trip in _planned(feed, day)]
        known |= days
        messages = feed.messages(milliseconds(moment - _STEP), milliseconds(moment))
        actual, _ = parse_actual([Raw(ist_fahrt(message)) for message in messages])
        batch = Batch(answered_at=moment, source_uri=SIMULATION_URI, planned=planned, actual=actual, synthetic=True)
        step = apply(state, batch, moment)
        state = step.state
        if start <= moment < end:
            yield from sorted([*step.events, *step.predictions], key=lambda event: (event.time, event.id))


def _planned(feed: CityFeed, day: date) -> list[PlannedTrip]:
    trips, _ = parse_planned([Raw(body) for body in feed.timetable(day)])
    return trips
