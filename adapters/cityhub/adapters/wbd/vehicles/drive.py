"""Pure: states of a vehicle put in order and added up by mission. Rules: docs/adapters/wbd-vehicles.md.

What was driven between two states was driven as the first of them says, because a vehicle tells each change at once.
"""

from __future__ import annotations

from bisect import insort
from collections.abc import Iterator
from datetime import datetime, timedelta

from msgspec import Struct

WINDOW = 16
"""States that wait for one that is missing before them."""
_COUNTED = 1 << 32
_AHEAD = timedelta(minutes=5)
_STEPS = (0, 2)
"""From a node to the next one; the edge between them has a number, too."""


class Moment(Struct, frozen=True, order=True, array_like=True):
    """What counts of a state.

    Attributes:
        alone: the vehicle drives by itself. arrived: nothing of the order is left.
    """

    at: datetime
    number: int
    order: str
    node: int
    metres: float
    alone: bool
    arrived: bool


class Mission(Struct, frozen=True):
    """An order that was carried out."""

    at: datetime
    order: str
    metres: float
    metres_alone: float
    interventions: int


class Drive(Struct, array_like=True):
    """What is known of a vehicle and the order it is at.

    Attributes:
        last: the state that was added up last. waiting: later ones, in order, before which some are missing.
        whole: the order was seen from its first node on, and each of its nodes. over: that was told.
    """

    last: Moment | None = None
    waiting: list[Moment] = []
    metres: float = 0.0
    metres_alone: float = 0.0
    interventions: int = 0
    whole: bool = False
    over: bool = False

    def take(self, moment: Moment, now: datetime) -> Iterator[Mission | str]:
        """A state arrives: the missions that are over by it, and what is to be noted."""
        if self.last is not None and self.last.at > now + _AHEAD >= moment.at:  # its clock was put right
            self.last, self.waiting = None, []
        if (self.last is not None and moment <= self.last) or moment in self.waiting:
            yield "repeated_or_late"
            return
        insort(self.waiting, moment)
        while self.waiting and (self._is_next(self.waiting[0]) or len(self.waiting) > WINDOW):
            yield from self._add(self.waiting.pop(0))

    def _is_next(self, moment: Moment) -> bool:
        """A counter that begins anew has nothing missing before it."""
        return self.last is None or moment.number in (0, (self.last.number + 1) % _COUNTED)

    def _add(self, moment: Moment) -> Iterator[Mission | str]:
        last, self.last = self.last, moment
        if last is None or last.order != moment.order:
            if last is not None and last.order and not self.over:
                yield "order_given_up"
            self.whole, self.over = moment.node == 0, not moment.order
            self.metres, self.metres_alone = moment.metres, moment.metres * moment.alone
            self.interventions = 0
        else:
            self.whole = self.whole and moment.node - last.node in _STEPS
            driven = max(0.0, moment.metres - (last.metres if last.node == moment.node else 0.0))
            self.metres += driven
            self.metres_alone += driven * last.alone
            self.interventions += last.alone and not moment.alone
        if moment.arrived and not self.over:
            self.over = True
            if self.whole:
                yield Mission(moment.at, moment.order, self.metres, self.metres_alone, self.interventions)
            else:
                yield "not_seen_whole"
