"""Counts, sums, ratios and quantiles: what an event adds depends on the event alone (docs/meaning.md)."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from functools import reduce
from operator import or_

import polars as pl

from cityhub.kpi.batch.bucket import Buckets, limbs, place_columns, slots
from cityhub.kpi.batch.events import DIGEST, EVENT, amount, where_of
from cityhub.kpi.batch.grains import starts
from cityhub.kpi.batch.piece import Pieces, bins_of
from cityhub.kpi.kernel.plan import Fill, Plan

_BITS = 6
"""A bin is a value's exponent and the six bits after the leading one; below 128 each value has a bin of its own."""


def bin_of(value: pl.Expr) -> pl.Expr:
    """The bin of a value from −2^62 to 2^62 (Int64)."""
    size = value.abs()
    shift = (63 - _BITS - size.bitwise_leading_zeros().cast(pl.Int64)).clip(lower_bound=0)
    return value.sign() * (shift * (1 << _BITS) + size // pl.lit(2, dtype=pl.Int64).pow(shift))


def buckets(plan: Plan, fills: Sequence[Fill], events: pl.DataFrame) -> Buckets:
    """The sums of one source's accepted events: grouped at once, without a row per event."""
    place = place_columns(plan)
    seen = _observed(plan, fills, events, *DIGEST)
    sums = (
        seen.lazy()
        .with_columns(limbs())
        .group_by(place)
        .agg(
            pl.len().cast(pl.Int64).alias("n"),
            pl.col("synthetic").sum().cast(pl.Int64).alias("synthetic_n"),
            pl.col("^d[0-3]$").sum(),
            *(pl.sum_horizontal(pl.col(names).sum()).alias(slot) for slot, names in _by_slot(fills).items()),
        )
        .collect()
    )
    counted = [
        frame.group_by(*place, "histogram", "bin").agg(pl.len().cast(pl.Int64).alias("count"))
        for frame in _binned(seen, fills, place)
    ]
    return Buckets.summed(plan, [sums], counted)


def pieces(plan: Plan, fills: Sequence[Fill], events: pl.DataFrame) -> Pieces:
    """The contributions of one source's accepted events."""
    place = place_columns(plan)
    type_ = plan.definition.sources[fills[0].part.source].type
    seen = _observed(plan, fills, events, "part", "off", *DIGEST).with_columns(pl.lit(type_).alias("type"))
    added = {slot: pl.sum_horizontal(names) for slot, names in _by_slot(fills).items()}
    contributions = seen.select(
        *EVENT,
        *place,
        pl.lit(0, dtype=pl.UInt64).alias("via"),
        pl.lit(1, dtype=pl.Int64).alias("n"),
        pl.col("synthetic").cast(pl.Int64).alias("synthetic_n"),
        *DIGEST,
        *(added.get(slot, pl.lit(0, dtype=pl.Int64)).alias(slot) for slot in slots(plan)),
    )
    one = pl.lit(1, dtype=pl.Int64).alias("count")
    counted = [frame.with_columns(one) for frame in _binned(seen, fills, [*EVENT, *place])]
    return Pieces(contributions, bins_of(plan, counted))


def _observed(plan: Plan, fills: Sequence[Fill], events: pl.DataFrame, *columns: str) -> pl.DataFrame:
    """The events that at least one fill observes.

    Returns:
        place columns, synthetic, `columns`, and per fill `x<number>`: what it adds, null = nothing.
    """
    amounts = [amount(plan, fill).alias(f"x{number}") for number, fill in enumerate(fills)]
    begin = starts(plan.definition.grain, events["t"]).alias("start")
    where = where_of(plan, fills[0].part.source)
    rows = events.lazy().select(pl.lit("").alias("layer"), begin, *where, "synthetic", *columns, *amounts)
    return rows.filter(reduce(or_, [pl.col(f"x{number}").is_not_null() for number in range(len(fills))])).collect()


def _by_slot(fills: Sequence[Fill]) -> dict[str, list[str]]:
    """The columns that are added up in each slot."""
    found: dict[str, list[str]] = {}
    for number, fill in enumerate(fills):
        if fill.slot is not None:
            found.setdefault(f"v{fill.slot}", []).append(f"x{number}")
    return found


def _binned(seen: pl.DataFrame, fills: Sequence[Fill], columns: Sequence[str]) -> Iterator[pl.DataFrame]:
    """Per histogram, its bin of each event that has a value."""
    for number, fill in enumerate(fills):
        if fill.histogram is not None:
            value = pl.col(f"x{number}")
            histogram = pl.lit(fill.histogram, dtype=pl.Int64).alias("histogram")
            yield seen.filter(value.is_not_null()).select(*columns, histogram, bin_of(value).alias("bin"))
