"""Passes of the publisher: what changed becomes window values, with labels, revisions and history.

A pass reads one snapshot of buckets and cursors, computes, and writes everything in one transaction. Between the two
nothing is locked, so workers never wait for arithmetic. What a batch changes in the meantime keeps its mark, because
the mark's stamp has changed, and comes with the next pass. A pass that fails leaves nothing behind but the marks it
began with, so that the next one finds the same.
"""

from __future__ import annotations

import operator
from bisect import bisect_left
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from itertools import accumulate

import msgspec
from sqlalchemy import Connection, select

from cityhub.kpi.kernel.plan import Plan
from cityhub.kpi.kernel.windows import Window, grain_end, window_at, windows_over
from cityhub.kpi.store import schema
from cityhub.kpi.store.backlog import Backlog, Mark, Waiting, delete_left, delete_marks, read_marks
from cityhub.kpi.store.begun import windows_begun
from cityhub.kpi.store.clocks import Arrivals, Clocks
from cityhub.kpi.store.closing import to_protect
from cityhub.kpi.store.database import Database
from cityhub.kpi.store.drafts import Draft, draft
from cityhub.kpi.store.history import minute_of
from cityhub.kpi.store.references import References, load_references
from cityhub.kpi.store.renewal import decode_value, settles_ms
from cityhub.kpi.store.sheet import CITY, Cut, SeriesRow, cuts_of
from cityhub.kpi.store.tenure import Fence
from cityhub.kpi.store.touched import mark_touched
from cityhub.kpi.store.watermarks import Watermark, read_watermarks, write_watermarks
from cityhub.kpi.store.windows import Job, Place, PlanRows, series_of
from cityhub.kpi.values import Label, WindowKind

MARKS_LOOKED_AT = 10_000
"""Marks of one pass, the newest; older ones wait until these are done."""
VALUES_PER_PASS = 5_000
_SERIES_PER_QUERY = 500


ChoosePlans = Callable[[Connection], Sequence[Plan]]
"""The definitions to publish, asked in every pass; the same plans as long as their versions are the same."""


class Publishing:
    """Brings window values up to date.

    Args:
        plans: of the definitions, or what chooses them.
        job: consumer group whose cursors are the clock.
        fence: checked in every transaction that writes.
    """

    def __init__(self, database: Database, plans: Iterable[Plan] | ChoosePlans, job: str, fence: Fence) -> None:
        self._database = database
        fixed = () if callable(plans) else tuple(plans)
        self._choose: ChoosePlans = plans if callable(plans) else lambda _: fixed
        self._job = job
        self._fence = fence
        self._memory: _Memory | None = None
        self._unmarked = False

    def refresh(self, now_ms: int) -> int:
        """One pass: bounded work, newest windows first; call it again while `behind`.

        Args:
            now_ms: the publisher's clock, under whose minute history is kept.

        Returns:
            Number of values that changed.

        Raises:
            StoreUnavailable, LeaseLost: nothing was written.
        """
        self._unmarked = mark_touched(self._database, self._fence)
        memory, self._memory = self._memory, None  # memory follows the store: lost with a pass that fails
        with self._database.snapshot() as connection:
            plans = {plan.definition.id: plan for plan in self._choose(connection)}
            if memory is None or not memory.knows(plans):
                memory = _load(connection, plans)
            clocks = Clocks(connection, self._job)
            found = _Pass(connection, memory, clocks).run()
        marks, watermarks = memory.settled()
        if found or marks or watermarks:
            with self._database.begin() as connection:
                self._fence(connection)
                for one in found:
                    one.write(connection, minute_of(now_ms))
                delete_marks(connection, marks)
                delete_left(connection, {kpi: mark.version for kpi, mark in watermarks.items()})
                write_watermarks(connection, watermarks)
        memory.written.update(watermarks)
        self._memory = memory
        return sum(len(one.values) for one in found)

    def forget(self) -> None:
        """Drop what memory knows: another process may have published."""
        self._memory = None

    @property
    def behind(self) -> bool:
        """Whether the last pass left numbers for the next one."""
        return self._unmarked or (self._memory is not None and bool(self._memory.backlog.waiting()))


class _Memory:
    """What a publisher remembers between passes. It follows from the store and repeats committed rows only."""

    def __init__(self, plans: Mapping[str, Plan], written: Mapping[str, Watermark]) -> None:
        self.plans = plans
        self.written = dict(written)
        self.seen = dict(written)
        self.backlog = Backlog()
        self.waiting = {kpi: Waiting() for kpi in plans}
        self.series: dict[int, tuple[str, SeriesRow]] = {}

    def knows(self, plans: Mapping[str, Plan]) -> bool:
        """Whether it remembers of these versions."""
        return {kpi: plan.definition.version for kpi, plan in plans.items()} == {
            kpi: plan.definition.version for kpi, plan in self.plans.items()
        }

    def settled(self) -> tuple[list[Mark], dict[str, Watermark]]:
        """Marks and watermarks of which everything is done, and first watermarks: marks ask for all that was before."""
        begun = {kpi for kpi, mark in self.written.items() if mark.until_s}
        waiting = self.backlog.waiting() & begun
        ready = {kpi: seen for kpi, seen in self.seen.items() if kpi not in waiting and seen != self.written.get(kpi)}
        return self.backlog.release(), ready


def _load(connection: Connection, plans: Mapping[str, Plan]) -> _Memory:
    memory = _Memory(plans, read_watermarks(connection, plans))
    value = schema.value.c
    query = select(value.kpi, value.window, value.anchor, value.scope, value.dims, value.payload)
    for kpi, *key, payload in connection.execute(query.where(value.label == Label.PROVISIONAL.value)):
        kept = decode_value(payload)
        if kpi in plans and kept.definition_version == plans[kpi].definition.version:
            memory.waiting[kpi].add(_job(*key), settles_ms(kept, plans[kpi]))
    for kpi, plan in plans.items():
        memory.backlog.add(kpi, to_protect(connection, plan))
    return memory


class _Pass:
    """The reading half of a pass; lives for one snapshot."""

    def __init__(self, connection: Connection, memory: _Memory, clocks: Clocks) -> None:
        self._connection = connection
        self._memory = memory
        self._clocks = clocks
        self._clock = {kpi: clocks.of(plan.definition) for kpi, plan in memory.plans.items()}
        self._cut = False

    def run(self) -> list[Draft]:
        """What is to be written, by definition."""
        memory = self._memory
        places = self._take_marks()
        if self._cut:  # older marks wait, and so do the windows they may be of
            self._clock = {kpi: clock._replace(settled_ms=0) for kpi, clock in self._clock.items()}
        names = {name for plan in memory.plans.values() for name in plan.references}
        references = load_references(self._connection, names) if names else References(())
        for kpi, plan in memory.plans.items():
            self._take_changes(plan, references)
            memory.backlog.add(kpi, memory.waiting[kpi].due(self._clock[kpi].settled_ms))
        tasks: dict[str, dict[Job, Arrivals]] = {kpi: {} for kpi in places}
        for (kpi, job), arrivals in memory.backlog.take(VALUES_PER_PASS).items():
            tasks.setdefault(kpi, {})[job] = arrivals
        drafts = [
            draft(
                PlanRows(self._connection, memory.plans[kpi]),
                jobs,
                places.get(kpi, ()),
                self._clock[kpi],
                references,
            )
            for kpi, jobs in tasks.items()
        ]
        for one in drafts:
            for job, value in one.provisional:
                memory.waiting[one.plan.definition.id].add(job, settles_ms(value, one.plan))
        return drafts

    def _take_marks(self) -> dict[str, list[Place]]:
        """Put the tasks of new marks into the backlog.

        Returns:
            The buckets they stand for, by KPI.
        """
        memory = self._memory
        until_s = max((clock.until_s for clock in self._clock.values()), default=0)
        marks = read_marks(self._connection, memory.plans.values(), until_s, MARKS_LOOKED_AT)
        self._cut = len(marks) == MARKS_LOOKED_AT
        marks = [mark for mark in marks if mark not in memory.backlog]
        self._learn({mark.place.series for mark in marks} - memory.series.keys())
        places: dict[str, dict[Place, None]] = {}
        asked: dict[int, list[Mark]] = {}
        for mark in marks:
            kpi = memory.series[mark.place.series][0]
            if mark.place.start < self._clock[kpi].until_s:
                memory.backlog.hold(mark)
                places.setdefault(kpi, {})[mark.place] = None
                asked.setdefault(mark.place.series, []).append(mark)
        for number, changes in asked.items():
            self._ask(*memory.series[number], changes)
        return {kpi: list(found) for kpi, found in places.items()}

    def _ask(self, kpi: str, series: SeriesRow, marks: Sequence[Mark]) -> None:
        """Tasks of one series' marks, newest mark first.

        Of a running total the oldest mark asks for whatever the others ask for too.
        """
        plan, backlog = self._memory.plans[kpi], self._memory.backlog
        if series.layer or not plan.has_prefix:
            for mark in marks:
                backlog.add(kpi, self._jobs(plan, series, mark.place.start), mark.arrivals)
            return
        starts = [mark.place.start for mark in reversed(marks)]
        arrivals = list(accumulate((mark.arrivals for mark in reversed(marks)), operator.add))
        for job in self._jobs(plan, series, starts[0]):
            backlog.add(kpi, [job], arrivals[bisect_left(starts, job.window.end) - 1])

    def _learn(self, numbers: Iterable[int]) -> None:
        row = schema.series.c
        query = select(row.kpi, row.id, row.layer, row.scope, row.dims)
        waiting = sorted(numbers)
        for first in range(0, len(waiting), _SERIES_PER_QUERY):
            part = waiting[first : first + _SERIES_PER_QUERY]
            for kpi, *rest in self._connection.execute(query.where(row.id.in_(part))):
                self._memory.series[rest[0]] = (kpi, SeriesRow(*rest))

    def _jobs(self, plan: Plan, series: SeriesRow, start: int, from_s: int = 0) -> Iterator[Job]:
        """The windows from an instant on that a changed bucket counts into; of running totals all later ones too."""
        until_s = self._clock[plan.definition.id].until_s
        cuts = cuts_of(series, boroughs=_by_borough(plan))
        if series.layer:
            yield from (Job(cut, window_at(WindowKind(series.layer), start)) for cut in cuts)
            return
        end = until_s if plan.has_prefix else grain_end(plan.definition.grain, start)
        for kind in plan.definition.windows:
            for window in windows_over(kind, max(start, from_s), end, until_s - 1):
                if window.anchor >= from_s:
                    yield from (Job(cut, window) for cut in cuts)

    def _take_changes(self, plan: Plan, references: References) -> None:
        """Tasks that no bucket asks for: another definition or denominator, windows that begin."""
        kpi, memory = plan.definition.id, self._memory
        clock = self._clock[kpi]
        now = Watermark(plan.definition.version, plan.definition.hash, clock.until_s, references.seen(plan.references))
        before, memory.seen[kpi] = memory.seen.get(kpi), now
        if before is None or before == now or not before.until_s:  # windows begin with the first event
            return
        if (before.version, before.hash) != (now.version, now.hash):
            memory.backlog.add(kpi, (job for job in self._published(plan, 0) if _has(plan, job.cut)))
        changed_from = references.changed_from(before.references, plan.references)
        if changed_from is not None:
            memory.backlog.add(kpi, self._published(plan, changed_from))
        self._take_begun(plan, before.until_s)

    def _take_begun(self, plan: Plan, from_s: int) -> None:
        """Tasks of the windows that are asked for because the clock went on."""
        kpi, memory = plan.definition.id, self._memory
        windows = windows_begun(plan, from_s, self._clock[kpi].until_s)
        if not windows:
            return
        series = [row for row in series_of(self._connection, plan) if not row.layer]
        cuts = dict.fromkeys(cut for row in series for cut in cuts_of(row, boroughs=_by_borough(plan)))
        memory.backlog.add(kpi, (Job(cut, window) for window in windows for cut in cuts))
        for mark in memory.backlog.held():  # nothing is kept yet of what they ask for
            owner, row = memory.series[mark.place.series]
            if owner == kpi and not row.layer:
                memory.backlog.add(kpi, self._jobs(plan, row, mark.place.start, from_s), mark.arrivals)

    def _published(self, plan: Plan, from_s: int) -> Iterator[Job]:
        """Windows of the definition that are published and end after an instant."""
        row = schema.value.c
        query = select(row.window, row.anchor, row.scope, row.dims).distinct()
        kinds = row.window.in_([kind.value for kind in plan.definition.windows])
        for found in self._connection.execute(query.where(row.kpi == plan.definition.id, kinds, row.end > from_s)):
            yield _job(*found)


def _has(plan: Plan, cut: Cut) -> bool:
    """Whether the definition has numbers of a cut; another version may have had others."""
    dims = msgspec.json.decode(cut.dims, type=dict[str, str])
    return dims.keys() <= plan.definition.dimensions.keys() and (cut.scope == CITY or _by_borough(plan))


def _by_borough(plan: Plan) -> bool:
    return "borough" in plan.definition.scopes


def _job(kind: str, anchor: int, scope: str, dims: str) -> Job:
    window: Window = window_at(WindowKind(kind), anchor)
    return Job(Cut(scope, dims), window)
