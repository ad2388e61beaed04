"""Roll-ups: what a series counts in a local day, kept so that long windows and prefix sums need not read every grain.

They are recomputed from the day's buckets whenever one of these changed, never added to: a pass may run twice.
"""

from __future__ import annotations

from collections.abc import Iterable

import numpy as np
from sqlalchemy import Connection

from cityhub.kpi.kernel.plan import Plan
from cityhub.kpi.kernel.windows import Grain, grain_end
from cityhub.kpi.store import schema
from cityhub.kpi.store.dialect import upsert
from cityhub.kpi.store.series import family_of
from cityhub.kpi.store.sheet import Integers
from cityhub.kpi.store.windows import PARTS_OF_DAYS, WITHIN_A_DAY, Place, columns, day_start


def keeps_rollups(plan: Plan) -> bool:
    """Whether any value of the plan is merged from days while its grain is shorter than one."""
    definition = plan.definition
    merged = plan.has_prefix or any(kind not in PARTS_OF_DAYS for kind in definition.windows)
    return definition.grain in WITHIN_A_DAY and merged


def day_totals(fresh: Integers, places: Iterable[Place]) -> Integers:
    """The series' days that hold the changed places: rows of series, start of the day, sums.

    Args:
        fresh: all buckets of these days: series, start, sums.
    """
    wanted = {(place.series, day_start(place.start)) for place in places}
    days = np.array(sorted({day for _, day in wanted}), dtype=np.int64)
    if not len(days) or not len(fresh):
        return fresh[:0]
    ends = np.array([grain_end(Grain.DAY, day) for day in days.tolist()], dtype=np.int64)
    at = np.searchsorted(days, fresh[:, 1], side="right") - 1
    inside = (at >= 0) & (fresh[:, 1] < ends[at])
    fresh, at = fresh[inside], at[inside]
    order = np.lexsort((at, fresh[:, 0]))
    series, at, sums = fresh[order, 0], at[order], fresh[order, 2:]
    edges = np.flatnonzero(np.r_[True, (series[1:] != series[:-1]) | (at[1:] != at[:-1])])
    found = np.column_stack([series[edges], days[at[edges]], np.add.reduceat(sums, edges, axis=0)])
    keep = [(number, day) in wanted for number, day in found[:, :2].tolist()]
    kept: Integers = found[np.array(keep)]
    return kept


def write_rollups(connection: Connection, plan: Plan, rows: Integers) -> None:
    """Keep the days' totals in place of what was known of them."""
    if not len(rows):
        return
    names = ("series", "start", *columns(plan))
    family = {"family": family_of(plan.definition, "")}
    statement = upsert(connection, schema.rollup)
    statement = statement.on_conflict_do_update(
        index_elements=["family", "start", "series"], set_={name: statement.excluded[name] for name in columns(plan)}
    )
    connection.execute(statement, [family | dict(zip(names, row, strict=True)) for row in rows.tolist()])
