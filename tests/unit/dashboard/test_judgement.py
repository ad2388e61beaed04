"""Status and trend: direction decides what is good, never the sign; a target is never invented."""

from __future__ import annotations

import pytest
from msgspec import structs

from cityhub.dashboard.judgement import Direction, Status, status_of, trend_of
from cityhub.kpi.definition import KpiDefinition, Target, load_catalogue
from cityhub.kpi.values import WindowKind
from tests.unit.dashboard.world import NOW, value

M01 = load_catalogue()["M01"]


def kpi(direction: str, target: float | None = 85.0) -> KpiDefinition:
    goal = None if target is None else Target(value=target, source="Ratsbeschluss", since="2026-01-01")
    return structs.replace(M01, direction=direction, target=goal)


@pytest.mark.parametrize(
    ("direction", "good", "expected"),
    [
        ("up", 850, Status.MET),
        ("up", 849, Status.MISSED),
        ("down", 850, Status.MET),
        ("down", 851, Status.MISSED),
        ("band", 850, Status.NO_TARGET),
    ],
)
def test_status_against_a_target(direction: str, good: int, expected: Status) -> None:
    assert status_of(kpi(direction), value(WindowKind.DAY, NOW, (good, 1000))) is expected


def test_without_a_target_there_is_no_verdict() -> None:
    assert status_of(kpi("up", None), value(WindowKind.DAY, NOW, (1, 1000))) is Status.NO_TARGET


def test_unknown_is_no_data_and_never_missed() -> None:
    assert status_of(kpi("up"), None) is Status.NO_DATA
    assert status_of(kpi("up"), value(WindowKind.DAY, NOW, (0, 0))) is Status.NO_DATA
    assert status_of(kpi("up"), value(WindowKind.DAY, NOW, (0, 10))) is Status.MISSED


@pytest.mark.parametrize(
    ("direction", "before", "after", "arrow", "better"),
    [
        ("up", 850, 862, Direction.UP, True),
        ("up", 862, 850, Direction.DOWN, False),
        ("down", 850, 862, Direction.UP, False),
        ("down", 862, 850, Direction.DOWN, True),
        ("band", 850, 862, Direction.UP, None),
        ("up", 850, 854, Direction.FLAT, None),
    ],
)
def test_trend(direction: str, before: int, after: int, arrow: Direction, better: bool | None) -> None:
    old, new = (value(WindowKind.DAY, NOW, (good, 1000)) for good in (before, after))
    trend = trend_of(kpi(direction), new, old)
    assert trend is not None
    assert (trend.direction, trend.better) == (arrow, better)
    assert trend.change == pytest.approx((after - before) / 10)


def test_no_trend_against_the_unknown() -> None:
    known, unknown = value(WindowKind.DAY, NOW, (8, 10)), value(WindowKind.DAY, NOW, (0, 0))
    assert trend_of(M01, known, None) is None
    assert trend_of(M01, known, unknown) is None
    assert trend_of(M01, unknown, known) is None
