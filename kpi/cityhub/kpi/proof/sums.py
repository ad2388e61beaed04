"""Windows of recomputed buckets: summed and read by the same code as the store's own."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

import msgspec
import numpy as np
import polars as pl

from cityhub.kpi.batch import Buckets
from cityhub.kpi.batch.bucket import LIMBS, limbs, slots
from cityhub.kpi.batch.events import dimensions
from cityhub.kpi.kernel.plan import Plan
from cityhub.kpi.kernel.windows import Window, next_window, window_at
from cityhub.kpi.store.figures import Figures, figures
from cityhub.kpi.store.references import References
from cityhub.kpi.store.sheet import BinSheet, Cut, CutIndex, Integers, SeriesRow, Span
from cityhub.kpi.store.windows import Job, Totals, totals
from cityhub.kpi.values import WindowKind

_canonical = msgspec.json.Encoder(order="sorted").encode


class WindowSums:
    """Sums of any window of a definition.

    Args:
        clock_s: how far the record has come: buckets that begin later are not there yet, epoch s.
    """

    def __init__(self, plan: Plan, buckets: Buckets, clock_s: int) -> None:
        self.plan = plan
        self._clock_s = clock_s
        keys = ["layer", "scope", *dimensions(plan)]
        series = buckets.sums.select(keys).vstack(buckets.bins.select(keys)).unique().sort(keys, nulls_last=False)
        series = series.with_row_index("series").with_columns(pl.col("series").cast(pl.Int64))
        self._series = [
            SeriesRow(number, layer, scope, self._dims(dims)) for number, layer, scope, *dims in series.rows()
        ]
        self.base = CutIndex(
            (row for row in self._series if not row.layer), boroughs="borough" in plan.definition.scopes
        )
        there = pl.col("start") < clock_s
        sums = buckets.sums.filter(there | (pl.col("layer") != "")).with_columns(
            limb.cast(pl.Int64) for limb in limbs()
        )
        joined = sums.join(series, on=keys, nulls_equal=True)
        columns = ["series", "start", "n", "synthetic_n", *LIMBS, *slots(plan)]
        self._base = _matrix(joined.filter(pl.col("layer") == ""), columns)
        self._layers = {kind: _matrix(joined.filter(pl.col("layer") == kind.value), columns) for kind in plan.layers}
        bins = buckets.bins.filter(there).join(series, on=keys, nulls_equal=True)
        self._bins = BinSheet(self.base, _matrix(bins, ["series", "start", "histogram", "bin", "count"]))

    def layer(self, kind: WindowKind) -> CutIndex:
        """The cuts that a kind of window keeps buckets for."""
        return CutIndex((row for row in self._series if row.layer == kind), boroughs=True)

    @property
    def cuts(self) -> list[Cut]:
        """Everything a window can be asked for."""
        found = dict.fromkeys(self.base)
        for kind in self.plan.layers:
            found |= dict.fromkeys(self.layer(kind))
        return sorted(found)

    def windows(self, kind: WindowKind, start: int, end: int) -> Iterator[Window]:
        """Windows of a kind whose anchor lies in [start, end), epoch s, as far as the clock has come."""
        window = window_at(kind, start)
        while window.anchor < min(end, self._clock_s):
            if window.anchor >= start:
                yield window
            window = next_window(window)

    def totals(self, jobs: Sequence[Job]) -> list[Totals]:
        """Sums of windows, in their order."""
        sums = totals(self, jobs, self._base, self._layers)
        return [
            one._replace(bins=self._bins.sums(Span(job.cut, job.window.start, job.window.end)))
            for job, one in zip(jobs, sums, strict=True)
        ]

    def figures(self, job: Job, sums: Totals, references: References) -> Figures:
        """The number that sums are read as."""
        numbers = references.numbers(self.plan.references, job.cut, job.window.end)
        return figures(self.plan, job, sums, self._clock_s, numbers)

    def _dims(self, values: Sequence[str | None]) -> str:
        names = self.plan.definition.dimensions
        return _canonical(
            {name: value for name, value in zip(names, values, strict=True) if value is not None}
        ).decode()


def _matrix(rows: pl.DataFrame, columns: Sequence[str]) -> Integers:
    found: Integers = rows.select(columns).to_numpy().astype(np.int64).reshape(-1, len(columns))
    return found
