"""Time-weighted states: how long something held, out of how long it was observed (docs/meaning.md, `state`)."""

from __future__ import annotations

from collections.abc import Mapping
from functools import reduce
from operator import or_

import polars as pl

from cityhub.kpi.batch import grains
from cityhub.kpi.batch.observations import following, observations, places
from cityhub.kpi.batch.piece import Pieces, Shares
from cityhub.kpi.kernel.cells import StateCell
from cityhub.kpi.kernel.plan import CellPlan, Plan


def pieces(plan: Plan, cell: CellPlan, kind: StateCell, frames: Mapping[str, pl.DataFrame]) -> Pieces:
    """What the observations contribute."""
    seen = observations(plan, cell, frames)
    shares = Shares(plan, seen)
    shares.add(seen, "t", n=1)
    _know(plan, kind, seen, shares)
    until = pl.min_horizontal(pl.col("t") + kind.hold_ms, following("t"))
    held = seen.select("row", "x0", pl.col("t").alias("begin"), until.alias("end"))
    split = grains.pieces(kind.grain, held.filter(pl.col("x0").is_not_null(), pl.col("begin") < pl.col("end")))
    length = pl.col("end") - pl.col("begin")
    shares.add(split, "begin", {kind.true_ms: pl.col("x0") * length, kind.observed_ms: length})
    return shares.pieces()


def _know(plan: Plan, kind: StateCell, seen: pl.DataFrame, shares: Shares) -> None:
    """Count each entity where it was last observed."""
    elsewhere = reduce(or_, [pl.col(name) != following(name, -1) for name in places(plan)])
    known = seen.select("row", "t", following("row", -1).alias("before"), elsewhere.alias("moved"))
    moved = known.filter("moved")
    shares.add(known.filter(pl.col("before").is_null()), "t", {kind.entities: pl.lit(1)})
    shares.add(moved, "t", {kind.entities: pl.lit(1)})
    shares.add(moved, "t", {kind.entities: pl.lit(-1)}, row="before", place_of="before")
