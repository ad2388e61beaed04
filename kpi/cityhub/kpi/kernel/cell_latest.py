"""Last states: the value of an entity is that of its latest observation (docs/meaning.md, `latest`)."""

from __future__ import annotations

from itertools import zip_longest

from cityhub.kpi.kernel.bucket import Deltas
from cityhub.kpi.kernel.cell_kind import Tally
from cityhub.kpi.kernel.cell_timeline import Entry, Timeline, TimelineCell


class LatestCell(TimelineCell, frozen=True, kw_only=True):
    """One entity's states. Terms: (value, over, until); those that the cell is not asked for are not looked at.

    A state counts from its observation until the next one, or until the instant `until` when that is earlier. Its
    beginning adds, its end takes away: the value at an instant is the sum of all changes before it. A state counts
    nothing when a term it needs is unknown.

    Attributes:
        value: slot of the value; over: slot of the denominator; entities: slot of how many states count.
        expires: whether the third term (epoch ms) ends a state.
    """

    value: int
    over: int | None = None
    entities: int | None = None
    expires: bool = False

    def _tally(self, kept: Timeline) -> Deltas:
        tally = Tally(self.width)
        for entry, following in zip_longest(kept.entries, kept.entries[1:]):
            tally.count(entry.place(self.grain, entry.t), entry.digest, synthetic=entry.synthetic)
            end_ms = self._end_ms(entry, following)
            if self._known(entry) and (end_ms is None or end_ms > entry.t):
                self._add(tally, entry, entry.t, 1)
                if end_ms is not None:
                    self._add(tally, entry, end_ms, -1)
        return tally.deltas

    def _known(self, entry: Entry) -> bool:
        value, over, until_ms = entry.terms
        return (
            value is not None and (over is not None or self.over is None) and (until_ms is not None or not self.expires)
        )

    def _end_ms(self, entry: Entry, following: Entry | None) -> int | None:
        ends = [] if following is None else [following.t]
        if self.expires and entry.terms[2] is not None:
            ends.append(entry.terms[2])
        return min(ends, default=None)

    def _add(self, tally: Tally, entry: Entry, t_ms: int, sign: int) -> None:
        value, over, _ = entry.terms
        place = entry.place(self.grain, t_ms)
        tally.add(place, self.value, sign * (value or 0), entry.digest)
        tally.add(place, self.over, sign * (over or 0), entry.digest)
        tally.add(place, self.entities, sign, entry.digest)
