"""Weekends without the bridge of the A40: a site of the city's, and trucks that wait for it at the port. Pure."""

from __future__ import annotations

from datetime import date, datetime, timedelta

from cityhub.sandbox.city.streams.story import at, happens, local_day
from cityhub.sandbox.city.traffic import lot

_FRIDAY = 4
_BEGIN_S, _LENGTH = 21 * 3600, timedelta(hours=56)
_DRAINS = 8
"""Trucks pass this many times as fast as they came."""


def closure(seed: int, friday: date) -> tuple[datetime, datetime] | None:
    """Begin and end of the closure that begins on a day: Friday 21:00 to Monday 5:00, one weekend in six."""
    if friday.weekday() != _FRIDAY or not happens(lot(seed, "a40", friday), 1 / 6):
        return None
    begin = at(friday, _BEGIN_S)
    return begin, begin + _LENGTH


def freed(came: datetime, begin: datetime, end: datetime) -> datetime:
    """When a truck gets away that comes to the gate: after a closure behind all that have waited longer."""
    free = end + (came - begin) / _DRAINS
    return free if begin <= came < free else came


def passes(seed: int, moment: datetime) -> datetime:
    """When a truck gets away that comes to the gate at an instant, through the closures of the last days."""
    for back in range(4):
        found = closure(seed, local_day(moment) - timedelta(days=back))
        if found is not None and (free := freed(moment, *found)) != moment:
            return free
    return moment
