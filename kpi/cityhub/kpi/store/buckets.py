"""Writing what a batch adds to buckets. Rows carry the partition that wrote them, so that workers never meet in one."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
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
)
from cityhub.kpi.kernel.plan import Plan
from cityhub.kpi.kernel.program import Sums
from cityhub.kpi.store.dialect import AddingRows
from cityhub.kpi.store.series import SeriesIds
from cityhub.kpi.store.touched import Touch, write_touched

_limbs = Packed("<4I").unpack
_KEYS = ("series", "start", "writer")
_FIXED = ("n", "synthetic_n", "d0", "d1", "d2", "d3")
_BUCKETS = tuple(
    AddingRows("bucket", _KEYS, (*_FIXED, *(f"v{slot}" for slot in range(width)))) for width in range(MAX_SLOTS + 1)
)
_BINS = AddingRows("bin", ("series", "start", "histogram", "bin", "writer"), ("n",))


def limbs(digest: int) -> tuple[int, ...]:
    """The digest's four 32-bit parts, lowest first; sums of parts of many buckets stay below 2^63."""
    return _limbs((digest % DIGEST_MOD).to_bytes(16, "little"))


class BucketWriter:
    """Turns contributions into rows. One per process; it remembers the ids of series."""

    def __init__(self, plans: Sequence[Plan]) -> None:
        self._plans = plans
        self._series = SeriesIds()

    def write(
        self, connection: Connection, writer: int, offset: int, sums: Sequence[Sums], cells: Mapping[int, Deltas]
    ) -> None:
        """Add a batch's contributions.

        Args:
            writer: the writing partition's number. offset: the batch's last record.
            sums: additive contributions by plan. cells: what changed cells add, by number of the plan.
        """
        touches: list[Touch] = []
        bins: dict[tuple[int, int, int, int], int] = {}
        for number, plan in enumerate(self._plans):
            buckets: dict[tuple[int, int], list[int]] = {}
            self._additive(number, plan, sums[number], buckets, bins)
            if number in cells:
                self._cells(number, plan, cells[number], buckets, bins)
            rows = [
                (series, start, writer, vector[N], vector[SYNTHETIC], *limbs(vector[DIGEST]), *vector[FIRST_SLOT:])
                for (series, start), vector in buckets.items()
            ]
            touches += [(*key, vector[FIRST_MS], vector[LAST_MS]) for key, vector in buckets.items()]
            _BUCKETS[plan.width].write(connection, rows)
        _BINS.write(connection, [(*key, writer, count) for key, count in bins.items()])
        write_touched(connection, writer, offset, touches)
        self._series.write_new(connection)

    def committed(self) -> None:
        """The transaction of the last `write` is committed."""
        self._series.committed()

    def _additive(
        self,
        number: int,
        plan: Plan,
        sums: Sums,
        buckets: dict[tuple[int, int], list[int]],
        bins: dict[tuple[int, int, int, int], int],
    ) -> None:
        series = self._series.id_of
        for key, vector in sums.vectors.items():
            buckets[series(number, plan, "", key[1], key[2:]), key[0]] = vector
        for (histogram, bin_, start, scope, *dims), count in sums.bins.items():
            bins[series(number, plan, "", scope, tuple(dims)), start, histogram, bin_] = count

    def _cells(
        self,
        number: int,
        plan: Plan,
        deltas: Deltas,
        buckets: dict[tuple[int, int], list[int]],
        bins: dict[tuple[int, int, int, int], int],
    ) -> None:
        for place, vector in deltas.vectors.items():
            key = self._series.id_of(number, plan, place.layer, place.scope, place.dims), place.start
            mine = buckets.get(key)
            buckets[key] = vector if mine is None else _together(mine, vector)
        for (place, histogram, bin_), count in deltas.bins.items():
            series = self._series.id_of(number, plan, place.layer, place.scope, place.dims)
            at = (series, place.start, histogram, bin_)
            bins[at] = bins.get(at, 0) + count


def _together(one: Sequence[int], other: Sequence[int]) -> list[int]:
    added = [mine + theirs for mine, theirs in zip(one, other, strict=True)]
    added[FIRST_MS] = min(one[FIRST_MS], other[FIRST_MS])
    added[LAST_MS] = max(one[LAST_MS], other[LAST_MS])
    return added
