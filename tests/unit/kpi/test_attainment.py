"""Status and trend: direction decides what is good, never the sign; a target is never invented."""

from __future__ import annotations

from datetime import date
from decimal import Decimal
from fractions import Fraction

import pytest
from hypothesis import given
from hypothesis import strategies as st
from msgspec import structs

from cityhub.kpi.attainment import RULE, Direction, Status, Trend, counts_of, status_of, trend_of
from cityhub.kpi.definition import KpiDefinition, Target, load_catalogue
from cityhub.kpi.values import KpiValue, WindowKind
from tests.unit.dashboard.world import NOW, value

M01 = load_catalogue()["M01"]
SINCE = date(2026, 1, 1)
FOUR_DECIMALS = st.integers(-(10**9), 10**9).map(lambda number: number / 10_000)
SMALL = st.integers(0, 10**6).map(lambda number: number / 10_000)


def kpi(direction: str) -> KpiDefinition:
    return structs.replace(M01, direction=direction)


def goal(number: float = 85.0, **more: float) -> Target:
    return Target(value=number, source="Ratsbeschluss", since=SINCE, **more)


def band(low: float, high: float, watch: float | None = None) -> Target:
    return Target(low=low, high=high, watch=watch, source="Ratsbeschluss", since=SINCE)


def at(number: float | None, coverage: float | None = None) -> KpiValue:
    return structs.replace(value(WindowKind.DAY, NOW, (1, 1)), value=number, coverage=coverage)


@pytest.mark.parametrize(
    ("direction", "target", "number", "expected"),
    [
        ("up", goal(85), 85.0, Status.MET),
        ("up", goal(85), 84.9999, Status.MISSED),
        ("up", goal(85, watch=2), 84.9999, Status.WATCH),
        ("up", goal(85, watch=2), 83.0, Status.WATCH),
        ("up", goal(85, watch=2), 82.9999, Status.MISSED),
        ("up", goal(0.3, watch=0.1), 0.2, Status.WATCH),
        ("down", goal(85), 85.0, Status.MET),
        ("down", goal(85), 85.0001, Status.MISSED),
        ("down", goal(85, watch=2), 87.0, Status.WATCH),
        ("down", goal(85, watch=2), 87.0001, Status.MISSED),
        ("down", goal(0.1, watch=0.2), 0.3, Status.WATCH),
        ("band", band(70, 90), 70.0, Status.MET),
        ("band", band(70, 90), 90.0, Status.MET),
        ("band", band(70, 90), 90.0001, Status.MISSED),
        ("band", band(70, 90), 69.9999, Status.MISSED),
        ("band", band(70, 90, 5), 65.0, Status.WATCH),
        ("band", band(70, 90, 5), 95.0, Status.WATCH),
        ("band", band(70, 90, 5), 95.0001, Status.MISSED),
        ("up", None, 1.0, Status.NO_TARGET),
        ("up", goal(85), None, Status.NO_DATA),
        ("up", goal(0), 0.0, Status.MET),
    ],
)
def test_status(direction: str, target: Target | None, number: float | None, expected: Status) -> None:
    assert status_of(kpi(direction), at(number), target) is expected


def test_too_little_observed_is_held_against_nothing() -> None:
    assert status_of(M01, at(99.0, coverage=0.79), goal()) is Status.UNRELIABLE
    assert status_of(M01, at(99.0, coverage=0.8), goal()) is Status.MET
    assert status_of(M01, None, goal()) is Status.NO_DATA


def test_what_is_withheld_is_neither_met_nor_missed() -> None:
    assert status_of(M01, structs.replace(at(None), suppressed=True), goal()) is Status.WITHHELD


@given(FOUR_DECIMALS, FOUR_DECIMALS, SMALL, st.sampled_from(["up", "down", "band"]), SMALL)
def test_never_another_status_than_by_the_rule(
    number: float, limit: float, watch: float, direction: str, width: float
) -> None:
    """The rule again, in fractions of the decimals that people read."""
    high = float(Decimal(repr(limit)) + Decimal(repr(width)))
    target = band(limit, high, watch) if direction == "band" else goal(limit, watch=watch)
    found = status_of(kpi(direction), at(number), target)

    exact, low, top, tolerance = (Fraction(repr(one)) for one in (number, limit, high, watch))
    floor = low if direction != "down" else None
    ceiling = {"up": None, "down": low, "band": top}[direction]
    inside = (floor is None or exact >= floor) and (ceiling is None or exact <= ceiling)
    near = (floor is None or exact >= floor - tolerance) and (ceiling is None or exact <= ceiling + tolerance)
    assert found is (Status.MET if inside else Status.WATCH if near else Status.MISSED)


def test_statuses_are_counted_and_never_averaged() -> None:
    found = counts_of([Status.MISSED, Status.NO_DATA, Status.MET, Status.MISSED])
    assert list(found.items()) == [(Status.MET, 1), (Status.MISSED, 2), (Status.NO_DATA, 1)]
    assert set(RULE) == set(Status), "each is explained"


@pytest.mark.parametrize(
    ("direction", "target", "numbers", "arrow", "better"),
    [
        ("up", None, (85.0, 86.2), Direction.UP, True),
        ("up", None, (86.2, 85.0), Direction.DOWN, False),
        ("down", None, (85.0, 86.2), Direction.UP, False),
        ("down", None, (86.2, 85.0), Direction.DOWN, True),
        ("up", None, (85.0, 85.4), Direction.FLAT, None),
        ("band", None, (85.0, 86.2), Direction.UP, None),
        ("band", band(70, 80), (85.0, 83.0), Direction.DOWN, True),
        ("band", band(70, 80), (83.0, 85.0), Direction.UP, False),
        ("band", band(70, 80), (71.0, 79.0), Direction.UP, None),
        ("band", band(70, 80), (60.0, 90.0), Direction.UP, None),
        ("band", band(70, 80), (60.0, 69.0), Direction.UP, True),
    ],
)
def test_trend(
    direction: str, target: Target | None, numbers: tuple[float, float], arrow: Direction, better: bool | None
) -> None:
    before, after = numbers
    trend = trend_of(kpi(direction), at(after), at(before), target)
    assert trend is not None
    assert (trend.direction, trend.better) == (arrow, better)
    assert trend.change == pytest.approx(after - before)


def test_no_trend_against_the_unknown() -> None:
    assert trend_of(M01, at(80.0), None) is None
    assert trend_of(M01, at(80.0), at(None)) is None
    assert trend_of(M01, at(None), at(80.0)) is None
    assert trend_of(M01, at(80.0), at(70.0, coverage=0.5)) is None


def test_differences_of_other_units_are_shares_of_what_was() -> None:
    minutes = structs.replace(M01, unit="min", direction="down")
    before, after = (structs.replace(at(number), unit="min") for number in (200.0, 201.9))
    assert trend_of(minutes, after, before) == Trend(pytest.approx(1.9), Direction.FLAT, None)
