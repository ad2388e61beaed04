"""What a pass makes of a definition about people: a window is decided on once, when it is closed, all cuts together.

Before that there is a row without a number and without a revision, which nobody is shown: it remembers when the first
event arrived. Afterwards what is withheld stays so, and what is shown changes only when a count moves by two roundings
or more: then at least as many people as the smallest group have come or gone.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from typing import NamedTuple

from msgspec.structs import replace
from sqlalchemy import Connection, select

from cityhub.kpi.kernel.groups import is_small
from cityhub.kpi.kernel.label import Reason
from cityhub.kpi.kernel.plan import Plan
from cityhub.kpi.kernel.windows import Window, window_at, windows_over
from cityhub.kpi.store import schema
from cityhub.kpi.store.begun import first_arrivals
from cityhub.kpi.store.clocks import Arrivals, Clock
from cityhub.kpi.store.renewal import KeptValue, decode_value, kept_values, made, settles_ms
from cityhub.kpi.store.sheet import Cut
from cityhub.kpi.store.small_groups import NOTHING, WHOLE, Group, Groups, hidden
from cityhub.kpi.store.windows import Job, PlanRows
from cityhub.kpi.values import Label, WindowKind

Values = Iterator[tuple[Job, KeptValue]]


class Outcome(NamedTuple):
    """Values that changed, and all that were looked at and may still settle."""

    values: list[tuple[Job, KeptValue]]
    provisional: list[tuple[Job, KeptValue]]


class Closing:
    """The windows of one definition that a pass looks at.

    Args:
        jobs: what is asked for, with the arrivals of what changed it.
        minimum: the smallest group that is shown.

    Attributes:
        asked: the numbers that are needed: all of each closed window. groups: reads them.
    """

    def __init__(self, source: PlanRows, jobs: Mapping[Job, Arrivals], clock: Clock, minimum: int) -> None:
        self._source, self._plan = source, source.plan
        self._clock, self._minimum = clock, minimum
        self.groups = Groups(source.plan, minimum)
        self._arrivals: dict[Window, Arrivals] = {}
        for job, arrivals in jobs.items():
            self._arrivals[job.window] = self._arrivals.get(job.window, Arrivals()) + arrivals
        self._gone: dict[Window, set[Cut]] = {}
        self._open: list[tuple[Job, KeptValue]] = []
        self._changed_open: list[tuple[Job, KeptValue]] = []
        closed, new = self._closed()
        self._take_back(jobs)
        months = {month for window in new for month in self._months(window)}
        self._windows = sorted(closed | months, key=lambda window: (window.end - window.start, window.end))
        self.asked = [Job(cut, window) for window in self._windows for cut in self._cuts(window.kind)]
        self._kept = kept_values(source.connection, self._plan.definition.id, self.asked)

    def _closed(self) -> tuple[set[Window], set[Window]]:
        """The windows that nothing in time can arrive for any more, and those of them that were not decided on."""
        wholes = {Job(WHOLE, window): arrivals for window, arrivals in self._arrivals.items()}
        kept = kept_values(self._source.connection, self._plan.definition.id, list(wholes))
        closed: set[Window] = set()
        new: set[Window] = set()
        for job, first_ms in first_arrivals(self._source.connection, self._plan, wholes, kept).items():
            before = kept.get(job)
            if before is not None and before.revision and before.minimum_group:
                closed.add(job.window)
                new |= set() if self._is_of_now(before) else {job.window}
            elif first_ms is not None:
                row = made(self._plan, job, NOTHING, self._clock, first_ms=first_ms)
                if self._clock.settled_ms > settles_ms(row, self._plan):
                    closed.add(job.window)
                    new.add(job.window)
                else:
                    self._open.append((job, row))
                    known = before is not None and not before.revision and before.first_ms == first_ms
                    self._changed_open += [] if known else [(job, row)]
        return closed, new

    def _take_back(self, jobs: Iterable[Job]) -> None:
        """Numbers of open windows that were published when nobody knew that they tell of people."""
        still_open = {job.window for job, _ in self._open}
        asked = [job for job in jobs if job.window in still_open and job.cut != WHOLE]
        for job, value in kept_values(self._source.connection, self._plan.definition.id, asked).items():
            if value.revision:
                self._changed_open.append((job, made(self._plan, job, NOTHING, self._clock)))

    def _months(self, window: Window) -> Iterator[Window]:
        """The months of a longer window, where the definition has both; a closed year closes its months."""
        if window.kind is not WindowKind.MONTH and WindowKind.MONTH in self._plan.definition.windows:
            yield from windows_over(WindowKind.MONTH, window.start, window.end, window.end - 1)

    def _cuts(self, kind: WindowKind) -> list[Cut]:
        return list(dict.fromkeys([*self._source.base, *self._source.layer(kind)]))

    def outcome(self, found: Mapping[Job, Group]) -> Outcome:
        """What is to be kept.

        Args:
            found: of the numbers that were asked for those that have any event behind them.
        """
        cells: dict[Window, dict[Cut, Group]] = {window: {} for window in self._windows}
        for job, group in found.items():
            cells[job.window][job.cut] = group
        changed = list(self._changed_open)
        for window in self._windows:  # shorter ones first
            if self._decided(window):
                changed += self._revised(window, cells[window])
            elif WHOLE in cells[window]:
                changed += self._first(window, cells[window])
        return Outcome(changed, self._open)

    def _decided(self, window: Window) -> bool:
        whole = self._kept.get(Job(WHOLE, window))
        return whole is not None and self._is_of_now(whole)

    def _is_of_now(self, value: KeptValue) -> bool:
        """Whether this version decided on it, and by no smaller minimum."""
        decided = value.revision > 0 and value.minimum_group >= self._minimum
        return decided and value.definition_version == self._plan.definition.version

    def _first(self, window: Window, cells: Mapping[Cut, Group]) -> Values:
        """Decide on a window."""
        sizes = {cut: group.sizes for cut, group in cells.items()}
        untold = {cut for month in self._months(window) for cut in self._gone.get(month, ())}
        lot = f"{self._plan.definition.id}/{window.kind}/{window.anchor}"
        self._gone[window] = gone = hidden(sizes, self._minimum, lot, untold)
        for cut, group in cells.items():
            yield self._value(Job(cut, window), None if cut in gone else group)

    def _revised(self, window: Window, cells: Mapping[Cut, Group]) -> Values:
        """What changes of a window that was decided on. A number that was not there then is withheld."""
        gone = self._gone[window] = set()
        for cut, group in cells.items():
            job = Job(cut, window)
            before = self._kept.get(job)
            if before is None or not self._is_of_now(before):
                yield self._value(job, None)
            elif not before.suppressed:
                yield from self._changed(job, group, before)
                continue
            gone.add(cut)

    def _changed(self, job: Job, group: Group, before: KeptValue) -> Values:
        numbers, moved = group.figures, self.groups.moved(before, group.figures)
        redefined = before.definition_hash != self._plan.definition.hash
        another = redefined or before.references != numbers.references
        if (moved >= 2 * self._minimum or (another and not moved)) and not is_small(group.sizes, self._minimum):
            arrived = self._arrivals.get(job.window, Arrivals()).changed_ms()
            reasons = {
                Reason.ENGINE: redefined,
                Reason.REFERENCE: before.references != numbers.references,
                **dict.fromkeys(arrived, moved > 0),
            }
            told = tuple(reason.value for reason in Reason if reasons.get(reason))
            number, value = self._value(job, group)
            yield number, replace(value, label=Label.CORRECTED, reasons=told)

    def _value(self, job: Job, group: Group | None) -> tuple[Job, KeptValue]:
        """A value as it is shown, withheld without a group."""
        before = self._kept.get(job)
        return job, replace(
            made(self._plan, job, NOTHING if group is None else group.figures, self._clock),
            label=Label.FINAL,
            revision=1 + (0 if before is None else before.revision),
            suppressed=group is None,
        )


def to_protect(connection: Connection, plan: Plan) -> Iterator[Job]:
    """Numbers that were published when the smallest group was smaller, or nobody knew that they tell of people."""
    least = plan.definition.minimum_group
    if least is None:
        return
    row = schema.value.c
    query = select(row.payload, row.window, row.anchor, row.scope, row.dims)
    for payload, kind, anchor, scope, dims in connection.execute(
        query.where(row.kpi == plan.definition.id, row.revision > 0)
    ):
        if decode_value(payload).minimum_group < least:
            yield Job(Cut(scope, dims), window_at(WindowKind(kind), anchor))
