"""What the stream has counted, in one snapshot, in the form in which the second implementation compares it."""

from __future__ import annotations

from collections.abc import Iterable
from typing import NamedTuple

import msgspec
import polars as pl
from sqlalchemy import Connection

from cityhub.kpi.batch import Buckets
from cityhub.kpi.batch.bucket import place_schema
from cityhub.kpi.kernel.plan import Plan
from cityhub.kpi.store import cursors
from cityhub.kpi.store.clocks import Clocks
from cityhub.kpi.store.database import Database
from cityhub.kpi.store.sheet import Integers
from cityhub.kpi.store.windows import PlanRows, columns

_EVER = 1 << 40
_decode_dims = msgspec.json.Decoder(dict[str, str]).decode


class Snapshot(NamedTuple):
    """A common cut: how far the job had come in each partition, and what its buckets were there.

    Attributes:
        vector: last counted offset by topic and partition.
        clocks: by KPI, how far its record has come, epoch s. buckets: by KPI.
    """

    vector: dict[str, dict[int, int]]
    clocks: dict[str, int]
    buckets: dict[str, Buckets]


def snapshot(database: Database, plans: Iterable[Plan], job: str, *, with_buckets: bool = True) -> Snapshot:
    """Read cursors, and the buckets of the plans.

    Raises:
        StoreUnavailable: the store does not answer.
    """
    with database.snapshot() as connection:
        clocks = Clocks(connection, job)
        chosen = list(plans)
        return Snapshot(
            vector_of(connection, job),
            {plan.definition.id: clocks.of(plan.definition).until_s for plan in chosen},
            {plan.definition.id: stored_buckets(connection, plan) for plan in chosen} if with_buckets else {},
        )


def vector_of(connection: Connection, job: str) -> dict[str, dict[int, int]]:
    """A job's cursors."""
    found: dict[str, dict[int, int]] = {}
    for (topic, part), offset in sorted(cursors.offsets(connection, job).items()):
        found.setdefault(topic, {})[part] = offset
    return found


def stored_buckets(connection: Connection, plan: Plan) -> Buckets:
    """All buckets of a plan, over all writers."""
    rows = PlanRows(connection, plan)
    places = _places(rows)
    names = ["series", "start", *columns(plan)]
    sums = [_frame(rows.buckets(layer, 0, _EVER), names).join(places, on="series") for layer in ("", *plan.layers)]
    bins = _frame(rows.bins(0, _EVER), ["series", "start", "histogram", "bin", "count"]).join(places, on="series")
    return Buckets.summed(plan, sums, [bins])


def _places(rows: PlanRows) -> pl.DataFrame:
    """Series with what they stand for."""
    names = list(rows.plan.definition.dimensions)
    found = []
    for series in rows.series:
        dims = _decode_dims(series.dims)
        found.append((series.id, series.layer, series.scope, *(dims.get(name) for name in names)))
    kinds = place_schema(rows.plan)
    del kinds["start"]
    return pl.DataFrame(found, schema={"series": pl.Int64, **kinds}, orient="row")


def _frame(rows: Integers, names: list[str]) -> pl.DataFrame:
    return pl.DataFrame(rows, schema=dict.fromkeys(names, pl.Int64))
