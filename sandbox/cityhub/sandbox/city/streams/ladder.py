"""Things that come to their next step now and then, over years: schools, plots, measures. Pure.

Sources of this kind report a change when it happens and all they have on the days of their stock-taking, once or four
times a year, so that whoever begins to listen knows everything after that time.
"""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Iterator
from datetime import date, timedelta
from functools import lru_cache

from msgspec import Struct

from cityhub.sandbox.city.traffic import lot

YEARLY, QUARTERLY = (1,), (1, 4, 7, 10)
"""Months on whose second day stock is taken."""


class Ladder(Struct, frozen=True):
    """Some things and the days on which they rise.

    Attributes:
        steps: a thing begins at 0 and rises by one until it is there.
        spread: days from `begin` within which a thing takes its first step.
        pause: the longest time between two steps, days.
        stock: months in which stock is taken.
    """

    name: str
    things: int
    steps: int
    begin: date
    spread: int
    pause: int = 1
    stock: tuple[int, ...] = YEARLY

    def step(self, seed: int, thing: int, day: date) -> int:
        """How far a thing is at the end of a day."""
        return bisect_right(_climbs(seed, self)[thing], day)

    def news(self, seed: int, day: date) -> Iterator[tuple[int, int]]:
        """(thing, step) of what rose on a day; on a day of stock-taking of everything that has begun."""
        taking_stock = day.month in self.stock and day.day == 2  # noqa: PLR2004
        for thing in range(self.things) if taking_stock else _risen(seed, self).get(day, ()):
            if step := self.step(seed, thing, day):
                yield thing, step

    def since(self, seed: int, thing: int, step: int) -> date | None:
        """The day on which a thing came to a step."""
        days = _climbs(seed, self)[thing]
        return days[step - 1] if step <= len(days) else None


@lru_cache(maxsize=32)
def _climbs(seed: int, ladder: Ladder) -> tuple[tuple[date, ...], ...]:
    def days(thing: int) -> Iterator[date]:
        chance = lot(seed, ladder.name, thing)
        day = ladder.begin + timedelta(days=chance.randrange(ladder.spread))
        for _ in range(ladder.steps):
            yield day
            day += timedelta(days=1 + chance.randrange(ladder.pause))

    return tuple(tuple(days(thing)) for thing in range(ladder.things))


@lru_cache(maxsize=32)
def _risen(seed: int, ladder: Ladder) -> dict[date, list[int]]:
    found: dict[date, list[int]] = {}
    for thing, days in enumerate(_climbs(seed, ladder)):
        for day in days:
            found.setdefault(day, []).append(thing)
    return found
