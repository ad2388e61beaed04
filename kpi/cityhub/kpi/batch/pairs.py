"""Pairs: entities near each other in space and time, by the last observation of each (docs/meaning.md, `pairs`)."""

from __future__ import annotations

from collections.abc import Mapping

import polars as pl

from cityhub.kpi.batch.observations import following, observations
from cityhub.kpi.batch.piece import Pieces, Shares
from cityhub.kpi.kernel.cells import PairsCell
from cityhub.kpi.kernel.plan import CellPlan, Plan

NORTH_M, EAST_M = 111_256, 69_547
"""Metres of a degree of latitude and of longitude on 51.43° N (docs/meaning.md)."""
_OWNER, _LATITUDE, _LONGITUDE, _BEGIN, _END, _HOLDS, _UNTIL = (f"x{number}" for number in range(7))
_SPOT = ("key", "row", "t", "stop", "owner", "north", "east", "begin", "end", "digest_lo")


def pieces(plan: Plan, cell: CellPlan, kind: PairsCell, frames: Mapping[str, pl.DataFrame]) -> Pieces:
    """What the observations and their pairs contribute; both observations support both buckets of a pair."""
    seen = observations(plan, cell, frames)
    shares = Shares(plan, seen, copies=True)
    shares.add(seen, "t", n=1)
    found = _pairs(kind, _in_force(kind, seen))
    for at, amount, some in (("since", 1, found), ("stop", -1, found.filter(pl.col("stop").is_not_null()))):
        shares.add(some, at, {kind.pairs: pl.lit(amount)}, via=pl.col("digest_lo_other"))
        shares.add(some, at, row="row_other", via=pl.col("digest_lo"))
    return shares.pieces()


def _in_force(kind: PairsCell, seen: pl.DataFrame) -> pl.DataFrame:
    """Observations that can be one of a pair, with the instant `stop` at which that ends; null = to this day.

    Coordinates are metres · 10^decimals, `reach` likewise.
    """
    stop = pl.min_horizontal(following("t"), _UNTIL) if kind.expires else following("t")
    needed = [_OWNER, _LATITUDE, _LONGITUDE, _BEGIN, _END, _HOLDS, *([_UNTIL] if kind.expires else [])]
    return (
        seen.with_columns(stop.alias("stop"))
        .filter(pl.col(name).is_not_null() for name in needed)
        .filter(pl.col(_HOLDS) != 0, pl.col(_BEGIN) < pl.col(_END))
        .with_columns(
            pl.col(_OWNER).cast(pl.String).alias("owner"),
            (pl.col(_LATITUDE) * NORTH_M).alias("north"),
            (pl.col(_LONGITUDE) * EAST_M).alias("east"),
            pl.col(_BEGIN).alias("begin"),
            pl.col(_END).alias("end"),
        )
        .select(_SPOT)
    )


def _pairs(kind: PairsCell, spots: pl.DataFrame) -> pl.DataFrame:
    """Every two observations that are a pair for some time, the one whose entity's name comes first on the left.

    The ground is cut into squares as wide as a pair may be apart: a pair lies in one or in two that touch.
    """
    squares = spots.lazy().with_columns(
        (pl.col("north") // kind.reach).alias("up"), (pl.col("east") // kind.reach).alias("right")
    )
    shifts = pl.LazyFrame({"up_by": [-1, 0, 1]}).join(pl.LazyFrame({"right_by": [-1, 0, 1]}), how="cross")
    around = squares.join(shifts, how="cross").with_columns(
        pl.col("up") + pl.col("up_by"), pl.col("right") + pl.col("right_by")
    )
    both = squares.join(around.drop("up_by", "right_by"), on=["up", "right"], suffix="_other")
    since = pl.max_horizontal("t", "t_other")
    stop = pl.min_horizontal("stop", "stop_other")
    return (
        both.filter(
            pl.col("key") < pl.col("key_other"),
            pl.col("owner") != pl.col("owner_other"),
            pl.max_horizontal("begin", "begin_other") < pl.min_horizontal("end", "end_other"),
            stop.is_null() | (since < stop),
            _square("north") + _square("east") <= pl.lit(kind.reach**2, dtype=pl.Int128),
        )
        .with_columns(since.alias("since"), stop.alias("stop"))
        .collect()
    )


def _square(axis: str) -> pl.Expr:
    """A squared distance; two squares of ground apart it can go beyond 64 bits."""
    apart = (pl.col(axis) - pl.col(f"{axis}_other")).cast(pl.Int128)
    return apart * apart
