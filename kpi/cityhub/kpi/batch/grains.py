"""Starts of grains for whole columns of instants.

Grains up to an hour are arithmetic. Local days and nights come from `kernel.windows`, hour by hour: its rules are those
of the pinned `tzdata` package, and Polars brings a time zone database of its own.
"""

from __future__ import annotations

import polars as pl

from cityhub.kpi.kernel.windows import Grain, grain_end, grain_start

_STEP_S = {Grain.MINUTE: 60, Grain.FIVE_MINUTES: 300, Grain.QUARTER_HOUR: 900, Grain.HOUR: 3600}
_HOUR_MS = 3_600_000


def starts(grain: Grain, ms: pl.Series) -> pl.Series:
    """Start (epoch s) of the grain that holds each instant (epoch ms, none null)."""
    if grain in _STEP_S:
        return ms // (_STEP_S[grain] * 1000) * _STEP_S[grain]
    hours = ms // _HOUR_MS
    different = hours.unique()
    begin = pl.Series([grain_start(grain, hour * _HOUR_MS) for hour in different], dtype=pl.Int64)
    return hours.replace_strict(different, begin, return_dtype=pl.Int64)


def pieces(grain: Grain, intervals: pl.DataFrame) -> pl.DataFrame:
    """Half-open intervals split at the edges of grains.

    Args:
        intervals: columns begin, end (epoch ms), begin < end, and whatever else.

    Returns:
        The same columns, a row per piece.
    """
    if intervals.is_empty():
        return intervals
    step_ms = _STEP_S.get(grain, 0) * 1000
    edges = pl.Series(dtype=pl.Int64) if step_ms else _edges(grain, intervals)

    def number(ms: pl.Series) -> pl.Series:
        return ms // step_ms if step_ms else edges.search_sorted(ms, side="right").cast(pl.Int64) - 1

    def edge(number: pl.Series) -> pl.Series:
        return number * step_ms if step_ms else edges.gather(number)

    first, last = number(intervals["begin"]), number(intervals["end"] - 1)
    split = intervals.with_columns(pl.int_ranges(first, last + 1).alias("number")).explode("number")
    low, high = edge(split["number"]), edge(split["number"] + 1)
    return split.with_columns(pl.max_horizontal("begin", low), pl.min_horizontal("end", high)).drop("number")


def _edges(grain: Grain, intervals: pl.DataFrame) -> pl.Series:
    """Edges (epoch ms) of all local grains from the first interval's begin to the last one's end."""
    first_ms, last_ms = intervals.select(pl.col("begin").min(), pl.col("end").max()).row(0)
    edges = [grain_start(grain, first_ms)]
    while edges[-1] * 1000 < last_ms:
        edges.append(grain_end(grain, edges[-1]))
    return pl.Series(edges, dtype=pl.Int64) * 1000
