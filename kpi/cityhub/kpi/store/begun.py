"""Windows that begin as the clock goes on, and when the first event they are made of arrived.

A mark asks for the windows that its bucket counts into, as far as they have begun. A year to date, seven days and every
window of a running total are also made of what came before they began: these are asked for when the clock reaches
them, and what is kept of other windows says whether an event has touched them. So which windows there are does not
depend on when the publisher looked.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from sqlalchemy import Connection, select

from cityhub.kpi.kernel.plan import Plan
from cityhub.kpi.kernel.windows import OVERLAPPING, Window, windows_over
from cityhub.kpi.store import schema
from cityhub.kpi.store.clocks import Arrivals
from cityhub.kpi.store.figures import moves_with_clock
from cityhub.kpi.store.renewal import KeptValue, decode_value, kept_values
from cityhub.kpi.store.windows import Job
from cityhub.kpi.values import WindowKind

_PARTS = (WindowKind.DAY, WindowKind.HOUR, WindowKind.QUARTER_HOUR, WindowKind.FIVE_MINUTES, WindowKind.MINUTE)
"""Windows of which seven days are made, the longest first."""


def windows_begun(plan: Plan, from_s: int, until_s: int) -> list[Window]:
    """Windows that may be another number, or a new one, because the clock went from one instant (epoch s) to another.

    Those that began, where they are made of what came before, and those that were running, where the clock moves their
    value.
    """
    moving = moves_with_clock(plan)
    kinds = [kind for kind in plan.definition.windows if moving or plan.has_prefix or kind in OVERLAPPING]
    found = (window for kind in kinds for window in windows_over(kind, from_s, until_s, until_s - 1))
    return [window for window in found if moving or window.anchor >= from_s]


def first_arrivals(
    connection: Connection, plan: Plan, jobs: Mapping[Job, Arrivals], kept: Mapping[Job, KeptValue]
) -> dict[Job, int | None]:
    """`KeptValue.first_ms` of each job, None = no event is known yet.

    A running total is made of everything up to its end, and a year to date of everything that the one before it in the
    same year is made of: a new window of theirs begins with what the window before it began with. Seven days begin
    with what the shorter windows in them began with.

    Args:
        jobs: with the arrivals of what changed them.
    """
    lines: dict[object, list[Job]] = {}
    for job in sorted(jobs, key=lambda job: job.window.anchor):
        lines.setdefault(_line(plan, job), []).append(job)
    within = _begun_within(connection, plan, [job for job in jobs if job not in kept])
    found: dict[Job, int | None] = {}
    for line in lines.values():
        begun = [] if line[0] in kept else _begun_before(connection, plan, line[0])
        for job in line:
            begun += within.get(job, [])
            begun += [kept[job].first_ms] if job in kept else []
            begun += [jobs[job].first_ms] if jobs[job].first_ms else []
            found[job] = min(begun, default=None)
    return found


def _line(plan: Plan, job: Job) -> object:
    """What windows have in common of which each is made of all that those before it are made of."""
    if plan.has_prefix:
        return job.window.kind, job.cut
    return (job.cut, job.window.start) if job.window.kind is WindowKind.YEAR_TO_DATE else job


def _begun_before(connection: Connection, plan: Plan, job: Job) -> list[int]:
    """`first_ms` of the newest window before a job's in its line that is kept, if any is."""
    if not plan.has_prefix and job.window.kind is not WindowKind.YEAR_TO_DATE:
        return []
    row = schema.value.c
    same = (row.kpi == plan.definition.id) & (row.window == job.window.kind.value)
    cut = (row.scope == job.cut.scope) & (row.dims == job.cut.dims)
    begun = row.anchor >= (0 if plan.has_prefix else job.window.start)
    newest = row.anchor.desc(), row.version.desc()
    query = select(row.payload).where(same & cut & begun, row.anchor < job.window.anchor).order_by(*newest).limit(1)
    return [decode_value(payload).first_ms for payload in connection.scalars(query)]


def _begun_within(connection: Connection, plan: Plan, jobs: Sequence[Job]) -> dict[Job, list[int]]:
    """Of seven days, `first_ms` of the definition's shorter windows in them; an event lies in one of these."""
    kind = next((kind for kind in _PARTS if kind in plan.definition.windows), None)
    if kind is None or plan.has_prefix:
        return {}
    parts = {
        job: [Job(job.cut, part) for part in windows_over(kind, job.window.start, job.window.end, job.window.end)]
        for job in jobs
        if job.window.kind is WindowKind.SEVEN_DAYS
    }
    kept = kept_values(connection, plan.definition.id, list({part for mine in parts.values() for part in mine}))
    return {job: [kept[part].first_ms for part in mine if part in kept] for job, mine in parts.items()}
