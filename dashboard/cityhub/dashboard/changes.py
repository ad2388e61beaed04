"""What is new since yesterday, the most telling first. Pure."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import datetime, timedelta
from itertools import pairwise
from statistics import median

from msgspec import Struct

from cityhub.dashboard.facts import KpiFacts
from cityhub.kpi.attainment import Status, is_reliable, step_of
from cityhub.kpi.kernel.windows import berlin
from cityhub.kpi.values import KpiValue, WindowKind

_WITHIN_A_DAY = frozenset({WindowKind.MINUTE, WindowKind.FIVE_MINUTES, WindowKind.QUARTER_HOUR, WindowKind.HOUR})
_LEAST_CHANGES = 3
"""From so many on, their median says what is usual."""


class Change(Struct, frozen=True, kw_only=True):
    """From a window's value to that of the next.

    Attributes:
        unusual: |change| ÷ the KPI's usual change (the median of its recent ones, at least its smallest step); where
            too few are known, ÷ the smallest step.
    """

    facts: KpiFacts
    before: KpiValue
    now: KpiValue
    status_before: Status
    unusual: float

    @property
    def by(self) -> float:
        """New minus old."""
        return _difference(self.before, self.now)

    @property
    def is_status(self) -> bool:
        """Whether the status is another one."""
        return self.status_before is not self.facts.status

    @property
    def is_noticeable(self) -> bool:
        """Whether the value moved by at least its smallest step."""
        return abs(self.by) >= step_of(self.now.unit, self.before.value or 0.0) and self.by != 0


def changes_of(facts: Iterable[KpiFacts], now: datetime) -> Sequence[Change]:
    """Everything comparable with a window that ended yesterday or today, the most telling first."""
    found = [change for one in facts if (change := _change(one, now))]
    return sorted(found, key=lambda one: (not one.is_status, -one.unusual, one.now.kpi_id))


def _change(facts: KpiFacts, now: datetime) -> Change | None:
    """None where nothing new is comparable. Windows within a day say nothing about yesterday."""
    recent = [one for one in facts.complete if one.value is not None and is_reliable(one)]
    if facts.definition.default_window in _WITHIN_A_DAY or len(recent) < 2:  # noqa: PLR2004
        return None
    before, last = recent[-2:]
    midnight = now.astimezone(berlin()).replace(hour=0, minute=0, second=0, microsecond=0)
    if last is not facts.value or last.end <= midnight - timedelta(days=1):
        return None
    step = step_of(last.unit, before.value or 0.0)
    usual = [abs(_difference(one, other)) for one, other in pairwise(recent[:-1])]
    size = max(median(usual), step) if len(usual) >= _LEAST_CHANGES else step
    change = abs(_difference(before, last))
    return Change(
        facts=facts,
        before=before,
        now=last,
        status_before=facts.status_at(before),
        unusual=change / size if size else float(change > 0),
    )


def _difference(before: KpiValue, after: KpiValue) -> float:
    return (after.value or 0.0) - (before.value or 0.0)
