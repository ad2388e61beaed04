"""The feed as pages: which messages lie between a cursor and now. Pure but for a bounded cache.

A cursor says up to which instant of the feed everything was handed over; pages end between two instants, never within.
"""

from __future__ import annotations

import re
from bisect import bisect_right
from collections.abc import Iterator
from datetime import date, datetime, timedelta
from functools import lru_cache
from typing import NamedTuple

from msgspec import Struct

from cityhub.sandbox.city.messages import EARLIEST_S, LATEST_S, Message, ist_fahrt, messages_of, soll_fahrt
from cityhub.sandbox.city.network import Line
from cityhub.sandbox.city.timetable import LOCAL, Trip, trips_of
from cityhub.sandbox.city.traffic import drive

PAGE_BYTES = 1_000_000
_HOUR_MS = 3_600_000
_CURSOR = re.compile(r"(-?\d{1,18})-(\d{1,15})")


class Page(Struct, frozen=True):
    """Some messages in order.

    Attributes:
        items: encoded IstFahrt objects.
        from_ms, upto_ms: the page holds everything in (from_ms, upto_ms].
        more: there is more before now.
    """

    items: list[bytes]
    from_ms: int
    upto_ms: int
    more: bool


class _Hour(NamedTuple):
    """What is handed over in an hour since the epoch, in order."""

    hour: int
    times_ms: list[int]
    messages: list[Message]


class CityFeed:
    """The control centre of the simulated DVG: a function of seed and time."""

    def __init__(self, seed: int, lines: tuple[Line, ...]) -> None:
        self._seed = seed
        self._lines = lines
        self._hour = lru_cache(maxsize=4)(self._of_hour)
        self._encoded = lru_cache(maxsize=4)(self._encoded_hour)
        self._messages = lru_cache(maxsize=1024)(self._messages_of)

    def cursor(self, upto_ms: int) -> str:
        """Opaque to readers; names the seed, because another seed tells another story."""
        return f"{self._seed}-{upto_ms}"

    def position(self, cursor: str) -> int | None:
        """Inverse of `cursor`; None for a cursor of another seed or of no city at all."""
        found = _CURSOR.fullmatch(cursor)
        return int(found[2]) if found and int(found[1]) == self._seed else None

    def page(self, from_ms: int, now_ms: int) -> Page:
        """What was reported in (from_ms, now_ms], at most about `PAGE_BYTES` of it."""
        items: list[bytes] = []
        size, upto_ms = 0, from_ms
        for at_ms, body in self._after(from_ms, now_ms):
            if size + len(body) > PAGE_BYTES and at_ms > upto_ms:
                return Page(items, from_ms, upto_ms, True)
            items.append(body)
            size, upto_ms = size + len(body), at_ms
        return Page(items, from_ms, upto_ms, False)

    def timetable(self, day: date) -> Iterator[bytes]:
        """All SollFahrt objects of an operating day."""
        return (soll_fahrt(trip) for trip in trips_of(self._lines, day))

    def messages(self, from_ms: int, upto_ms: int) -> Iterator[Message]:
        """Everything handed over in (from_ms, upto_ms], in order."""
        return (message for part, of_part in self._parts(from_ms, upto_ms) for message in of_part.messages[part])

    def _after(self, from_ms: int, now_ms: int) -> Iterator[tuple[int, bytes]]:
        for part, of_part in self._parts(from_ms, now_ms):
            yield from zip(of_part.times_ms[part], self._encoded(of_part.hour)[part], strict=True)

    def _parts(self, from_ms: int, upto_ms: int) -> Iterator[tuple[slice, _Hour]]:
        """Which messages of which hour lie in (from_ms, upto_ms]."""
        for hour in range(from_ms // _HOUR_MS, upto_ms // _HOUR_MS + 1):
            found = self._hour(hour)
            yield slice(bisect_right(found.times_ms, from_ms), bisect_right(found.times_ms, upto_ms)), found

    def _encoded_hour(self, hour: int) -> list[bytes]:
        return [ist_fahrt(message) for message in self._hour(hour).messages]

    def _of_hour(self, hour: int) -> _Hour:
        begin_ms, end_ms = hour * _HOUR_MS, (hour + 1) * _HOUR_MS
        chosen = [
            message
            for trip in self._running(begin_ms - 1, end_ms)
            for message in self._messages(trip)
            if begin_ms <= message.at_ms < end_ms
        ]
        chosen.sort(key=lambda message: (message.at_ms, message.trip.id))
        return _Hour(hour, [message.at_ms for message in chosen], chosen)

    def _messages_of(self, trip: Trip) -> list[Message]:
        return messages_of(self._seed, trip, drive(self._seed, trip, self._lines))

    def _running(self, from_ms: int, upto_ms: int) -> Iterator[Trip]:
        first = datetime.fromtimestamp(from_ms / 1000, LOCAL).date() - timedelta(days=1)
        last = datetime.fromtimestamp(upto_ms / 1000, LOCAL).date() + timedelta(days=1)
        for ahead in range((last - first).days + 1):
            for trip in trips_of(self._lines, first + timedelta(days=ahead)):
                begins_s, ends_s = trip.planned_s[0] - EARLIEST_S, trip.planned_s[-1] + LATEST_S
                if begins_s * 1000 <= upto_ms and from_ms < ends_s * 1000:
                    yield trip
