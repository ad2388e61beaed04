"""Where a KPI stands at one moment: newest complete value, status, trend. One way for screen, API and command line."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from typing import NamedTuple

from msgspec import Struct

from cityhub.kpi.attainment import Status, Trend, status_of, trend_of
from cityhub.kpi.definition import KpiDefinition, Target
from cityhub.kpi.health.kpi import Health, SourceHealths, health_of
from cityhub.kpi.health.source import State
from cityhub.kpi.kernel.measure import Distinct, Latest, Pairs, Total
from cityhub.kpi.kernel.measure import State as StateMeasure
from cityhub.kpi.kernel.windows import STEP, berlin
from cityhub.kpi.reader import Ask, KpiReader, anchor_of
from cityhub.kpi.targets import TargetRecord, last_day, target_at
from cityhub.kpi.values import KpiValue, WindowKind

RECENT = 16
"""Windows that are read of each KPI: enough to tell a usual change from an unusual one."""
_FEBRUARY = 2
CITY = "city"


class Standing(Struct, frozen=True, kw_only=True):
    """One KPI and what belongs to its newest number.

    Attributes:
        value: newest complete window of the default kind. `running`: the one that is not over yet.
        targets: all records, oldest first. target: the one that holds at the end of the shown window, or today.
        status: of an unreliable KPI that it is so, whatever its number would be.
        health: of its newest value and its sources.
        trend: against the window before, of a year to date against the same days a year ago; None unless both were
            recorded completely.
        recorded_since: start of the first recorded step; windows that began earlier are incomplete. None where nothing
            was recorded, and for last states: they hold at an instant.
        recent: the newest windows of the default kind, oldest first, the running one included.
    """

    definition: KpiDefinition
    value: KpiValue | None
    running: KpiValue | None
    targets: Sequence[TargetRecord]
    target: TargetRecord | None
    status: Status
    health: Health
    trend: Trend | None
    recorded_since: datetime | None
    recent: Sequence[KpiValue] = ()

    @property
    def shown(self) -> KpiValue | None:
        """The value that stands for the KPI: the complete one, or the running one as long as there is no other."""
        return self.value or self.running

    def incomplete(self, value: KpiValue) -> bool:
        """Whether a window began before recording did."""
        return _is_incomplete(self.definition, value, self.recorded_since)

    @property
    def goal(self) -> Target | None:
        """What the shown window is held against."""
        return self.target.target if self.target else None

    def status_at(self, value: KpiValue) -> Status:
        """Status of another window or place, against the target that held at the window's end.

        Targets are the city's: a place is held against them unless its number is a part of the city's.
        """
        held = target_at(self.targets, last_day(value.end))
        part = value.scope != CITY and _adds_up(self.definition)
        return status_of(self.definition, value, held.target if held and not part else None)

    @property
    def complete(self) -> Sequence[KpiValue]:
        """Of the recent windows, those that are over, up to the value, and were recorded from their beginning."""
        last = self.value
        return [one for one in self.recent if last and one.end <= last.end and not self.incomplete(one)]


def standings(
    reader: KpiReader,
    definitions: Sequence[KpiDefinition],
    now: datetime,
    *,
    targets: Mapping[str, Sequence[TargetRecord]],
    healths: SourceHealths,
    counts: Mapping[str, int] | None = None,
) -> Sequence[Standing]:
    """Read where KPIs stand, with two looks into the store for all of them.

    Args:
        targets, healths: as the reader gives them.
        counts: how many recent windows of a KPI are wanted; `RECENT` where nothing is said.

    Raises:
        StoreUnavailable: the store cannot be read.
    """
    recent = {one.id: max((counts or {}).get(one.id, 0), RECENT) for one in definitions}
    newest = [Ask(kpi_id=one.id, window=one.default_window, limit=recent[one.id]) for one in definitions]
    timed = [one for one in definitions if not isinstance(one.measure, Latest | Pairs)]
    first = [Ask(kpi_id=one.id, window=min(one.windows, key=STEP.__getitem__), oldest=True) for one in timed]
    found = reader.read([*newest, *first])
    values = dict(zip(recent, found, strict=False))
    since = {one.id: anchor_of(oldest[0]) for one, oldest in zip(timed, found[len(newest) :], strict=True) if oldest}
    a_year_ago = _years_before(reader, values, now)
    return [
        _judged(one, now, _Read(values[one.id], since.get(one.id), a_year_ago.get(one.id)), targets[one.id], healths)
        for one in definitions
    ]


def a_year_before(value: KpiValue) -> Ask:
    """Asks for the window whose last step was the same a year before; of 29 February the 28th, of weeks 52 earlier."""
    last_day = anchor_of(value).astimezone(berlin())
    day = min(last_day.day, 28) if last_day.month == _FEBRUARY else last_day.day
    weekly = value.window is WindowKind.WEEK
    then = last_day - timedelta(weeks=52) if weekly else last_day.replace(year=last_day.year - 1, day=day)
    return Ask.one(value.kpi_id, value.window, then, value.scope)


class _Read(NamedTuple):
    """What was read of a KPI; as in `Standing`."""

    recent: Sequence[KpiValue]
    since: datetime | None
    a_year_ago: KpiValue | None


def _judged(
    definition: KpiDefinition, now: datetime, read: _Read, targets: Sequence[TargetRecord], healths: SourceHealths
) -> Standing:
    recent, since, a_year_ago = read
    value, newest = _newest_over(recent, now), recent[-1] if recent else None
    running = newest if newest and newest.start <= now < newest.end else None
    earlier = a_year_ago if definition.default_window is WindowKind.YEAR_TO_DATE else _right_before(recent, value)
    comparable = earlier if earlier and not _is_incomplete(definition, earlier, since) else None
    shown = value or running
    held = target_at(targets, last_day(shown.end) if shown else now.astimezone(berlin()).date())
    goal = held.target if held else None
    health = health_of(definition, shown, healths)
    return Standing(
        definition=definition,
        value=value,
        running=running,
        targets=targets,
        target=held,
        status=Status.UNRELIABLE if health.state is State.UNRELIABLE else status_of(definition, shown, goal),
        health=health,
        trend=trend_of(definition, value, comparable, goal),
        recorded_since=since,
        recent=recent,
    )


def _adds_up(definition: KpiDefinition) -> bool:
    """Whether the numbers of places are parts of the city's."""
    measure = definition.measure
    match measure:
        case Latest():
            return measure.per is None and not any(source.over for source in measure.of)
        case Total() | Distinct():
            return measure.per is None
        case StateMeasure():
            return measure.total
    return isinstance(measure, Pairs)


def _newest_over(recent: Sequence[KpiValue], now: datetime) -> KpiValue | None:
    return next((value for value in reversed(recent) if value.end <= now), None)


def _is_incomplete(definition: KpiDefinition, value: KpiValue, since: datetime | None) -> bool:
    """Until the first event was due, its absence says nothing."""
    due = timedelta(seconds=min(source.cadence_s for source in definition.sources.values()))
    return since is not None and value.start + due < since


def _right_before(recent: Sequence[KpiValue], value: KpiValue | None) -> KpiValue | None:
    """The window that ended when the value's began."""
    return next((one for one in recent if value and one.end == value.start), None)


def _years_before(reader: KpiReader, values: Mapping[str, Sequence[KpiValue]], now: datetime) -> Mapping[str, KpiValue]:
    """Of years to date, the value up to the same day of the year before."""
    newest = {kpi: _newest_over(recent, now) for kpi, recent in values.items()}
    asks = [a_year_before(one) for one in newest.values() if one and one.window is WindowKind.YEAR_TO_DATE]
    answers = reader.read(asks) if asks else []
    return {ask.kpi_id: answer[0] for ask, answer in zip(asks, answers, strict=True) if answer}
