"""What the dashboard knows about one KPI at one moment, read once and drawn by every component in the same way."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta

from msgspec import Struct

from cityhub.api.cut import STEP
from cityhub.dashboard.freshness import Freshness, freshness_of
from cityhub.dashboard.judgement import Status, Trend, status_of, trend_of
from cityhub.dashboard.view import View
from cityhub.kpi.definition import KpiDefinition
from cityhub.kpi.health.kpi import Health, health_of
from cityhub.kpi.health.source import State
from cityhub.kpi.kernel.measure import Latest, Pairs
from cityhub.kpi.kernel.windows import berlin
from cityhub.kpi.reader import Ask, anchor_of, instant, last_windows
from cityhub.kpi.values import KpiValue, WindowKind

RECENT = 16
"""Windows that a page of many KPIs reads of each: enough to tell a usual change from an unusual one."""
_FEBRUARY = 2


class KpiFacts(Struct, frozen=True, kw_only=True):
    """One KPI, its newest complete value and what belongs beside it.

    Attributes:
        value: newest complete window of the default kind. `running`: the one that is not over yet.
        trend: against the window before, of a year to date against the same days a year ago; None unless both were
            recorded completely.
        recorded_since: start of the first recorded step; windows that began earlier are incomplete. None where nothing
            was recorded, and for last states: they hold at an instant.
        status: of an unreliable KPI that it is so, whatever its number would be.
        health: of its newest value and its sources.
        recent: the newest windows of the default kind, oldest first, the running one included.
    """

    definition: KpiDefinition
    value: KpiValue | None
    running: KpiValue | None
    status: Status
    trend: Trend | None
    recorded_since: datetime | None
    freshness: Freshness
    health: Health
    recent: Sequence[KpiValue] = ()

    @property
    def shown(self) -> KpiValue | None:
        """The value that stands for the KPI: the complete one, or the running one as long as there is no other."""
        return self.value or self.running

    @property
    def synthetic(self) -> bool:
        """Whether any shown number counts simulated events."""
        return any(value.synthetic for value in (self.value, self.running) if value)

    def incomplete(self, value: KpiValue) -> bool:
        """Whether a window began before recording did."""
        return _is_incomplete(self.definition, value, self.recorded_since)

    @property
    def complete(self) -> Sequence[KpiValue]:
        """Of the recent windows, those that are over, up to the value, and were recorded from their beginning."""
        last = self.value
        return [one for one in self.recent if last and one.end <= last.end and not self.incomplete(one)]


class Window(Struct, frozen=True):
    """One step of a series; its value is None where nothing was counted."""

    start: datetime
    end: datetime
    value: KpiValue | None


def read_facts(view: View, definition: KpiDefinition) -> KpiFacts:
    """Read what tile, row and page show of one KPI."""
    return read_all(view, [definition])[definition.id]


def read_all(
    view: View, definitions: Sequence[KpiDefinition], counts: Mapping[str, int] | None = None
) -> Mapping[str, KpiFacts]:
    """The same of many KPIs, by id, with two looks into the store for all of them.

    Args:
        counts: how many recent windows of a KPI are wanted; `RECENT` where nothing is said.
    """
    recent = {one.id: max((counts or {}).get(one.id, 0), RECENT) for one in definitions}
    newest = [Ask(kpi_id=one.id, window=one.default_window, limit=recent[one.id]) for one in definitions]
    timed = [one for one in definitions if not isinstance(one.measure, Latest | Pairs)]
    first = [Ask(kpi_id=one.id, window=min(one.windows, key=STEP.__getitem__), oldest=True) for one in timed]
    found = view.reader.read([*newest, *first])
    values = dict(zip(recent, found, strict=False))
    since = {one.id: anchor_of(oldest[0]) for one, oldest in zip(timed, found[len(newest) :], strict=True) if oldest}
    a_year_ago = _years_before(view, values)
    return {one.id: _facts(view, one, values[one.id], since.get(one.id), a_year_ago.get(one.id)) for one in definitions}


def _facts(
    view: View,
    definition: KpiDefinition,
    recent: Sequence[KpiValue],
    since: datetime | None,
    a_year_ago: KpiValue | None,
) -> KpiFacts:
    now = view.now
    value, newest = _newest_over(recent, now), recent[-1] if recent else None
    running = newest if newest and newest.start <= now < newest.end else None
    earlier = a_year_ago if definition.default_window is WindowKind.YEAR_TO_DATE else _right_before(recent, value)
    health = health_of(definition, value or running, view.healths)
    comparable = earlier if earlier and not _is_incomplete(definition, earlier, since) else None
    return KpiFacts(
        definition=definition,
        value=value,
        running=running,
        status=Status.UNRELIABLE if health.state is State.UNRELIABLE else status_of(definition, value or running),
        health=health,
        trend=trend_of(definition, value, comparable),
        recorded_since=since,
        freshness=freshness_of(definition, view.streams, view.feeds, now),
        recent=recent,
    )


def read_series(view: View, definition: KpiDefinition, kind: WindowKind, count: int) -> Sequence[Window]:
    """The last `count` windows up to now, oldest first, the running one included."""
    bounds = last_windows(kind, view.now, count)
    values = view.reader.series(definition.id, kind, instant(bounds[0].anchor), instant(bounds[-1].end))
    return windows_of(values, kind, view.now, count)


def windows_of(values: Sequence[KpiValue], kind: WindowKind, now: datetime, count: int) -> Sequence[Window]:
    """The last `count` windows up to now, oldest first, each with its value."""
    by_end = {value.end: value for value in values}
    return [
        Window(instant(start), instant(end), by_end.get(instant(end)))
        for _, start, end, _ in last_windows(kind, now, count)
    ]


def _newest_over(recent: Sequence[KpiValue], now: datetime) -> KpiValue | None:
    return next((value for value in reversed(recent) if value.end <= now), None)


def _is_incomplete(definition: KpiDefinition, value: KpiValue, since: datetime | None) -> bool:
    """Until the first event was due, its absence says nothing."""
    due = timedelta(seconds=min(source.cadence_s for source in definition.sources.values()))
    return since is not None and value.start + due < since


def _right_before(recent: Sequence[KpiValue], value: KpiValue | None) -> KpiValue | None:
    """The window that ended when the value's began."""
    return next((one for one in recent if value and one.end == value.start), None)


def _years_before(view: View, values: Mapping[str, Sequence[KpiValue]]) -> Mapping[str, KpiValue]:
    """Of years to date, the value up to the same day of the year before."""
    newest = {kpi: _newest_over(recent, view.now) for kpi, recent in values.items()}
    asks = [a_year_before(one) for one in newest.values() if one and one.window is WindowKind.YEAR_TO_DATE]
    answers = view.reader.read(asks) if asks else []
    return {ask.kpi_id: answer[0] for ask, answer in zip(asks, answers, strict=True) if answer}


def a_year_before(value: KpiValue) -> Ask:
    """Asks for the window whose last step was the same a year before; of 29 February the 28th, of weeks 52 earlier."""
    last_day = anchor_of(value).astimezone(berlin())
    if value.window is WindowKind.WEEK:
        return _asks_for(value, last_day - timedelta(weeks=52))
    day = min(last_day.day, 28) if last_day.month == _FEBRUARY else last_day.day
    return _asks_for(value, last_day.replace(year=last_day.year - 1, day=day))


def _asks_for(value: KpiValue, anchor: datetime) -> Ask:
    end = anchor + timedelta(seconds=1)
    return Ask(kpi_id=value.kpi_id, window=value.window, scope=value.scope, start=anchor, end=end)
