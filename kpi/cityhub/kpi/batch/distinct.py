"""Distinct values: how many different ones a window saw (docs/meaning.md, `distinct`).

The windows of a kind are numbered in their order. An observation lies in those from `low` to `high`, and of two
observations the later one's never begin or end before the earlier one's. So a value is new to those beyond the `high`
of its last observation before, and counts in each window with its first observation there.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import NamedTuple, TypeAlias

import polars as pl

from cityhub.kpi.batch.bucket import Buckets, limbs, place_columns, slots
from cityhub.kpi.batch.events import DIGEST, EVENT, dimensions
from cityhub.kpi.batch.grains import starts
from cityhub.kpi.batch.observations import observations, places
from cityhub.kpi.batch.piece import Pieces, bins_of
from cityhub.kpi.kernel.cells import DistinctCell
from cityhub.kpi.kernel.plan import CellPlan, Plan
from cityhub.kpi.kernel.windows import Grain, Window, grain_end, window_at, windows_over
from cityhub.kpi.values import WindowKind

CITY = "city"
_EVER = 1 << 62
Only: TypeAlias = tuple[WindowKind, int]
"""A kind of window and the anchor of one, epoch s."""


class _Layer(NamedTuple):
    """The windows of a kind.

    Attributes:
        anchors: by number. spans: start of a grain; low and high, the numbers of the first and last window it lies in.
    """

    kind: WindowKind
    anchors: pl.Series
    spans: pl.DataFrame


def buckets(plan: Plan, cell: CellPlan, kind: DistinctCell, frames: Mapping[str, pl.DataFrame]) -> Buckets:
    """The sums of all windows, without a row per observation and window."""
    seen, where = _seen(plan, cell, frames), places(plan)
    counted = seen.group_by("start", *where).agg(
        pl.len().alias("n"), pl.col("synthetic").sum().alias("synthetic_n"), *(limb.sum() for limb in limbs())
    )
    values = seen.select("start", "key", *where).unique().sort("start")
    sums = []
    for layer in _layers(kind, seen["start"], None):
        for all_, each in zip(_cuts(plan, counted), _cuts(plan, values), strict=True):
            sums.append(_opened(layer, all_.join(layer.spans, on="start")))
            fresh = _fresh(plan, each.join(layer.spans, on="start", maintain_order="left"))
            groups = fresh.filter(pl.col("fresh") <= pl.col("high")).group_by("fresh", "high", *where)
            found = groups.agg(pl.len().alias(f"v{kind.slot}")).rename({"fresh": "low"})
            sums.append(_opened(layer, found).with_columns(n=0, synthetic_n=0))
    return Buckets.summed(plan, sums, [])


def pieces(
    plan: Plan, cell: CellPlan, kind: DistinctCell, frames: Mapping[str, pl.DataFrame], only: Only | None
) -> Pieces:
    """What each observation contributes to each window that holds it, or to the one that `only` names."""
    seen = _seen(plan, cell, frames)
    new = (pl.col("number") >= pl.col("fresh")).cast(pl.Int64)
    none = pl.lit(0, dtype=pl.Int64)
    columns = [
        *EVENT,
        *place_columns(plan),
        pl.lit(0, dtype=pl.UInt64).alias("via"),
        pl.lit(1, dtype=pl.Int64).alias("n"),
        pl.col("synthetic").cast(pl.Int64).alias("synthetic_n"),
        *DIGEST,
        *((new if slot == f"v{kind.slot}" else none).alias(slot) for slot in slots(plan)),
    ]
    found = [
        _opened(layer, _fresh(plan, cut.join(layer.spans, on="start", maintain_order="left"))).select(columns)
        for layer in _layers(kind, seen["start"], only)
        for cut in _cuts(plan, seen)
    ]
    return Pieces(pl.concat(found), bins_of(plan, []))


def _seen(plan: Plan, cell: CellPlan, frames: Mapping[str, pl.DataFrame]) -> pl.DataFrame:
    """The observations in the order of time, with the start of their grain."""
    seen = observations(plan, cell, frames)
    return seen.with_columns(starts(plan.definition.grain, seen["t"]).alias("start"))


def _cuts(plan: Plan, seen: pl.DataFrame) -> Iterator[pl.DataFrame]:
    """The same for the city and for each borough, of all dimensions and of each."""
    city = pl.lit(CITY).alias("scope")
    whole = [pl.lit(None, dtype=pl.String).alias(name) for name in dimensions(plan)]
    for scoped in (seen.with_columns(city), seen.filter(~pl.col("scope").is_in(["", CITY]))):
        yield scoped.with_columns(whole)
        if whole:
            yield scoped


def _fresh(plan: Plan, spanned: pl.DataFrame) -> pl.DataFrame:
    """With `fresh`, the number of the first window to which the row's value is new: beyond `high` = to none.

    Args:
        spanned: of each value in the order of time.
    """
    before = pl.col("high").shift(1).over("key", *places(plan))
    return spanned.with_columns(pl.max_horizontal("low", before + 1).alias("fresh"))


def _opened(layer: _Layer, spanned: pl.DataFrame) -> pl.DataFrame:
    """A row per window, with the columns of its layer and start."""
    rows = spanned.with_columns(pl.int_ranges("low", pl.col("high") + 1).alias("number")).explode("number")
    start = layer.anchors.gather(rows["number"]).alias("start")
    return rows.with_columns(start, pl.lit(layer.kind.value).alias("layer"))


def _layers(kind: DistinctCell, begins: pl.Series, only: Only | None) -> Iterator[_Layer]:
    different = begins.unique().sort().to_list()
    for layer in kind.layers:
        wanted = only is None or layer == only[0]
        windows = _windows(layer, kind.grain, different) if wanted else []
        anchors = sorted({window.anchor for found in windows for window in found})
        number = {anchor: index for index, anchor in enumerate(anchors)}
        ends = [(number[found[0].anchor], number[found[-1].anchor]) for found in windows]
        rows = [(start, *span) for start, span in zip(different, ends, strict=wanted)]
        spans = pl.DataFrame(rows, schema=dict.fromkeys(("start", "low", "high"), pl.Int64), orient="row")
        if only is not None:
            spans = _narrowed(spans, number.get(only[1], -1))
        yield _Layer(layer, pl.Series(anchors, dtype=pl.Int64), spans)


def _windows(layer: WindowKind, grain: Grain, begins: Sequence[int]) -> list[Sequence[Window]]:
    """The windows of a kind that hold each grain; those of a day are looked up once: none begins or ends within it."""
    known: dict[tuple[int, int], Sequence[Window]] = {}
    found = []
    for start in begins:
        end = grain_end(grain, start)
        days = window_at(layer, start).anchor, window_at(WindowKind.DAY, end - 1).anchor
        if days not in known:
            known[days] = tuple(windows_over(layer, start, end, _EVER))
        found.append(known[days])
    return found


def _narrowed(spans: pl.DataFrame, number: int) -> pl.DataFrame:
    """Of all windows one."""
    held = spans.filter(pl.col("low") <= number, pl.col("high") >= number)
    return held.with_columns(pl.lit(number, dtype=pl.Int64).alias(name) for name in ("low", "high"))
