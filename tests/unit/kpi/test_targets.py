"""Which target holds when, and what a target must say."""

from __future__ import annotations

from datetime import UTC, date, datetime
from itertools import permutations
from typing import Any

import pytest
from msgspec import structs

from cityhub.kpi.definition import Target, load_catalogue
from cityhub.kpi.definition_target import LARGEST, LONGEST, flaws_of
from cityhub.kpi.targets import TargetRecord, last_day, records_of, standing, target_at

M01 = load_catalogue()["M01"]
HIGH = "high: is missing: a band has two limits"
SOURCE = f"source: is missing, or no single line of at most {LONGEST} characters"


def goal(since: str, value: float = 85.0) -> Target:
    return Target(value=value, source="Ratsbeschluss", since=date.fromisoformat(since))


def record(number: int, since: str, value: float = 85.0) -> TargetRecord:
    return TargetRecord(kpi_id="M01", number=number, target=goal(since, value))


def back(number: int, of: int) -> TargetRecord:
    return TargetRecord(kpi_id="M01", number=number, retracts=of)


FIRST, SECOND, SAME_DAY, THIRD = (
    record(1, "2026-01-01", 80),
    record(2, "2027-01-01", 90),
    record(3, "2027-01-01", 91),
    record(4, "2026-07-01", 85),
)


@pytest.mark.parametrize(
    ("records", "day", "holds"),
    [
        ([], "2026-06-01", None),
        ([FIRST], "2025-12-31", None),
        ([FIRST], "2026-01-01", 1),
        ([FIRST, SECOND], "2026-12-31", 1),
        ([FIRST, SECOND], "2027-01-01", 2),
        ([FIRST, SECOND, SAME_DAY], "2027-01-01", 3),
        ([FIRST, SECOND, SAME_DAY, back(4, 3)], "2027-01-01", 2),
        ([FIRST, SECOND, THIRD], "2026-12-31", 4),
        ([FIRST, SECOND, THIRD], "2027-05-01", 2),
        ([FIRST, back(2, 1)], "2026-06-01", None),
    ],
)
def test_the_newest_day_holds_and_of_one_day_the_later_record(
    records: list[TargetRecord], day: str, holds: int | None
) -> None:
    found = {target_at(order, date.fromisoformat(day)) for order in permutations(records)}
    assert {one.number if one else None for one in found} == {holds}


def test_the_definitions_own_target_is_the_first_record() -> None:
    own = structs.replace(M01, target=goal("2026-01-01"))
    assert [one.number for one in records_of(own, [SECOND])] == [0, 2]
    assert standing(records_of(own, [back(1, 0)])) == ()
    assert records_of(M01, []) == ()


def test_a_period_is_held_against_the_target_of_its_last_day() -> None:
    assert last_day(datetime(2026, 12, 31, 23, tzinfo=UTC)) == date(2026, 12, 31), "midnight ends December"
    assert last_day(datetime(2026, 12, 31, 23, 0, 1, tzinfo=UTC)) == date(2027, 1, 1)
    assert last_day(datetime(2026, 7, 31, 22, tzinfo=UTC)) == date(2026, 7, 31), "summer time"


@pytest.mark.parametrize(
    ("direction", "parts", "flaws"),
    [
        ("up", {"value": 85.0, "watch": 0.0}, []),
        ("down", {"value": -1.5}, []),
        ("band", {"low": 70.0, "high": 70.0}, []),
        ("up", {}, ["value: is missing: the value that is to be reached"]),
        ("up", {"value": 1.0, "low": 1.0}, ["low: is only for a band"]),
        ("band", {"value": 1.0, "low": 1.0}, ["value: is not for a band; it has two limits", HIGH]),
        ("band", {"low": 90.0, "high": 70.5}, ["low: 90 is above the upper limit 70.5"]),
        ("up", {"value": 1.0, "watch": -1.0}, ["watch: must not be negative; 0 or none means: no watching"]),
        ("up", {"value": float("nan")}, [f"value: nan is no number up to {LARGEST:g}"]),
        ("up", {"value": 1e12}, [f"value: 1e+12 is no number up to {LARGEST:g}"]),
        ("up", {"value": 1.0, "source": " "}, [SOURCE]),
        ("up", {"value": 1.0, "source": "a\nb"}, [SOURCE]),
    ],
)  # fmt: skip
def test_what_a_target_must_say(direction: Any, parts: dict[str, Any], flaws: list[str]) -> None:
    target = Target(**{"source": "Ratsbeschluss", "since": date(2026, 1, 1), **parts})
    assert [f"{part}: {text.en}" for part, text in flaws_of(target, direction)] == flaws
