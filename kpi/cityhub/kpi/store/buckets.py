"""Writing what a batch adds to buckets. Rows carry the partition that wrote them, so that workers never meet in one."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Mapping, Sequence
from struct import Struct as Packed

from sqlalchemy import Connection

from cityhub.kpi.kernel.bucket import (
    DIGEST,
    DIGEST_MOD,
    FIRST_MS,
    FIRST_SLOT,
    LAST_MS,
    MAX_SLOTS,
    SYNTHETIC,
    Deltas,
    N,
    Place,
)
from cityhub.kpi.kernel.label import Reason
from cityhub.kpi.kernel.plan import Plan
from cityhub.kpi.kernel.program import Sums
from cityhub.kpi.store.dialect import AddingRows
from cityhub.kpi.store.series import SeriesIds
from cityhub.kpi.store.touched import Touch, write_touched

_limbs = Packed("<4I").unpack
_KEYS = ("family", "start", "series", "writer")
_FIXED = ("n", "synthetic_n", "d0", "d1", "d2", "d3")
_BUCKETS = tuple(
    AddingRows("bucket", _KEYS, (*_FIXED, *(f"v{slot}" for slot in range(width)))) for width in range(MAX_SLOTS + 1)
)
_BINS = AddingRows("bin", ("family", "start", "series", "histogram", "bin", "writer"), ("n",))

Note = Callable[[Connection, int, int, Mapping[Reason, Sequence[Touch]]], None]
"""Notes what a batch touched: writer, last offset, touches by reason."""
Buckets = dict[tuple[int, int, int], list[int]]
"""Vectors by family, start and series."""
Bins = dict[tuple[int, int, int, int, int], int]
"""Counts by family, start, series, histogram and bin."""


def limbs(digest: int) -> tuple[int, ...]:
    """The digest's four 32-bit parts, lowest first; sums of parts of many buckets stay below 2^63."""
    return _limbs((digest % DIGEST_MOD).to_bytes(16, "little"))


class BucketWriter:
    """Turns contributions into rows. One per process; it remembers the ids of series."""

    def __init__(self, plans: Sequence[Plan], note: Note = write_touched) -> None:
        self._plans = plans
        self._note = note
        self._series = SeriesIds()

    def write(
        self, connection: Connection, writer: int, offset: int, sums: Sequence[Sums], cells: Mapping[int, Deltas]
    ) -> None:
        """Add a batch's contributions.

        Args:
            writer: the writing partition's number. offset: the batch's last record.
            sums: additive contributions by plan. cells: what changed cells add, by number of the plan.
        """
        touches: defaultdict[Reason, list[Touch]] = defaultdict(list)
        for number, plan in enumerate(self._plans):
            buckets: Buckets = {}
            bins: Bins = {}
            self._additive(plan, sums[number], buckets, bins)
            if number in cells:
                self._cells(plan, cells[number], buckets, bins)
                for (place, reason), arrivals in cells[number].revised.items():
                    _, start, series = self._key(plan, place)
                    touches[reason].append((series, start, *arrivals))
            rows = [
                (*key, writer, vector[N], vector[SYNTHETIC], *limbs(vector[DIGEST]), *vector[FIRST_SLOT:])
                for key, vector in buckets.items()
            ]
            touches[Reason.LATE] += [
                (series, start, vector[FIRST_MS], vector[LAST_MS]) for (_, start, series), vector in buckets.items()
            ]
            _BUCKETS[plan.width].write(connection, rows)
            _BINS.write(connection, [(*key, writer, count) for key, count in bins.items()])
        self._note(connection, writer, offset, touches)
        self._series.write_new(connection)

    def committed(self) -> None:
        """The transaction of the last `write` is committed."""
        self._series.committed()

    def _additive(self, plan: Plan, sums: Sums, buckets: Buckets, bins: Bins) -> None:
        family = self._series.family(plan.definition, "")
        number, series = family.id, family.series
        for key, vector in sums.vectors.items():
            buckets[number, key[0], series(key[1:])] = vector
        for key, count in sums.bins.items():
            histogram, bin_, start = key[:3]
            bins[number, start, series(key[3:]), histogram, bin_] = count

    def _cells(self, plan: Plan, deltas: Deltas, buckets: Buckets, bins: Bins) -> None:
        for place, vector in deltas.vectors.items():
            key = self._key(plan, place)
            mine = buckets.get(key)
            buckets[key] = vector if mine is None else _together(mine, vector)
        for (place, histogram, bin_), count in deltas.bins.items():
            at = (*self._key(plan, place), histogram, bin_)
            bins[at] = bins.get(at, 0) + count

    def _key(self, plan: Plan, place: Place) -> tuple[int, int, int]:
        family = self._series.family(plan.definition, place.layer)
        return family.id, place.start, family.series((place.scope, *place.dims))


def _together(one: Sequence[int], other: Sequence[int]) -> list[int]:
    added = [mine + theirs for mine, theirs in zip(one, other, strict=True)]
    added[FIRST_MS] = min(one[FIRST_MS], other[FIRST_MS])
    added[LAST_MS] = max(one[LAST_MS], other[LAST_MS])
    return added
