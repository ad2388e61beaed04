"""What is to come: a story through injects, in the order of arrival. Pure."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import datetime
from heapq import heappop, heappush
from itertools import count

from cityhub.sandbox.room.archived import ArchivedStory, Past
from cityhub.sandbox.room.injects import Inject, Injects
from cityhub.sandbox.room.state import Play
from cityhub.sandbox.room.story import STREAM_NAMES, Story, Timed, epoch_ms
from cityhub.sdk.contract import Contracts


class Course:
    """The rest of a replay.

    Args:
        reached: of what arrives up to here nothing comes any more.
        past: where archived days are.

    Attributes:
        start, end: of the local day.
    """

    def __init__(
        self, play: Play, injects: Sequence[Inject], contracts: Contracts, reached: datetime, past: Past
    ) -> None:
        self._story = (
            ArchivedStory(past, play.day, contracts)
            if play.source == "archived"
            else Story(play.seed, play.day, play.streams or STREAM_NAMES, contracts)
        )
        self.start, self.end = self._story.start, self._story.end
        self._injects = Injects(play.seed, injects)
        self._waiting: list[tuple[int, tuple[str, int], int, Timed]] = []
        self._serial = count()
        self._told = self._story.events()
        self._next = next(self._told, None)
        for one in self._injects.told():
            self._expect(one)
        for _ in self.due(reached):
            pass

    def before(self) -> list[Timed]:
        """What was told long before the day and holds on it."""
        return self._story.before()

    def due(self, upto: datetime) -> Iterator[Timed]:
        """What arrives up to an instant, each once."""
        upto_ms = epoch_ms(upto)
        while self._next is not None and self._next.arrives_ms <= upto_ms:
            for one in self._injects.through(self._next):
                self._expect(one)
            self._next = next(self._told, None)
        while self._waiting and self._waiting[0][0] <= upto_ms:
            yield heappop(self._waiting)[3]

    def _expect(self, one: Timed) -> None:
        heappush(self._waiting, (one.arrives_ms, one.place, next(self._serial), one))
