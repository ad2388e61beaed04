"""What is to come: a story through injects, in the order of arrival. Pure."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from datetime import datetime
from heapq import heapify, heappop, heappush
from itertools import count
from typing import NamedTuple

from cityhub.sandbox.room.archived import ArchivedStory, Past
from cityhub.sandbox.room.injects import Inject, Injects
from cityhub.sandbox.room.state import Play, RoomState
from cityhub.sandbox.room.story import STREAM_NAMES, Story, Timed, epoch_ms
from cityhub.sdk.contract import Contracts

_BEYOND_ALL = sys.maxsize
"""A stage that no inject has: what an inject tells itself is left alone by the others."""


class _Waiting(NamedTuple):
    """An event before its arrival, in the order of arrival. Attributes: stage = of the first inject that may act."""

    arrives_ms: int
    place: tuple[str, int]
    stage: int
    serial: int
    event: Timed


class Course:
    """The rest of a replay.

    An inject acts on an event when it arrives there, not before, so that one more inject, or the end of all, needs
    nothing told anew: the course that went on is the one that begins in the middle.

    Args:
        state: with a day that is replayed; of what arrives up to its position nothing comes any more.
        past: where archived days are.

    Attributes:
        start, end: of the local day.
    """

    def __init__(self, play: Play, state: RoomState, contracts: Contracts, past: Past) -> None:
        self._story = (
            ArchivedStory(past, play.day, contracts)
            if play.source == "archived"
            else Story(play.seed, play.day, play.streams or STREAM_NAMES, contracts)
        )
        self.start, self.end = self._story.start, self._story.end
        self._injects = Injects(play.seed, state.injects, state.taken_away)
        self._waiting: list[_Waiting] = []
        self._serial = count()
        self._told = self._story.events()
        self._next = next(self._told, None)
        for one in self._injects.told():
            self._expect(one, _BEYOND_ALL)
        for _ in self.due(state.position):
            pass

    def before(self) -> list[Timed]:
        """What was told long before the day and holds on it."""
        return self._story.before()

    def add(self, inject: Inject) -> None:
        """Let one more act on what arrives from its begin on, which nothing that was due has."""
        number = self._injects.add(inject)
        for one in self._injects.told(number):
            self._expect(one, _BEYOND_ALL)

    def take_away(self, at: datetime) -> None:
        """All injects end: what arrives after an instant is left as it is, at the arrival that it has by then."""
        self._injects.take_away(at)
        at_ms = epoch_ms(at)
        self._waiting = [one for one in self._waiting if one.stage != _BEYOND_ALL or one.arrives_ms <= at_ms]
        heapify(self._waiting)

    def due(self, upto: datetime) -> Iterator[Timed]:
        """What arrives up to an instant, each once."""
        upto_ms = epoch_ms(upto)
        while self._next is not None and self._next.arrives_ms <= upto_ms:
            self._expect(self._next, 0)
            self._next = next(self._told, None)
        while self._waiting and self._waiting[0].arrives_ms <= upto_ms:
            coming = heappop(self._waiting)
            acted = self._injects.acted(coming.event, coming.stage)
            if acted is None:
                yield coming.event
            else:
                for after in acted.found:
                    self._expect(after, acted.stage)

    def _expect(self, one: Timed, stage: int) -> None:
        heappush(self._waiting, _Waiting(one.arrives_ms, one.place, stage, next(self._serial), one))
