"""A definition over its frames: every family of its contributions by its class."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TypeAlias

import polars as pl

from cityhub.kpi.batch import additive, correctable, distinct, join, latest, pairs, state
from cityhub.kpi.batch.bucket import Buckets
from cityhub.kpi.batch.distinct import Only
from cityhub.kpi.batch.events import events_of
from cityhub.kpi.batch.piece import Pieces
from cityhub.kpi.errors import BatchError
from cityhub.kpi.kernel.cells import CorrectableCell, DistinctCell, JoinCell, LatestCell, PairsCell, StateCell
from cityhub.kpi.kernel.plan import CellPlan, Plan

Frames: TypeAlias = Mapping[str, pl.DataFrame]


def buckets(plan: Plan, frames: Frames) -> Buckets:
    """All sums of a definition.

    Args:
        frames: by event type, one for each that the definition reads (`batch.events`).

    Raises:
        BatchError: a type has no frame, or a number cannot be computed exactly.
    """
    found = [additive.buckets(plan, fills, events_of(plan, source, frames)) for source, fills in plan.fills.items()]
    return Buckets.joined(plan, [*found, *(_buckets(plan, cell, frames) for cell in plan.cells)])


def pieces(plan: Plan, frames: Frames, only: Only | None = None) -> Pieces:
    """What each event contributes to which bucket.

    Args:
        only: of the buckets that are kept per window (`distinct`) those of this window only: its kind and anchor,
            epoch s. Others are not affected.

    Raises:
        BatchError: as `buckets`.
    """
    found = [additive.pieces(plan, fills, events_of(plan, source, frames)) for source, fills in plan.fills.items()]
    return Pieces.joined(plan, [*found, *(_pieces(plan, cell, frames, only) for cell in plan.cells)])


def _buckets(plan: Plan, cell: CellPlan, frames: Frames) -> Buckets:
    match cell.kind:
        case CorrectableCell():
            return additive.buckets(plan, cell.fills, _highest(plan, cell, frames))
        case DistinctCell() as kind:
            return distinct.buckets(plan, cell, kind, frames)
    return _pieces(plan, cell, frames, None).buckets(plan)


def _pieces(plan: Plan, cell: CellPlan, frames: Frames, only: Only | None) -> Pieces:
    match cell.kind:
        case CorrectableCell():
            return additive.pieces(plan, cell.fills, _highest(plan, cell, frames))
        case DistinctCell() as kind:
            return distinct.pieces(plan, cell, kind, frames, only)
        case StateCell() as kind:
            return state.pieces(plan, cell, kind, frames)
        case LatestCell() as kind:
            return latest.pieces(plan, cell, kind, frames)
        case JoinCell() as kind:
            return join.pieces(plan, cell, kind, frames)
        case PairsCell() as kind:
            return pairs.pieces(plan, cell, kind, frames)
    raise BatchError(f"{plan.definition.id}: the batch knows no {type(cell.kind).__name__}; write it beside the others")


def _highest(plan: Plan, cell: CellPlan, frames: Frames) -> pl.DataFrame:
    return correctable.highest(plan, cell, events_of(plan, cell.inputs[0].part.source, frames))
