"""What the dashboard knows about one KPI at one moment, read once and drawn by every component in the same way."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime

from msgspec import Struct

from cityhub.dashboard.freshness import Freshness, freshness_of
from cityhub.dashboard.view import View
from cityhub.kpi.definition import KpiDefinition
from cityhub.kpi.reader import instant, last_windows
from cityhub.kpi.standing import Standing, standings
from cityhub.kpi.values import KpiValue, WindowKind


class KpiFacts(Standing, frozen=True, kw_only=True):
    """Where one KPI stands, and how fresh its sources are."""

    freshness: Freshness

    @property
    def synthetic(self) -> bool:
        """Whether any shown number counts simulated events."""
        return any(value.synthetic for value in (self.value, self.running) if value)


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
    """The same of many KPIs, by id. Args and number of looks as `standings`."""
    found = standings(view.reader, definitions, view.now, targets=view.targets, healths=view.healths, counts=counts)
    return {
        one.definition.id: KpiFacts(
            **{name: getattr(one, name) for name in one.__struct_fields__},
            freshness=freshness_of(one.definition, view.streams, view.feeds, view.now),
        )
        for one in found
    }


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
