"""Which trips run on an operating day, and when. Pure.

An operating day begins with the first trip at about 04:30 and ends after midnight; between about 01:30 and 04:30
nothing runs, so that the clock change at 02:00 or 03:00 never falls into a trip and every planned local time exists
once.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import date, datetime, time, timedelta
from functools import lru_cache
from typing import Literal, TypeAlias
from zoneinfo import ZoneInfo

from msgspec import Struct

from cityhub.sandbox.city.network import Line, Mode, Stop

LOCAL = ZoneInfo("Europe/Berlin")
DayKind: TypeAlias = Literal["weekday", "saturday", "sunday"]

_HEADWAYS: dict[tuple[Mode, DayKind], tuple[tuple[float, float, int], ...]] = {
    ("tram", "weekday"): ((4.5, 6, 20), (6, 19, 10), (19, 23, 15), (23, 24.5, 30)),
    ("tram", "saturday"): ((5, 8, 30), (8, 19, 15), (19, 24.5, 20)),
    ("tram", "sunday"): ((6, 10, 30), (10, 20, 20), (20, 24, 30)),
    ("bus", "weekday"): ((4.75, 6, 30), (6, 9, 15), (9, 13, 20), (13, 19, 15), (19, 24, 30)),
    ("bus", "saturday"): ((5.5, 8, 30), (8, 18, 20), (18, 24, 30)),
    ("bus", "sunday"): ((7, 11, 60), (11, 20, 30), (20, 23, 60)),
}
"""(from hour, to hour, minutes between two trips); hours after midnight count on."""


class Trip(Struct, frozen=True):
    """A planned trip.

    Attributes:
        planned_s: planned departure at each stop, seconds since the epoch; at the last stop the arrival.
        offset_s: the zone's distance from UTC at its start; holds for the whole trip.
    """

    line: Line
    direction: int
    number: int
    day: date
    planned_s: tuple[int, ...]
    offset_s: int

    @property
    def id(self) -> str:
        """FahrtBezeichner; `#SIM` marks it as simulated."""
        return f"{self.line.name}-{self.direction}-{self.number:03d}#SIM"

    @property
    def stops(self) -> Sequence[Stop]:
        """In the order of this direction."""
        return self.line.stops if self.direction == 1 else self.line.stops[::-1]


def day_kind(day: date) -> DayKind:
    """Public holidays are not modelled."""
    return "sunday" if day.weekday() == 6 else "saturday" if day.weekday() == 5 else "weekday"  # noqa: PLR2004


@lru_cache(maxsize=8)
def trips_of(lines: tuple[Line, ...], day: date) -> tuple[Trip, ...]:
    """All trips of an operating day, by planned start."""
    trips = [trip for line in lines for direction in (1, 2) for trip in _trips(line, direction, day)]
    return tuple(sorted(trips, key=lambda trip: (trip.planned_s[0], trip.id)))


def _trips(line: Line, direction: int, day: date) -> Iterator[Trip]:
    starts = _starts(line, direction, day)
    segments = range(len(line.stops) - 1)
    minutes = [line.run_min(segment) for segment in (segments if direction == 1 else reversed(segments))]
    for number, start in enumerate(starts, start=1):
        planned_s = [int(start.timestamp())]
        for run_min in minutes:
            planned_s.append(planned_s[-1] + 60 * run_min)
        offset = start.utcoffset() or timedelta()
        yield Trip(line, direction, number, day, tuple(planned_s), int(offset.total_seconds()))


def _starts(line: Line, direction: int, day: date) -> Iterator[datetime]:
    """Local departure times of the first stop, as instants: wall clock first, then the zone."""
    midnight = datetime.combine(day, time())
    for begin, end, every_min in _HEADWAYS[line.mode, day_kind(day)]:
        shift_min = (line.offset_min + 4 * direction) % every_min
        minute = int(begin * 60) + shift_min
        while minute < end * 60:
            yield (midnight + timedelta(minutes=minute)).replace(tzinfo=LOCAL)
            minute += every_min
