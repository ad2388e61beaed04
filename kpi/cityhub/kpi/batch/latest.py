"""Last states: the value of an entity is that of its latest observation (docs/meaning.md, `latest`)."""

from __future__ import annotations

from collections.abc import Mapping

import polars as pl

from cityhub.kpi.batch.observations import following, observations
from cityhub.kpi.batch.piece import Pieces, Shares
from cityhub.kpi.kernel.cells import LatestCell
from cityhub.kpi.kernel.plan import CellPlan, Plan

VALUE, OVER, UNTIL = "x0", "x1", "x2"


def pieces(plan: Plan, cell: CellPlan, kind: LatestCell, frames: Mapping[str, pl.DataFrame]) -> Pieces:
    """What the observations contribute: a state adds where it begins, and takes away where it ends."""
    seen = observations(plan, cell, frames)
    shares = Shares(plan, seen)
    shares.add(seen, "t", n=1)
    needed = [VALUE, *([OVER] if kind.over is not None else []), *([UNTIL] if kind.expires else [])]
    end = pl.min_horizontal(following("t"), UNTIL) if kind.expires else following("t")
    counted = (
        seen.with_columns(end.alias("end"))
        .filter(pl.col(name).is_not_null() for name in needed)
        .filter(pl.col("end").is_null() | (pl.col("end") > pl.col("t")))
    )
    added = {kind.value: pl.col(VALUE), kind.over: pl.col(OVER), kind.entities: pl.lit(1)}
    shares.add(counted, "t", added)
    ended = counted.filter(pl.col("end").is_not_null())
    shares.add(ended, "end", {slot: -amount for slot, amount in added.items()})
    return shares.pieces()
