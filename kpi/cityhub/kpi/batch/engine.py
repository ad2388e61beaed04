"""A definition over its frames: every family of its contributions by its class."""

from __future__ import annotations

from collections.abc import Mapping

import polars as pl

from cityhub.kpi.batch import additive
from cityhub.kpi.batch.bucket import Buckets
from cityhub.kpi.batch.events import events_of
from cityhub.kpi.batch.piece import Pieces
from cityhub.kpi.kernel.plan import Plan
from cityhub.kpi.values import WindowKind

Frames = Mapping[str, pl.DataFrame]
Only = tuple[WindowKind, int]
"""A kind of window and its anchor, epoch s."""


def buckets(plan: Plan, frames: Frames) -> Buckets:
    """All sums of a definition.

    Args:
        frames: by event type, one for each that the definition reads (`events`).

    Raises:
        BatchError: a type has no frame, or a number cannot be computed exactly.
    """
    found = [additive.buckets(plan, fills, events_of(plan, source, frames)) for source, fills in plan.fills.items()]
    return Buckets.joined(plan, found)


def pieces(plan: Plan, frames: Frames, only: Only | None = None) -> Pieces:
    """What each event contributes to which bucket.

    Args:
        only: of buckets that are kept per window (`distinct`) leave out those of other windows.

    Raises:
        BatchError: as `buckets`.
    """
    found = [additive.pieces(plan, fills, events_of(plan, source, frames)) for source, fills in plan.fills.items()]
    return Pieces.joined(plan, found)
