"""What becomes of a planned trip: delays that build up along the line, roadworks, incidents, cancellations. Pure.

Everything is a function of (seed, operating day, trip), so that two runs of the city tell the same story.
"""

from __future__ import annotations

import random
from datetime import date, datetime
from functools import lru_cache

from msgspec import Struct

from cityhub.sandbox.city.network import Line
from cityhub.sandbox.city.timetable import LOCAL, Trip, day_kind

LONGEST_DELAY_S = 1500
_SHORTEST_RUN_S = 25
_CANCELLED, _SILENT, _HASTY = 0.010, 0.012, 0.03
_ROADWORKS_DAYS = 21
_PRESSURE = {
    "weekday": {6: 1.2, 7: 2.0, 8: 1.8, 15: 1.5, 16: 2.0, 17: 2.1, 18: 1.5, 22: 0.6, 23: 0.5, 0: 0.4},
    "saturday": {11: 1.3, 12: 1.6, 13: 1.5, 14: 1.3, 22: 0.7},
    "sunday": {14: 1.1, 15: 1.3, 16: 1.1},
}
"""Traffic by local hour; other hours have `_CALM`."""
_CALM = {"weekday": 0.95, "saturday": 0.9, "sunday": 0.7}


class Drive(Struct, frozen=True):
    """How a trip really went.

    Attributes:
        departed_s: departure at each stop but the last, seconds since the epoch; never decreasing.
        silent: the vehicle was not tracked, nobody reports anything.
    """

    departed_s: tuple[int, ...]
    cancelled: bool
    silent: bool


class Incident(Struct, frozen=True):
    """A blockade: trips that reach the stop meanwhile lose `extra_s`."""

    begins_s: int
    ends_s: int
    place: int
    extra_s: int


def lot(*key: object) -> random.Random:
    """Repeatable uniform numbers for one thing, independent of all others."""
    return random.Random("/".join(map(str, key)))  # noqa: S311 - a simulation, nothing is secret


def drive(seed: int, trip: Trip, lines: tuple[Line, ...]) -> Drive:
    """Let a trip run."""
    chance = lot(seed, trip.day, trip.id)
    fate = chance.random()
    cancelled, silent = fate < _CANCELLED, _CANCELLED <= fate < _CANCELLED + _SILENT
    least_s = -100 if chance.random() < _HASTY else -20
    incident = incident_on(seed, trip.day, trip.line)
    works = works_places(seed, trip.day, trip.line, lines)
    delay_s = int(chance.random() ** 3 * 120)
    departed: list[int] = []
    for place, planned_s in enumerate(trip.planned_s[:-1]):
        delay_s += _change_s(chance, _pressure(trip, planned_s), delay_s - least_s)
        here = place if trip.direction == 1 else len(trip.planned_s) - 1 - place
        if here in works:
            delay_s += int((30 + 60 * chance.random()) * _pressure(trip, planned_s))
        if incident and here == incident.place and incident.begins_s <= planned_s + delay_s <= incident.ends_s:
            delay_s += incident.extra_s
        delay_s = min(delay_s, LONGEST_DELAY_S)
        leaves_s = planned_s + delay_s
        if departed:
            leaves_s = max(leaves_s, departed[-1] + _SHORTEST_RUN_S)
        departed.append(leaves_s)
    return Drive(tuple(departed), cancelled, silent)


@lru_cache(maxsize=256)
def incident_on(seed: int, day: date, line: Line) -> Incident | None:
    """About one line in ten has one a day."""
    chance = lot(seed, day, "incident", line.name)
    if chance.random() > 0.1:  # noqa: PLR2004
        return None
    hour, minute = 6 + int(chance.random() * 15), int(chance.random() * 60)
    begins_s = int(datetime(day.year, day.month, day.day, hour, minute, tzinfo=LOCAL).timestamp())
    lasts_s = 1200 + int(chance.random() * 2400)
    place = 3 + int(chance.random() * (len(line.stops) - 6))
    return Incident(begins_s, begins_s + lasts_s, place, 240 + int(chance.random() * 600))


@lru_cache(maxsize=256)
def works_places(seed: int, day: date, line: Line, lines: tuple[Line, ...]) -> tuple[int, ...]:
    """Stops before which roadworks cost time: one line at a time, three weeks each, in the middle of the line."""
    chance = lot(seed, "roadworks", day.toordinal() // _ROADWORKS_DAYS)
    if lines[int(chance.random() * len(lines))] != line:
        return ()
    first = len(line.stops) // 3 + int(chance.random() * 3)
    return (first, first + 1)


def _change_s(chance: random.Random, pressure: float, room_s: int) -> int:
    """Seconds gained or lost before a stop; `room_s` is how much may be caught up at most."""
    what = chance.random()
    if what < 0.30:  # noqa: PLR2004
        return int(pressure * (10 + 80 * chance.random()))
    if what < 0.62:  # noqa: PLR2004
        return -min(max(room_s, 0), int(15 + 30 * chance.random()))
    return 0


def _pressure(trip: Trip, at_s: int) -> float:
    kind = day_kind(trip.day)
    hour = (at_s + trip.offset_s) // 3600 % 24
    return trip.line.strain * _PRESSURE[kind].get(hour, _CALM[kind])
