"""What a number means: its status against the target, its trend against the window before. Pure."""

from __future__ import annotations

from enum import StrEnum
from math import inf

from msgspec import Struct

from cityhub.kpi.definition import KpiDefinition
from cityhub.kpi.values import KpiValue

STEP_POINTS = 0.5
"""Percentages: a smaller difference is noise, not a change."""
STEP_SHARE = 0.01
"""Other units: the same, as a share of the earlier value."""
LEAST_COVERAGE = 0.8
"""A value over less of its time is shown, but not relied on."""


class Status(StrEnum):
    """Where a value stands. Each is shown by word, shape and colour."""

    MET = "met"
    MISSED = "missed"
    UNRELIABLE = "unreliable"
    WITHHELD = "withheld"
    NO_TARGET = "no-target"
    NO_DATA = "no-data"


class Direction(StrEnum):
    """Which way a value went; says nothing about good or bad."""

    UP = "up"
    FLAT = "flat"
    DOWN = "down"


class Trend(Struct, frozen=True):
    """A difference to the comparable earlier window.

    Attributes:
        change: new minus old, in the KPI's unit.
        better: None where the definition cannot say (flat, or a band without limits).
    """

    change: float
    direction: Direction
    better: bool | None


def is_reliable(value: KpiValue) -> bool:
    """Whether enough of the time was observed; values that measure no time always are."""
    return value.coverage is None or value.coverage >= LEAST_COVERAGE


def status_of(definition: KpiDefinition, value: KpiValue | None) -> Status:
    """The status of a value; a target is never invented."""
    if value is not None and value.suppressed:
        return Status.WITHHELD
    if value is None or value.value is None:
        return Status.NO_DATA
    if not is_reliable(value):
        return Status.UNRELIABLE
    target = definition.target
    if target is None or definition.direction == "band":  # one number is no band
        return Status.NO_TARGET
    reached = value.value >= target.value if definition.direction == "up" else value.value <= target.value
    return Status.MET if reached else Status.MISSED


def step_of(unit: str, earlier: float) -> float:
    """The smallest difference that counts as a change."""
    return STEP_POINTS if unit == "%" else abs(earlier) * STEP_SHARE


def steps_of(value: KpiValue | None, trend: Trend | None) -> float:
    """How large a difference is in smallest changes, so that KPIs of different units can be compared."""
    if value is None or value.value is None or trend is None or trend.change == 0:
        return 0.0
    step = step_of(value.unit, value.value - trend.change)
    return abs(trend.change) / step if step else inf


def trend_of(definition: KpiDefinition, value: KpiValue | None, earlier: KpiValue | None) -> Trend | None:
    """The trend, or None when one of the two values is unknown or unreliable."""
    if value is None or earlier is None or value.value is None or earlier.value is None:
        return None
    if not (is_reliable(value) and is_reliable(earlier)):
        return None
    change = value.value - earlier.value
    if abs(change) < step_of(definition.unit, earlier.value):
        return Trend(change, Direction.FLAT, None)
    better = None if definition.direction == "band" else (change > 0) == (definition.direction == "up")
    return Trend(change, Direction.UP if change > 0 else Direction.DOWN, better)
