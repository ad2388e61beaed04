"""Event frames: what of them counts, and what a definition makes of an event before anything is summed.

One frame per event type, one row per record of the log, in no particular order. Columns: part (Int16), off (Int64),
append_ms, clock_ms, t (Int64, epoch ms), id, source, subject, borough (String; "" = none named), synthetic (Boolean),
digest_hi, digest_lo (UInt64), reason (String, null = accepted), and `$field` per field of the contract: Int64 (decimals
scaled, instants epoch ms), String or Boolean, null = unknown.
"""

from __future__ import annotations

from collections.abc import Mapping

import polars as pl

from cityhub.kpi.batch.expressions import compiled, is_true
from cityhub.kpi.errors import BatchError
from cityhub.kpi.kernel.plan import Fill, Plan

DIGEST = ("digest_hi", "digest_lo")
EVENT = ("type", "part", "off")
"""Columns that name an event; its type names the topic."""


def accepted(frame: pl.DataFrame) -> pl.DataFrame:
    """What counts: what no verdict refused, and of the same (part, source, id) the record with the lowest offset."""
    found = frame.filter(pl.col("reason").is_null())
    name = pl.col("id").hash(1) + pl.col("source").hash(2) + pl.col("part").hash(3)
    repeated = found.select(name.is_duplicated()).to_series()
    if not repeated.any():
        return found
    once = found.filter(repeated).sort("off").unique(["part", "source", "id"], keep="first", maintain_order=True)
    return pl.concat([found.filter(~repeated), once])


def events_of(plan: Plan, source: str, frames: Mapping[str, pl.DataFrame]) -> pl.DataFrame:
    """The accepted events of a definition's source.

    Raises:
        BatchError: its type has no frame.
    """
    type_ = plan.definition.sources[source].type
    if type_ not in frames:
        raise BatchError(
            f"{plan.definition.id}: no frame of {type_} among {', '.join(sorted(frames)) or 'none'}; hand one over, "
            "an empty one where the archive has no event of that type"
        )
    return accepted(frames[type_])


def dimensions(plan: Plan) -> list[str]:
    """Columns of the definition's dimensions, in its order."""
    return [f"dim{index}" for index in range(len(plan.definition.dimensions))]


def where_of(plan: Plan, source: str) -> list[pl.Expr]:
    """Scope and dimensions of an event's bucket; "" = unknown, or not asked for."""
    definition = plan.definition
    contract = definition.sources[source].contract
    scope = pl.col("borough") if "borough" in definition.scopes else pl.lit("")
    found = [scope.alias("scope")]
    for column, terms in zip(dimensions(plan), definition.dimensions.values(), strict=True):
        term = terms.get(source)
        text = pl.lit("") if term is None else compiled(term, contract).cast(pl.String).fill_null("")
        found.append(text.alias(column))
    return found


def amount(plan: Plan, fill: Fill) -> pl.Expr:
    """What an event adds by a fill (Int64); null = it is not observed, or its value is unknown."""
    contract = plan.definition.sources[fill.part.source].contract
    value = pl.lit(1) if fill.part.value is None else compiled(fill.part.value, contract)
    value = value.cast(pl.Int64)
    return value if fill.part.where is None else pl.when(is_true(fill.part.where, contract)).then(value)
