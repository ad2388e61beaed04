"""What a number means: its status against the target, its trend against the window before. Pure; docs/attainment.md."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping
from decimal import Decimal
from enum import StrEnum

from msgspec import Struct

from cityhub.kpi.definition import KpiDefinition, Target
from cityhub.kpi.health.kpi import LEAST_COVERAGE
from cityhub.kpi.targets import bounds
from cityhub.kpi.values import KpiValue
from cityhub.sdk.text import Text

STEP_POINTS = 0.5
"""Percentages: a smaller difference is noise, not a change."""
STEP_SHARE = 0.01
"""Other units: the same, as a share of the earlier value."""


class Status(StrEnum):
    """Where a value stands. Each is shown by word, shape and colour."""

    MET = "met"
    WATCH = "watch"
    MISSED = "missed"
    NO_TARGET = "no-target"
    NO_DATA = "no-data"
    UNRELIABLE = "unreliable"
    WITHHELD = "withheld"


RULE = {
    Status.MET: Text("Der Wert erreicht sein Ziel.", "The value reaches its target."),
    Status.WATCH: Text(
        "Der Wert verfehlt sein Ziel, aber nicht um mehr als die Toleranz.",
        "The value misses its target, but by no more than the tolerance.",
    ),
    Status.MISSED: Text("Der Wert verfehlt sein Ziel.", "The value misses its target."),
    Status.NO_TARGET: Text(
        "Für diesen Zeitraum hat niemand ein Ziel gesetzt.", "Nobody has set a target for this period."
    ),
    Status.NO_DATA: Text("Es wurde noch nichts gezählt.", "Nothing has been counted yet."),
    Status.UNRELIABLE: Text(
        "Zu wenig beobachtet: Der Wert wird an keinem Ziel gemessen.",
        "Too little was observed: the value is held against no target.",
    ),
    Status.WITHHELD: Text(
        "Kleine Gruppe: Der Wert wird zum Schutz der Menschen darin nicht gezeigt.",
        "Small group: the value is not shown, to protect the people in it.",
    ),
}
"""Why a value has its status, as a sentence for readers."""


class Direction(StrEnum):
    """Which way a value went; says nothing about good or bad."""

    UP = "up"
    FLAT = "flat"
    DOWN = "down"


class Trend(Struct, frozen=True):
    """A difference to the comparable earlier window.

    Attributes:
        change: new minus old, in the KPI's unit.
        better: None where nobody can say (flat, or a band without target).
    """

    change: float
    direction: Direction
    better: bool | None


def is_reliable(value: KpiValue) -> bool:
    """Whether enough of the time was observed; values that measure no time always are."""
    return value.coverage is None or value.coverage >= LEAST_COVERAGE


def status_of(definition: KpiDefinition, value: KpiValue | None, target: Target | None) -> Status:
    """The status of a value against the target of its window; a target is never invented."""
    if value is not None and value.suppressed:
        return Status.WITHHELD
    if value is None or value.value is None:
        return Status.NO_DATA
    if not is_reliable(value):
        return Status.UNRELIABLE
    if target is None:
        return Status.NO_TARGET
    short = _short_of(definition, target, value.value)
    if not short:
        return Status.MET
    return Status.WATCH if short <= Decimal(repr(target.watch or 0.0)) else Status.MISSED


def counts_of(statuses: Iterable[Status]) -> Mapping[Status, int]:
    """How many have which status, in the order of `Status`, without those that nobody has. Never a mean."""
    counted = Counter(statuses)
    return {status: counted[status] for status in Status if counted[status]}


def step_of(unit: str, earlier: float) -> float:
    """The smallest difference that counts as a change."""
    return STEP_POINTS if unit == "%" else abs(earlier) * STEP_SHARE


def trend_of(
    definition: KpiDefinition, value: KpiValue | None, earlier: KpiValue | None, target: Target | None = None
) -> Trend | None:
    """The trend, or None when one of the two values is unknown or unreliable."""
    if value is None or earlier is None or value.value is None or earlier.value is None:
        return None
    if not (is_reliable(value) and is_reliable(earlier)):
        return None
    change = value.value - earlier.value
    if abs(change) < step_of(definition.unit, earlier.value):
        return Trend(change, Direction.FLAT, None)
    direction = Direction.UP if change > 0 else Direction.DOWN
    if definition.direction != "band":
        return Trend(change, direction, direction == definition.direction)
    if target is None:
        return Trend(change, direction, None)
    new, old = (_short_of(definition, target, number) for number in (value.value, earlier.value))
    return Trend(change, direction, None if new == old else new < old)


def _short_of(definition: KpiDefinition, target: Target, number: float) -> Decimal:
    """How far a number is from its target; 0 = it is there. Decimals as they are written, so that 87.4 reaches 87.4."""
    low, high = bounds(target, definition.direction)
    exact = Decimal(repr(number))
    gaps = [low - exact] if low is not None else []
    gaps += [exact - high] if high is not None else []
    return max(Decimal(0), *gaps)
