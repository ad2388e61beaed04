"""What a family of cells observes: the events of all its inputs in one frame."""

from __future__ import annotations

from collections.abc import Mapping

import polars as pl

from cityhub.kpi.batch.events import DIGEST, dimensions, events_of, where_of
from cityhub.kpi.batch.expressions import compiled, is_true
from cityhub.kpi.kernel.cells import PairsCell
from cityhub.kpi.kernel.expression import Expression
from cityhub.kpi.kernel.plan import CellPlan, Input, Plan
from cityhub.sdk.contract import Contract

_SEPARATOR = "\x1f"


def observations(plan: Plan, cell: CellPlan, frames: Mapping[str, pl.DataFrame], last_role: str = "") -> pl.DataFrame:
    """The observations of a family, entity by entity in the order of docs/meaning.md.

    Args:
        last_role: of observations in the same instant those of this role come last.

    Returns:
        Columns row (numbered from 0), key (String: what tells entities apart), t, rank, type, part, off, synthetic,
        digest_hi, digest_lo, scope, dim0 …, and the terms x0 … (Int64 or String), null = unknown. Events with an
        unknown key are left out.
    """
    found = [
        _observed(plan, cell, given, events_of(plan, given.part.source, frames), last_role) for given in cell.inputs
    ]
    order = ["key", "t", "rank", *DIGEST, "synthetic", "scope"]
    return pl.concat(found).sort(order).with_row_index("row").with_columns(pl.col("row").cast(pl.Int64))


def following(column: str, by: int = 1) -> pl.Expr:
    """The same entity's next value of a column; null = there is none. With `by` −1 the one before."""
    return pl.when(pl.col("key") == pl.col("key").shift(-by)).then(pl.col(column).shift(-by))


def _observed(plan: Plan, cell: CellPlan, given: Input, events: pl.DataFrame, last_role: str) -> pl.DataFrame:
    source = plan.definition.sources[given.part.source]
    key, terms = given.key, given.terms
    if isinstance(cell.kind, PairsCell):
        key, terms = tuple(term for term in terms[:1] if term is not None), terms[1:]
    rows = events.lazy().filter(is_true(given.part.where, source.contract))
    rank = int(given.role == last_role)
    columns = rows.select(
        key_of(key, source.contract),
        "t",
        pl.lit(rank, dtype=pl.Int8).alias("rank"),
        pl.lit(source.type).alias("type"),
        *("part", "off", "synthetic", *DIGEST),
        *where_of(plan, given.part.source),
        *(_term(term, source.contract).alias(f"x{number}") for number, term in enumerate(terms)),
    )
    return columns.filter(pl.col("key").is_not_null()).collect()


def key_of(key: tuple[Expression, ...], contract: Contract) -> pl.Expr:
    """What tells entities apart, as text; unknown where a part of it is."""
    parts = [compiled(part, contract).cast(pl.String) for part in key]
    return pl.concat_str(parts, separator=_SEPARATOR).alias("key")


def _term(term: Expression | None, contract: Contract) -> pl.Expr:
    if term is None:
        return pl.lit(None, dtype=pl.Int64)
    found = compiled(term, contract)
    return found if term.type.kind == "text" else found.cast(pl.Int64)


def places(plan: Plan) -> list[str]:
    """Columns of scope and dimensions."""
    return ["scope", *dimensions(plan)]
