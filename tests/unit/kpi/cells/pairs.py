"""Pairs in tests: one cell over rows in memory, and roadworks by hand."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any

from cityhub.kpi.kernel.bucket import Deltas
from cityhub.kpi.kernel.cell_pairs import Ground, PairsCell
from cityhub.kpi.kernel.windows import Grain
from tests.unit.kpi import oracle
from tests.unit.kpi.cells.world import event, ms, observation

WITHIN_M = 150
SLOTS = ("pairs",)


def cell(grain: Grain = Grain.DAY, *, expires: bool = False) -> PairsCell:
    return PairsCell(width=1, grain=grain, pairs=0, reach=WITHIN_M * 10**6, expires=expires)


class Rows:
    """A cell's rows, kept from batch to batch.

    Attributes:
        asked: rows that were read.
    """

    def __init__(self, kind: PairsCell) -> None:
        self._kind = kind
        self.states: dict[tuple[str, bytes], bytes] = {}
        self.asked = 0

    def merge(self, events: Sequence[oracle.Event]) -> Deltas:
        """One batch."""
        total = Deltas(self._kind.width)
        seen = [observation({**e, "terms": (e["entity"], *e["terms"])}) for e in events]
        coming = [one for one in map(self._kind.read, seen) if one is not None]
        ground = Ground(self._kind, coming, self._read)
        for name, seen in coming:
            total.merge(ground.add(name, seen))
        self.states |= ground.rows()
        return total.settled()

    def _read(self, room: str, keys: Iterable[bytes]) -> dict[bytes, bytes]:
        found = {key: self.states[room, key] for key in keys if (room, key) in self.states}
        self.asked += len(found)
        return found


def meaning(events: Sequence[oracle.Event], grain: Grain = Grain.DAY, *, expires: bool = False) -> oracle.Buckets:
    return oracle.pairs(events, grain, within_m=WITHIN_M, expires=expires)


def roadwork(t: str | int, digest: int, owner: Any, *, name: str = "", **more: Any) -> oracle.Event:
    """Work on the Königstraße, from the 2nd to the 9th of November, unless it says otherwise."""
    site = {"lat": 51_432_000, "lon": 6_765_000, "begin": "2026-11-02 00:00", "end": "2026-11-09 00:00"}
    site |= {"holds": 1, "until": None}
    site |= {key: more.pop(key) for key in site if key in more}
    terms = [ms(one) if isinstance(one, str) else one for one in site.values()]
    return event(t, digest, owner, *terms, entity=name or owner, synthetic=False, **more)
