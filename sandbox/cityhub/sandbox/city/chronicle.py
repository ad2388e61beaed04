"""What the city's streams tell, for the endpoints that serve it in partners' own formats. Pure but for a bounded cache.

A cursor says up to which instant everything was handed over; pages end between two instants, never within one.
"""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Sequence
from datetime import UTC, date, datetime, timedelta
from functools import lru_cache
from heapq import merge

from msgspec import Struct

from cityhub.sandbox.city.streams import STREAMS
from cityhub.sandbox.city.streams.story import DAY, Told, local_day

PAGE = 500
_BY_NAME = {stream.name: stream for stream in STREAMS}
_MICROSECOND = timedelta(microseconds=1)
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


class Page(Struct, frozen=True):
    """What was told in [from, upto), in that order. Attributes: cursor = `upto`, as text; more = before now."""

    items: Sequence[Told]
    cursor: str
    more: bool


class Chronicle:
    """One city: a function of its seed.

    Args:
        longest: histories are no longer than this; None = each as long as its stream's.
        kept: streams' days that it need not make up again, the last ones asked for; None = all.
    """

    def __init__(self, seed: int, longest: timedelta | None = None, kept: int | None = 256) -> None:
        self._seed = seed
        self._longest = longest
        self._told = lru_cache(kept)(self._make_up)

    def between(self, names: Sequence[str], start: datetime, end: datetime) -> list[Told]:
        """What streams tell in [start, end) together."""
        first, last = local_day(start) - DAY, local_day(end)
        days = [first + number * DAY for number in range((last - first).days + 1)]
        parts = (_cut(self._told(name, day), start, end) for name in names for day in days)
        return list(merge(*parts, key=_order))

    def page(self, names: Sequence[str], cursor: str, now: datetime, limit: int = PAGE) -> Page | None:
        """What streams have told since a cursor; without one each begins with its history.

        Returns:
            None when the cursor is none of ours, or older than every history.
        """
        begins = {name: now - self.history(name) for name in names}
        start = instant(cursor) if cursor else min(begins.values())
        if start is None or start < min(begins.values()) - DAY or start > now:
            return None
        items: list[Told] = []
        upto = start
        while upto < now and len(items) < limit:
            since, upto = upto, min(now, upto + DAY)
            parts = (self.between([name], max(since, begins[name]), upto) for name in names if begins[name] < upto)
            items += merge(*parts, key=_order)
        if len(items) > limit:
            upto = items[limit].due
            if upto == items[0].due:
                upto += _MICROSECOND
            items = items[: bisect_left(items, upto, key=lambda one: one.due)]
        return Page(items, text(upto), upto < now)

    def history(self, name: str) -> timedelta:
        """How far back a stream is told to whoever begins to listen."""
        whole = _BY_NAME[name].backfill
        return whole if self._longest is None else min(whole, self._longest)

    def _make_up(self, name: str, day: date) -> tuple[Told, ...]:
        return tuple(sorted(_BY_NAME[name].of_day(self._seed, day), key=_order))


def text(moment: datetime) -> str:
    """An instant as a cursor: microseconds since the epoch."""
    return str((moment - _EPOCH) // _MICROSECOND)


def instant(cursor: str) -> datetime | None:
    """Inverse of `text`, None for anything else."""
    if not (cursor.isascii() and cursor.isdigit() and len(cursor) < 18):  # noqa: PLR2004 - beyond the year 9999
        return None
    return _EPOCH + int(cursor) * _MICROSECOND


def _order(one: Told) -> tuple[datetime, tuple[str, ...]]:
    return one.due, one.key


def _cut(told: Sequence[Told], start: datetime, end: datetime) -> Sequence[Told]:
    first = bisect_left(told, start, key=lambda one: one.due)
    return told[first : bisect_left(told, end, key=lambda one: one.due)]
