"""What a publisher has still to compute. Memory only: a mark leaves the store when everything it asked for is done."""

from __future__ import annotations

import heapq
from collections.abc import Iterable, Iterator, Mapping, Sequence, Set
from typing import NamedTuple

from sqlalchemy import Connection, bindparam, delete, select, tuple_

from cityhub.kpi.kernel.label import BY_EVENTS
from cityhub.kpi.kernel.plan import Plan
from cityhub.kpi.store import schema
from cityhub.kpi.store.clocks import Arrivals
from cityhub.kpi.store.windows import Job, Place

NONE = Arrivals()


class Mark(NamedTuple):
    """A bucket that batches changed; `reason` = place in `BY_EVENTS`, `stamp` = the offset of the last batch."""

    place: Place
    writer: int
    reason: int
    stamp: int
    arrivals: Arrivals


class Task(NamedTuple):
    """A number of a KPI."""

    kpi: str
    job: Job


class Backlog:
    """Tasks, newest windows first, and the marks they come from."""

    def __init__(self) -> None:
        self._tasks: dict[Task, Arrivals] = {}
        self._marks: set[Mark] = set()

    def __contains__(self, mark: Mark) -> bool:
        return mark in self._marks

    def hold(self, mark: Mark) -> None:
        """Keep a mark until its tasks, which are added beside, are done."""
        self._marks.add(mark)

    def held(self) -> Set[Mark]:
        """Marks of which tasks are left."""
        return self._marks

    def add(self, kpi: str, jobs: Iterable[Job], arrivals: Arrivals = NONE) -> None:
        """Ask for numbers; `arrivals` are those of the changes that ask."""
        for job in jobs:
            task = Task(kpi, job)
            asked = self._tasks.get(task)
            self._tasks[task] = arrivals if asked is None else asked + arrivals

    def take(self, limit: int) -> dict[Task, Arrivals]:
        """The newest tasks with their arrivals; they leave the backlog."""
        newest = heapq.nlargest(limit, self._tasks, key=lambda task: task.job.window.end)
        return {task: self._tasks.pop(task) for task in newest}

    def release(self) -> list[Mark]:
        """Marks of which no task is left: every window of a mark ends after the mark's start."""
        until = max((task.job.window.end for task in self._tasks), default=None)
        done = [mark for mark in self._marks if until is None or until <= mark.place.start]
        self._marks.difference_update(done)
        return done

    def waiting(self) -> set[str]:
        """KPIs with tasks left."""
        return {task.kpi for task in self._tasks}


class Waiting:
    """Provisional windows of one KPI, by the clock beyond which they settle."""

    def __init__(self) -> None:
        self._heap: list[tuple[int, Job]] = []
        self._jobs: set[Job] = set()

    def add(self, job: Job, settles_ms: int) -> None:
        """Look at the job again when the clock has passed `settles_ms`."""
        if job not in self._jobs:
            self._jobs.add(job)
            heapq.heappush(self._heap, (settles_ms, job))

    def due(self, settled_ms: int) -> Iterator[Job]:
        """Jobs whose time has come; they leave."""
        while self._heap and self._heap[0][0] < settled_ms:
            job = heapq.heappop(self._heap)[1]
            self._jobs.discard(job)
            yield job


def read_marks(connection: Connection, plans: Iterable[Plan], until_s: int, limit: int) -> list[Mark]:
    """The newest marks that begin before an instant, of the plans' definitions only.

    Marks of a definition that this process does not know wait for a publisher that does.
    """
    row, series = schema.dirty.c, schema.series.c
    known = [(plan.definition.id, plan.definition.version) for plan in plans]
    mine = select(series.id).where(tuple_(series.kpi, series.version).in_(known))
    query = select(row.series, row.start, row.writer, row.reason, row.stamp, row.first_ms, row.last_ms)
    query = query.where(row.start < until_s, row.series.in_(mine)).order_by(row.start.desc()).limit(limit)
    return [
        Mark(Place(number, start), writer, reason, stamp, Arrivals.of(BY_EVENTS[reason], first_ms, last_ms))
        for number, start, writer, reason, stamp, first_ms, last_ms in connection.execute(query)
    ]


def delete_marks(connection: Connection, marks: Sequence[Mark]) -> None:
    """Take marks away, unless a batch has changed the bucket again since they were read."""
    if not marks:
        return
    row = schema.dirty.c
    same = [row[name] == bindparam(f"was_{name}") for name in ("series", "start", "writer", "reason", "stamp")]
    rows = [
        {
            "was_series": mark.place.series,
            "was_start": mark.place.start,
            "was_writer": mark.writer,
            "was_reason": mark.reason,
            "was_stamp": mark.stamp,
        }
        for mark in marks
    ]
    connection.execute(delete(schema.dirty).where(*same), rows)


def delete_left(connection: Connection, versions: Mapping[str, int]) -> None:
    """Take away the marks of older versions of KPIs: nobody publishes these any more."""
    series = schema.series.c
    for kpi, version in versions.items():
        left = select(series.id).where(series.kpi == kpi, series.version < version)
        connection.execute(delete(schema.dirty).where(schema.dirty.c.series.in_(left)))
