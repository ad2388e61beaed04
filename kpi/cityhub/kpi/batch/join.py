"""Joins: two events of one case, and the time between them (docs/meaning.md, `join`).

In an entity's order, runs of `first`s and runs of `then`s take turns. The head of a run of `first`s opens a case, the
head of the run of `then`s after it closes it; every other `then` is unmatched, every other `first` a repetition.
"""

from __future__ import annotations

from collections.abc import Mapping

import polars as pl

from cityhub.kpi.batch.additive import bin_of
from cityhub.kpi.batch.expressions import ELAPSED, is_true
from cityhub.kpi.batch.observations import following, observations
from cityhub.kpi.batch.piece import Pieces, Shares
from cityhub.kpi.kernel.cells import JoinCell
from cityhub.kpi.kernel.measure import Join
from cityhub.kpi.kernel.plan import CellPlan, Plan

_THEN = 1
_S = 1000


def pieces(plan: Plan, cell: CellPlan, kind: JoinCell, frames: Mapping[str, pl.DataFrame]) -> Pieces:
    """What the cases contribute."""
    seen = observations(plan, cell, frames, last_role="then")
    shares = Shares(plan, seen)
    before = following("rank", -1)
    heads = seen.with_columns((before.is_null() | (before != pl.col("rank"))).alias("head"), before.alias("before"))
    opens = pl.col("head") & (pl.col("rank") != _THEN)
    opening = [
        pl.when(opens).then(pl.col(name)).forward_fill().alias(alias)
        for name, alias in (("row", "opening"), ("t", "opened_at"))
    ]
    runs = heads.with_columns(opening).with_columns((pl.col("t") - pl.col("opened_at")).alias(ELAPSED))
    closes = pl.col("head") & pl.col("before").is_not_null() & (pl.col("rank") == _THEN)
    since = pl.col("opened_at") // _S
    shares.add(
        runs.filter(opens), "t", {kind.open_slot: pl.lit(1), kind.open_since_s: since, kind.opened: pl.lit(1)}, n=1
    )
    shares.add(runs.filter(~closes, pl.col("rank") == _THEN), "t", {kind.unmatched: pl.lit(1)}, n=1)
    _close(plan, kind, runs.filter(closes), shares)
    return shares.pieces()


def _close(plan: Plan, kind: JoinCell, closed: pl.DataFrame, shares: Shares) -> None:
    """A closed case: in the scope and dimensions of its `first`."""
    shares.add(closed, "t", n=1, place_of="opening")
    if kind.open_slot is not None:
        away = {kind.open_slot: pl.lit(-1), kind.open_since_s: -(pl.col("opened_at") // _S)}
        shares.add(closed, "t", away, row="opening", place_of="opening")
    at = "opened_at" if kind.cohort == "first" else "t"
    shares.add(closed, at, {kind.closed: pl.lit(1), kind.holds_slot: _holds(plan)}, place_of="opening")
    shares.add(closed, at, row="opening", place_of="opening")
    if kind.histogram is not None:
        shares.add_bins(closed, at, kind.histogram, bin_of(pl.col(ELAPSED)), place_of="opening")


def _holds(plan: Plan) -> pl.Expr:
    """Whether the predicate over the elapsed time is true. A definition has one join, its main measure."""
    measure = plan.definition.measure
    if not isinstance(measure, Join) or measure.holds is None:
        return pl.lit(0)
    return is_true(measure.holds, plan.definition.sources[measure.first[0].source].contract)
