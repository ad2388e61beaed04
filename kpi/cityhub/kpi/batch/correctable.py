"""Correctable streams: of an entity's versions only the highest counts (docs/meaning.md, `correctable`)."""

from __future__ import annotations

import polars as pl

from cityhub.kpi.batch.events import DIGEST
from cityhub.kpi.batch.expressions import compiled
from cityhub.kpi.batch.observations import key_of
from cityhub.kpi.kernel.plan import CellPlan, Plan


def highest(plan: Plan, cell: CellPlan, events: pl.DataFrame) -> pl.DataFrame:
    """The highest (version, digest) of each entity, where it does not take the entity back.

    Args:
        events: the accepted events of the family's one source. What is left of them counts as any other event does.
    """
    (given,) = cell.inputs
    contract = plan.definition.sources[given.part.source].contract
    version, retracted = given.terms
    if version is None:
        return events
    gone = pl.lit(value=False) if retracted is None else compiled(retracted, contract).fill_null(value=False)
    order = ["version", *DIGEST, "synthetic", "borough"]
    return (
        events.with_columns(
            key_of(given.key, contract), compiled(version, contract).alias("version"), gone.alias("gone")
        )
        .filter(pl.col("key").is_not_null())
        .sort(order)
        .unique("key", keep="last")
        .filter(~pl.col("gone"))
    )
