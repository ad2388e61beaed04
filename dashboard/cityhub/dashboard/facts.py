"""What the dashboard knows about one KPI at one moment, read once and drawn by every component in the same way."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime, timedelta

from msgspec import Struct

from cityhub.dashboard.freshness import Freshness, freshness_of
from cityhub.dashboard.judgement import Status, Trend, status_of, trend_of
from cityhub.dashboard.view import View
from cityhub.kpi.definition import KpiDefinition
from cityhub.kpi.kernel.windows import window_of
from cityhub.kpi.reader import KpiReader
from cityhub.kpi.values import KpiValue, WindowKind

_EPOCH = datetime.fromtimestamp(0, UTC)


class KpiFacts(Struct, frozen=True, kw_only=True):
    """One KPI, its newest complete value and what belongs beside it.

    Attributes:
        value: newest complete window of the default kind. `running`: the one that is not over yet.
        trend: against the window before, None unless both were recorded completely.
        recorded_since: start of the first recorded hour; windows that began earlier are incomplete.
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
        return self.recorded_since is not None and value.start < self.recorded_since


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
        trend=trend_of(definition, value, _comparable(view.reader, value, since)),
        recorded_since=since,
        freshness=freshness_of(definition, view.streams, view.feeds, now),
    )


def read_series(view: View, definition: KpiDefinition, kind: WindowKind, count: int) -> Sequence[Window]:
    """The last `count` windows up to now, oldest first, the running one included."""
    bounds = [window_of(kind, int(view.now.timestamp()))]
    while len(bounds) < count:
        bounds.append(window_of(kind, bounds[-1][0] - 1))
    bounds.reverse()
    spans = [(datetime.fromtimestamp(start, UTC), datetime.fromtimestamp(end, UTC)) for start, end in bounds]
    values = view.reader.series(definition.id, kind, spans[0][0], spans[-1][1])
    by_start = {value.start: value for value in values}
    return [Window(start, end, by_start.get(start)) for start, end in spans]


def _recorded_since(reader: KpiReader, definition: KpiDefinition, now: datetime) -> datetime | None:
    if WindowKind.HOUR not in definition.windows:
        return None
    first = reader.series(definition.id, WindowKind.HOUR, _EPOCH, now + timedelta(hours=1), limit=1)
    return first[0].start if first else None


def _comparable(reader: KpiReader, value: KpiValue | None, since: datetime | None) -> KpiValue | None:
    """The window right before, if recording had begun when it began."""
    if value is None:
        return None
    earlier = reader.latest(value.kpi_id, value.window, ended_by=value.start)
    if earlier is None or earlier.end != value.start or (since is not None and earlier.start < since):
        return None
    return earlier
