"""Joins: two events of one case, and the time between them (docs/meaning.md, `join`)."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Literal

from msgspec.structs import replace

from cityhub.kpi.kernel.bucket import Deltas, Place
from cityhub.kpi.kernel.cell_kind import Observation, Tally
from cityhub.kpi.kernel.cell_timeline import Entry, Timeline, TimelineCell
from cityhub.kpi.kernel.histogram import bin_of

FIRST, THEN = "first", "then"
_THEN_RANK = 1


class JoinCell(TimelineCell, frozen=True, kw_only=True):
    """One case. An observation's source is `first` or `then`, of whichever event; no terms are looked at.

    In order of time, `first` before `then` in the same instant: a `first` opens the case; where it is open, it is a
    repetition and adds nothing. A `then` closes the case; where it is not open, the `then` is unmatched. So a case can
    be opened again after it was closed. What a case adds is counted in the scope and dimensions of its `first`.

    Attributes:
        closed: slot of closed cases; unmatched: slot of `then`s without an open case, counted and not part of `closed`.
        holds: over the elapsed ms; holds_slot: slot of the closed cases for which it is true.
        histogram: histogram of the elapsed ms of closed cases.
        cohort: whether a closed case counts in the bucket of its `first` or of its `then`.
        open_slot, open_since_s: slots of open cases and of the sum of their beginnings (epoch s), sums of changes.
        opened: slot of cases that were opened, closed since or not, in the bucket of their `first`.
    """

    closed: int
    unmatched: int
    holds: Callable[[int], bool | None] | None = None
    holds_slot: int | None = None
    histogram: int | None = None
    cohort: Literal["first", "then"] = "then"
    open_slot: int | None = None
    open_since_s: int | None = None
    opened: int | None = None

    def _entry(self, observation: Observation) -> Entry:
        entry = super()._entry(observation)
        return replace(entry, rank=_THEN_RANK) if observation.source == THEN else entry

    def _carried(self, earlier: Sequence[Entry]) -> Sequence[Entry]:
        opening: Sequence[Entry] = ()
        for entry in reversed(earlier):
            if entry.rank == _THEN_RANK:
                break
            opening = (entry,)
        return opening

    def _tally(self, kept: Timeline) -> Deltas:
        tally = Tally(self.width)
        opening: Entry | None = None
        for entry in kept.entries:
            if entry.rank != _THEN_RANK:
                if opening is None:
                    opening = entry
                    place = entry.place(self.grain, entry.t)
                    tally.count(place, entry.digest, synthetic=entry.synthetic)
                    self._open(tally, place, entry, 1)
                    tally.add(place, self.opened, 1)
            elif opening is None:
                place = entry.place(self.grain, entry.t)
                tally.count(place, entry.digest, synthetic=entry.synthetic)
                tally.add(place, self.unmatched, 1, entry.digest)
            else:
                self._close(tally, opening, entry)
                opening = None
        return tally.deltas

    def _open(self, tally: Tally, place: Place, opening: Entry, sign: int) -> None:
        tally.add(place, self.open_slot, sign, opening.digest)
        tally.add(place, self.open_since_s, sign * (opening.t // 1000), opening.digest)

    def _close(self, tally: Tally, opening: Entry, closing: Entry) -> None:
        place = opening.place(self.grain, closing.t)
        tally.count(place, closing.digest, synthetic=closing.synthetic)
        self._open(tally, place, opening, -1)
        if self.cohort == FIRST:
            place = opening.place(self.grain, opening.t)
        elapsed_ms = closing.t - opening.t
        tally.add(place, self.closed, 1, opening.digest, closing.digest)
        if self.holds is not None and self.holds(elapsed_ms):
            tally.add(place, self.holds_slot, 1)
        if self.histogram is not None:
            tally.deltas.add_bin(place, self.histogram, bin_of(elapsed_ms))
