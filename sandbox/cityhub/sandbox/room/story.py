"""A simulated day as a log would get it: events in the order of their arrival, a function of seed and day. Pure.

What the streams tell is made up without adapters in between; departures come from the transit adapter's own mapping.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator
from datetime import UTC, date, datetime, timedelta
from heapq import merge
from typing import Any, NamedTuple

from msgspec.structs import replace

from cityhub.sandbox.city.streams import STREAMS, Stream, events_between
from cityhub.sandbox.city.streams.story import DAY, at
from cityhub.sandbox.room.transit import TRANSIT, departures
from cityhub.sdk.contract import Contracts
from cityhub.sdk.event import Event
from cityhub.sdk.identity import content_hash

_BEFORE = frozenset({"denominators", "references"})
"""Denominators that hold on the day were told long before it."""
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


class Timed(NamedTuple):
    """An event on its way into the log.

    Attributes:
        arrives_ms: when the log gets it, epoch ms.
        place: tells events of one instant apart.
        raw: instead of the event's own encoding; b"" = that.
    """

    arrives_ms: int
    place: tuple[str, int]
    topic: str
    event: Event
    raw: bytes = b""


_OF_PEOPLE = frozenset(
    {"cases", "contacts", "counters", "gebag-participation", "participation", "permits", "repairs", "school-tickets"}
    | {"vessels", "visits"}
)
STREAM_NAMES = (*sorted({stream.name for stream in STREAMS} - _OF_PEOPLE - _BEFORE), TRANSIT)
"""What can be replayed: streams without personal data, and public transport."""


class Story:
    """A simulated day.

    Args:
        names: of `STREAM_NAMES`.
    """

    def __init__(self, seed: int, day: date, names: Collection[str], contracts: Contracts) -> None:
        self._seed = seed
        self._names = frozenset(names)
        self._contracts = contracts
        self.start, self.end = span(day)

    def before(self) -> list[Timed]:
        """Denominators, as told before the day."""
        told = [
            (stream.name, event)
            for stream in STREAMS
            if stream.name in _BEFORE
            for event in events_between(self._seed, stream, self.start - stream.backfill, self.start, self._contracts)
        ]
        timed = [self._timed(name, number, event) for number, (name, event) in enumerate(told)]
        return sorted(timed, key=_arrival)

    def events(self) -> Iterator[Timed]:
        """The day in the order of arrival, made up as it is read."""
        parts = [self._of_stream(stream) for stream in STREAMS if stream.name in self._names]
        if TRANSIT in self._names:
            told = enumerate(departures(self._seed, self.start, self.end))
            parts.append(self._timed(TRANSIT, number, event) for number, event in told)
        return merge(*parts, key=_arrival)

    def _of_stream(self, stream: Stream) -> Iterator[Timed]:
        told = events_between(self._seed, stream, self.start, self.end, self._contracts)
        return (self._timed(stream.name, number, event) for number, event in enumerate(told))

    def _timed(self, name: str, number: int, event: Event) -> Timed:
        return Timed(epoch_ms(event.recordedtime), (name, number), self._contracts[event.type].topic, event)


def span(day: date) -> tuple[datetime, datetime]:
    """Begin and end of a local day."""
    return at(day, 0), at(day + DAY, 0)


def epoch_ms(moment: datetime) -> int:
    """An instant as the log counts."""
    return (moment - _EPOCH) // timedelta(milliseconds=1)


def saying(event: Event, changed: dict[str, Any], time: datetime) -> Event:
    """The same event with other data or another time, under the hash of what it says now."""
    data = event.data | changed
    hashed = content_hash(event.type, event.source, event.subject, time, data)
    recorded = event.recordedtime + (time - event.time)
    return replace(event, time=time, recordedtime=recorded, data=data, contenthash=hashed)


def _arrival(one: Timed) -> tuple[int, tuple[str, int]]:
    return one.arrives_ms, one.place
