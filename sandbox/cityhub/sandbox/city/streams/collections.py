"""Calendar of waste collections: issued for each year in December, now and then a day is put off. Pure."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date, timedelta

from cityhub.sandbox.city.streams.story import BOROUGHS, DAY, Stream, Told, at, iso, tell
from cityhub.sandbox.city.traffic import lot

_TOURS = 7
_WEEKS = {"residual": 2, "organic": 2, "paper": 4, "recyclables": 4}
"""Between two collections."""
_ISSUED_S, _PUT_OFF_S = 32_400, 36_000


def _calendar(seed: int, tour: int, fraction: str, year: int) -> Iterator[date]:
    """Each tour has a day of the week; its fractions begin in different weeks."""
    first = date(year, 1, 1)
    monday = first + timedelta(days=-first.weekday() % 7)
    begin = monday + timedelta(days=tour % 5, weeks=lot(seed, "tour", tour, fraction).randrange(_WEEKS[fraction]))
    for number in range(52 // _WEEKS[fraction]):
        yield begin + number * timedelta(weeks=_WEEKS[fraction])


def _issued(seed: int, day: date) -> Iterator[Told]:
    """The next year's on 1 December; on the 15th of a month one tour's next but one collection is put off by a day."""
    if (day.month, day.day) == (12, 1):
        for tour in range(_TOURS):
            for fraction in _WEEKS:
                for one in _calendar(seed, tour, fraction, day.year + 1):
                    yield _told(day, _ISSUED_S + 60 * tour, tour, fraction, one)
    elif day.day == 15:  # noqa: PLR2004
        tour, fraction = day.month % _TOURS, ("residual", "paper")[day.month % 2]
        ahead = (one for year in (day.year, day.year + 1) for one in _calendar(seed, tour, fraction, year))
        off = next(one for one in ahead if one > day + 7 * DAY)
        yield _told(day, _PUT_OFF_S, tour, fraction, off, cancelled=True)
        yield _told(day, _PUT_OFF_S, tour, fraction, off + DAY)


def _told(day: date, seconds: float, tour: int, fraction: str, on: date, *, cancelled: bool = False) -> Told:
    moment, name = at(day, seconds), f"tour-{tour}"
    data = {"tour": name, "fraction": fraction, "day": on.isoformat(), "cancelled": cancelled}
    key = (name, fraction, on, iso(moment))
    return tell("wbd.collection.planned", moment, name, key, data, borough=BOROUGHS[tour])


STREAMS = (Stream("collections", timedelta(days=399), _issued),)
