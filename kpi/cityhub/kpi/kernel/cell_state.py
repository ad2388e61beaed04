"""Time-weighted states: how long something held, out of how long it was observed (docs/meaning.md, `state`)."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import zip_longest

from cityhub.kpi.kernel.bucket import Deltas
from cityhub.kpi.kernel.cell_kind import Tally
from cityhub.kpi.kernel.cell_timeline import Entry, Timeline, TimelineCell
from cityhub.kpi.kernel.windows import Grain, grain_end, grain_start


class StateCell(TimelineCell, frozen=True, kw_only=True):
    """One entity's states. Terms: (what holds: true/false, or an integer value).

    An observation's state lasts until the next observation, at most `hold_ms`; it is carried over grain boundaries. An
    unknown term ends the state before it and begins none.

    Attributes:
        true_ms: slot of value · ms, where true = 1 and false = 0; observed_ms: slot of the ms observed.
        entities: slot of entities seen so far, a sum of changes: +1 at an entity's first observation; when it moves to
            another scope or dimensions, −1 there and +1 here.
        hold_ms: longest time a state is taken to last.
    """

    true_ms: int
    observed_ms: int
    entities: int
    hold_ms: int

    def _tally(self, kept: Timeline) -> Deltas:
        tally = Tally(self.width)
        before = None
        for entry, following in zip_longest(kept.entries, kept.entries[1:]):
            tally.count(entry.place(self.grain, entry.t), entry.digest, synthetic=entry.synthetic)
            self._know(tally, entry, before)
            (value,) = entry.terms
            if value is not None:
                held_until = entry.t + self.hold_ms
                self._last(tally, entry, value, held_until if following is None else min(held_until, following.t))
            before = entry
        return tally.deltas

    def _know(self, tally: Tally, entry: Entry, before: Entry | None) -> None:
        """Count the entity where it was last observed."""
        if before is not None:
            if (before.scope, before.dims) == (entry.scope, entry.dims):
                return
            tally.add(before.place(self.grain, entry.t), self.entities, -1, before.digest)
        tally.add(entry.place(self.grain, entry.t), self.entities, 1, entry.digest)

    def _last(self, tally: Tally, entry: Entry, value: int, until_ms: int) -> None:
        for start_ms, length_ms in _pieces(self.grain, entry.t, until_ms):
            place = entry.place(self.grain, start_ms)
            tally.add(place, self.true_ms, value * length_ms, entry.digest)
            tally.add(place, self.observed_ms, length_ms, entry.digest)


def _pieces(grain: Grain, begin_ms: int, end_ms: int) -> Iterator[tuple[int, int]]:
    """An interval split at grain boundaries: begin and length of each piece, ms."""
    while begin_ms < end_ms:
        stop_ms = min(end_ms, grain_end(grain, grain_start(grain, begin_ms)) * 1000)
        yield begin_ms, stop_ms - begin_ms
        begin_ms = stop_ms
