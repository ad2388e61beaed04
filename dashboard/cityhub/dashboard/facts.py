"""What the dashboard knows about one KPI at one moment, read once and drawn by every component in the same way."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime, timedelta

from msgspec import Struct

from cityhub.api.cut import STEP
from cityhub.dashboard.freshness import Freshness, freshness_of
from cityhub.dashboard.judgement import Status, Trend, status_of, trend_of
from cityhub.dashboard.view import View
from cityhub.kpi.definition import KpiDefinition
from cityhub.kpi.kernel.measure import Latest, Pairs
from cityhub.kpi.kernel.windows import berlin
from cityhub.kpi.reader import KpiReader, anchor_of, instant, last_windows
from cityhub.kpi.values import KpiValue, WindowKind

_EPOCH = datetime.fromtimestamp(0, UTC)
_FEBRUARY = 2


class KpiFacts(Struct, frozen=True, kw_only=True):
    """One KPI, its newest complete value and what belongs beside it.

    Attributes:
        value: newest complete window of the default kind. `running`: the one that is not over yet.
        trend: against the window before, of a year to date against the same days a year ago; None unless both were
            recorded completely.
        recorded_since: start of the first recorded step; windows that began earlier are incomplete. None where nothing
            was recorded, and for last states: they hold at an instant.
    """

    definition: KpiDefinition
    value: KpiValue | None
    running: KpiValue | None
    status: Status
    trend: Trend | None
    recorded_since: datetime | None
    freshness: Freshness

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


class Window(Struct, frozen=True):
    """One step of a series; its value is None where nothing was counted."""

    start: datetime
    end: datetime
    value: KpiValue | None


def read_facts(view: View, definition: KpiDefinition) -> KpiFacts:
    """Read what tile, row and page show of one KPI."""
    kind, now = definition.default_window, view.now
    value = view.reader.latest(definition.id, kind, ended_by=now)
    newest = view.reader.latest(definition.id, kind)
    since = _recorded_since(view.reader, definition, now)
    running = newest if newest and newest.start <= now < newest.end else None
    return KpiFacts(
        definition=definition,
        value=value,
        running=running,
        status=status_of(definition, value or running),
        trend=trend_of(definition, value, _comparable(view.reader, definition, value, since)),
        recorded_since=since,
        freshness=freshness_of(definition, view.streams, view.feeds, now),
    )


def read_series(view: View, definition: KpiDefinition, kind: WindowKind, count: int) -> Sequence[Window]:
    """The last `count` windows up to now, oldest first, the running one included."""
    bounds = last_windows(kind, view.now, count)
    values = view.reader.series(definition.id, kind, instant(bounds[0].anchor), instant(bounds[-1].end))
    by_end = {value.end: value for value in values}
    return [Window(instant(start), instant(end), by_end.get(instant(end))) for _, start, end, _ in bounds]


def _recorded_since(reader: KpiReader, definition: KpiDefinition, now: datetime) -> datetime | None:
    if isinstance(definition.measure, Latest | Pairs):
        return None
    finest = min(definition.windows, key=STEP.__getitem__)
    first = reader.series(definition.id, finest, _EPOCH, now + timedelta(hours=1), limit=1)
    return anchor_of(first[0]) if first else None


def _is_incomplete(definition: KpiDefinition, value: KpiValue, since: datetime | None) -> bool:
    """Until the first event was due, its absence says nothing."""
    due = timedelta(seconds=min(source.cadence_s for source in definition.sources.values()))
    return since is not None and value.start + due < since


def _comparable(
    reader: KpiReader, definition: KpiDefinition, value: KpiValue | None, since: datetime | None
) -> KpiValue | None:
    """The window right before, if recording had begun when it began."""
    if value is None:
        return None
    if value.window is WindowKind.YEAR_TO_DATE:
        earlier = _a_year_before(reader, value)
    else:
        earlier = reader.latest(value.kpi_id, value.window, ended_by=value.start)
        if earlier is not None and earlier.end != value.start:
            return None
    return None if earlier is None or _is_incomplete(definition, earlier, since) else earlier


def _a_year_before(reader: KpiReader, value: KpiValue) -> KpiValue | None:
    """The year to date up to the same day of the year before; of 29 February up to the 28th."""
    last_day = anchor_of(value).astimezone(berlin())
    day = min(last_day.day, 28) if last_day.month == _FEBRUARY else last_day.day
    anchor = last_day.replace(year=last_day.year - 1, day=day)
    found = reader.series(value.kpi_id, value.window, anchor, anchor + timedelta(hours=1), limit=1)
    return found[0] if found else None
