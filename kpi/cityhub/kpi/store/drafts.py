"""What a pass is going to write of one definition: values, history, roll-ups."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import partial
from typing import NamedTuple

import numpy as np
from sqlalchemy import Connection

from cityhub.kpi.kernel.plan import Plan
from cityhub.kpi.store.begun import first_arrivals
from cityhub.kpi.store.clocks import Arrivals, Clock
from cityhub.kpi.store.closing import Closing, Outcome
from cityhub.kpi.store.figures import figures
from cityhub.kpi.store.history import bins_by_place, write_clock, write_history
from cityhub.kpi.store.references import References, named_for
from cityhub.kpi.store.renewal import Finding, KeptValue, kept_values, renewed, write_values
from cityhub.kpi.store.rollups import day_totals, keeps_rollups, write_rollups
from cityhub.kpi.store.sheet import Bins, Integers
from cityhub.kpi.store.small_groups import Group, Groups
from cityhub.kpi.store.windows import Histograms, Job, Place, PlanRows, Totals, base_rows, layer_rows, totals
from cityhub.kpi.values import Label

JobSums = tuple[Job, Totals]


class Draft(NamedTuple):
    """Attributes:
    values: those that changed; provisional: all that were looked at and may still settle.
    buckets: rows of the changed buckets; bins: their histograms; days: rows of the changed days.
    """

    plan: Plan
    values: list[tuple[Job, KeptValue]]
    provisional: list[tuple[Job, KeptValue]]
    buckets: list[list[int]]
    bins: Mapping[Place, Bins]
    days: Integers
    clock_s: int
    references: References

    def write(self, connection: Connection, at_min: int) -> None:
        """Write it; `at_min` is the minute under which history is kept."""
        write_values(connection, self.plan.definition.id, self.values, at_min)
        write_rollups(connection, self.plan, self.days)
        write_history(connection, self.plan, at_min, self.buckets, self.bins)
        write_clock(connection, self.plan, at_min, self.clock_s, self.references)


def draft(
    source: PlanRows,
    jobs: Mapping[Job, Arrivals],
    places: Sequence[Place],
    clock: Clock,
    references: References,
) -> Draft:
    """Compute a definition's numbers from one snapshot.

    Args:
        jobs: what to compute, with the arrivals of what changed it.
        places: buckets that changed and whose history is not kept yet.
    """
    plan, minimum = source.plan, source.plan.definition.minimum_group
    closing = None if minimum is None else Closing(source, jobs, clock, minimum)
    asked = list(jobs) if closing is None else closing.asked
    layered = {row.id for row in source.series if row.layer}
    base_places = [place for place in places if place.series not in layered]
    layer_places = [place for place in places if place.series in layered]
    base = base_rows(source, asked, base_places, clock.until_s)
    layers = layer_rows(source, asked, layer_places)
    histograms = Histograms(source, asked, base_places, clock.until_s)
    sums = totals(source, asked, base.rows, layers)
    found: list[JobSums] = [(job, one._replace(bins=histograms.of(job))) for job, one in zip(asked, sums, strict=True)]
    if closing is None:
        values, provisional = _renewals(source, jobs, found, references, clock)
    else:
        values, provisional = closing.outcome(_groups(closing.groups, plan, found, references, clock))
    return Draft(
        plan=plan,
        values=values,
        provisional=provisional,
        buckets=_of_places([base.fresh, *layers.values()], places),
        bins=bins_by_place(histograms.fresh) if base_places else {},
        days=day_totals(base.fresh, base_places) if keeps_rollups(plan) else base.fresh[:0],
        clock_s=clock.until_s,
        references=references,
    )


def _renewals(
    source: PlanRows, jobs: Mapping[Job, Arrivals], found: Sequence[JobSums], references: References, clock: Clock
) -> Outcome:
    plan = source.plan
    before = kept_values(source.connection, plan.definition.id, list(jobs))
    firsts = first_arrivals(source.connection, plan, jobs, before)
    values = []
    for job, one in found:
        first_ms = firsts[job]
        if first_ms is not None:
            finding = _finding(plan, (job, one), jobs[job], references, clock)
            values.append((job, renewed(plan, finding, first_ms, before.get(job), clock)))
    return Outcome(
        [(job, value) for job, value in values if value != before.get(job)],
        [(job, value) for job, value in values if value.label is Label.PROVISIONAL],
    )


def _groups(
    groups: Groups, plan: Plan, found: Sequence[JobSums], references: References, clock: Clock
) -> dict[Job, Group]:
    known = partial(references.numbers, plan.references)
    return {
        job: groups.of(job, one, clock.until_s, known(job.cut, job.window.end)) for job, one in found if one.anything
    }


def _finding(plan: Plan, sums: JobSums, arrivals: Arrivals, references: References, clock: Clock) -> Finding:
    job, found = sums
    at = job.cut.scope, job.window.end
    return Finding(
        job=job,
        figures=figures(plan, job, found, clock.until_s, references.numbers(plan.references, job.cut, job.window.end)),
        arrivals=arrivals,
        referred_ms=max(
            (references.changed_ms(named_for(key, job.cut.dims), *at) for key in plan.references), default=0
        ),
    )


def _of_places(matrices: Sequence[Integers], places: Sequence[Place]) -> list[list[int]]:
    """The rows of the places."""
    wanted = set(places)
    starts = np.array(sorted({place.start for place in places}), dtype=np.int64)
    near = [row for rows in matrices for row in rows[np.isin(rows[:, 1], starts)].tolist()]
    return [row for row in near if Place(row[0], row[1]) in wanted]
