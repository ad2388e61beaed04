"""Bins of values: the second formula gives what the first one gives."""

from __future__ import annotations

import polars as pl

from cityhub.kpi.batch.additive import bin_of
from cityhub.kpi.kernel import histogram


def test_bins_of_small_values_and_of_those_around_every_edge() -> None:
    edges = [(64 + step) << shift for shift in range(56) for step in range(64)]
    values = sorted({*range(1000), *(edge + more for edge in edges for more in (-1, 0, 1)), histogram.MAX_VALUE})
    values = [-value for value in values[:0:-1]] + values
    found = pl.DataFrame({"value": values}).select(bin_of(pl.col("value"))).to_series().to_list()
    assert found == [histogram.bin_of(value) for value in values]
