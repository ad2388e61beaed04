"""Event frames from what the engine reads of a log; and what the engine makes of it, as buckets."""

from __future__ import annotations

import json
from collections.abc import Iterable
from decimal import Decimal
from typing import Any

import polars as pl

from cityhub.kpi.batch import Buckets
from cityhub.kpi.kernel.bucket import Bin, Place
from cityhub.kpi.kernel.plan import Plan
from cityhub.kpi.kernel.record import Row
from cityhub.sdk.contract import Contract
from tests.unit.kpi.engine import Engine
from tests.unit.kpi.language.naive import ms

_KINDS: dict[str, Any] = {"text": pl.String, "boolean": pl.Boolean}
_LOW = (1 << 64) - 1


def schema(contract: Contract) -> dict[str, Any]:
    """Columns of a type's frame."""
    fields = {f"${name}": _KINDS.get(field.type, pl.Int64) for name, field in contract.fields.items()}
    return {
        "part": pl.Int16,
        **dict.fromkeys(("off", "append_ms", "clock_ms", "t"), pl.Int64),
        **dict.fromkeys(("id", "source", "subject", "borough"), pl.String),
        "synthetic": pl.Boolean,
        **dict.fromkeys(("digest_hi", "digest_lo"), pl.UInt64),
        "reason": pl.String,
        **fields,
    }


def frame(contract: Contract, rows: Iterable[tuple[int, Row, str | None]]) -> pl.DataFrame:
    """Rows of (partition, row, why it was refused)."""
    return pl.DataFrame([_line(contract, *row) for row in rows], schema=schema(contract), orient="row")


def _line(contract: Contract, part: int, row: Row, reason: str | None) -> tuple[Any, ...]:
    event, record = row.event, row.record
    values = (value_of(getattr(event.data, name), field.scale) for name, field in contract.fields.items())
    return (
        *(part, record.offset, record.timestamp, row.clock_ms, row.t),
        *(event.id, event.source, event.subject, event.borough, event.synthetic),
        *(row.digest >> 64, row.digest & _LOW, reason),
        *values,
    )


def value_of(value: Any, scale: int) -> Any:
    if hasattr(value, "tzinfo"):
        return ms(value)
    return int(Decimal(str(value)).scaleb(scale)) if scale and value is not None else value


def stored(engine: Engine, plan: Plan) -> Buckets:
    """A definition's buckets of an engine's store."""
    vectors: dict[Place, list[int]] = {}
    bins: dict[Bin, int] = {}
    for kpi, layer, scope, dims, start, *rest in engine.buckets():
        if kpi != plan.definition.id:
            continue
        place = Place(layer, start, scope, tuple(json.loads(dims).values()))  # type: ignore[arg-type, call-overload]
        if len(rest) == 4:  # histogram, bin, count and no digest
            bins[Bin(place, rest[0], rest[1])] = rest[2]  # type: ignore[arg-type, assignment, index]
        else:
            n, synthetic_n, *values, digest = rest
            vectors[place] = [n, synthetic_n, digest, *values[: plan.width]]  # type: ignore[list-item]
    return Buckets.of(plan, vectors, bins)
