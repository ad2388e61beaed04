"""What a number means: its status against the target, its trend against the window before. Pure."""

from __future__ import annotations

from enum import StrEnum

from msgspec import Struct

from cityhub.kpi.definition import KpiDefinition
from cityhub.kpi.values import KpiValue

STEP_POINTS = 0.5
"""Percentages: a smaller difference is noise, not a change."""
STEP_SHARE = 0.01
"""Other units: the same, as a share of the earlier value."""


class Status(StrEnum):
    """Where a value stands. Each is shown by word, shape and colour."""

    MET = "met"
    MISSED = "missed"
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


def status_of(definition: KpiDefinition, value: KpiValue | None) -> Status:
    """The status of a value; a target is never invented."""
    if value is None or value.value is None:
        return Status.NO_DATA
    target = definition.target
    if target is None or definition.direction == "band":  # one number is no band
        return Status.NO_TARGET
    reached = value.value >= target.value if definition.direction == "up" else value.value <= target.value
    return Status.MET if reached else Status.MISSED


def step_of(unit: str, earlier: float) -> float:
    """The smallest difference that counts as a change."""
    return STEP_POINTS if unit == "%" else abs(earlier) * STEP_SHARE


def trend_of(definition: KpiDefinition, value: KpiValue | None, earlier: KpiValue | None) -> Trend | None:
    """The trend, or None when one of the two values is unknown."""
    if value is None or earlier is None or value.value is None or earlier.value is None:
        return None
    change = value.value - earlier.value
    if abs(change) < step_of(definition.unit, earlier.value):
        return Trend(change, Direction.FLAT, None)
    better = None if definition.direction == "band" else (change > 0) == (definition.direction == "up")
    return Trend(change, Direction.UP if change > 0 else Direction.DOWN, better)
