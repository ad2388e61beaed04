"""The worked examples of docs/meaning.md, by hand: the batch gives what is written there."""

from __future__ import annotations

from typing import Any

import pytest

from cityhub.kpi.batch import buckets, pieces
from tests.unit.kpi import oracle
from tests.unit.kpi.batch import classes
from tests.unit.kpi.batch.classes import Sample, sample
from tests.unit.kpi.cells.pairs import roadwork
from tests.unit.kpi.cells.test_examples import BIN, FRIDAY, MINUTE_MS, SATURDAY
from tests.unit.kpi.cells.test_examples_joins import CASE, DECIDED, OPENED, REOPENED
from tests.unit.kpi.cells.world import DAY_MS, HOUR_MS, ms, real

PLAIN: dict[str, Any] = {"dimensions": []}


def given(found: Sample, *events: oracle.Event) -> dict[Any, dict[str, int]]:
    """Sums by start, epoch ms; where boroughs or windows differ by the whole place. Pieces give the same."""
    frames = found.frames(events)
    sums = found.named(buckets(found.plan, frames))
    assert found.named(pieces(found.plan, frames).buckets(found.plan)) == sums
    if {(place[0], *place[2:]) for place in sums} == {("", "", ())}:
        return {place[1] * 1000: amounts for place, amounts in sums.items()}
    return sums


def test_energies() -> None:
    total = sample({"sum": {"of": "a", "value": "$value"}}, "wh", ("value",), **PLAIN)
    events = [real("2026-11-20 09:00", digest, wh) for digest, wh in ((1, 120), (2, 80), (4, None))]
    assert given(total, *events) == {FRIDAY: {"n": 2, "digest": 3, "wh": 200}}


def test_departures_some_of_unknown_delay() -> None:
    punctual = {"count": "a", "where": {"between": ["$value", -60, 300]}}
    share = sample({"ratio": {"of": punctual, "over": {"count": "a"}}}, "of over", ("value",), unit="%", **PLAIN)
    events = [real("2026-11-20 09:00", digest, delay) for digest, delay in ((1, 20), (2, 400), (4, None))]
    assert given(share, *events) == {FRIDAY: {"n": 3, "digest": 7, "of": 1, "over": 3}}


def test_a_state_is_carried_over_midnight() -> None:
    held = classes.state("6h", **PLAIN)
    assert given(held, *BIN) == {
        FRIDAY: {"n": 2, "digest": 3, "true_ms": 30 * MINUTE_MS, "observed_ms": 60 * MINUTE_MS, "entities": 1},
        SATURDAY: {"n": 1, "digest": 6, "observed_ms": 120 * MINUTE_MS},
    }
    late = given(held, *BIN, real("2026-11-20 23:45", 8, True))
    assert (late[FRIDAY]["true_ms"], late[SATURDAY]["true_ms"]) == (45 * MINUTE_MS, 120 * MINUTE_MS)


@pytest.mark.parametrize(("day", "hours"), [("2026-03-29", 23), ("2026-10-25", 25)])
def test_a_day_on_which_clocks_change_is_as_long_as_it_is(day: str, hours: int) -> None:
    midnight = ms(f"{day} 00:00")
    held = given(classes.state("40h", **PLAIN), real(f"{day} 00:00", 1, 7))
    assert held[midnight]["observed_ms"] == hours * HOUR_MS
    assert held[midnight + hours * HOUR_MS]["true_ms"] == 7 * (40 - hours) * HOUR_MS


def test_an_entity_that_moves() -> None:
    moved = [real(f"2026-11-{day} 10:00", day, 1, scope=scope) for day, scope in ((20, "STB01"), (21, "STB02"))]
    found = given(classes.state("1h", **PLAIN), *moved)
    assert found["", SATURDAY // 1000, "STB01", ()] == {"digest": 20, "entities": -1}
    assert found["", SATURDAY // 1000, "STB02", ()]["entities"] == 1


def test_last_states_add_their_changes() -> None:
    monday, tuesday, wednesday = (ms(f"2026-11-{day} 00:00") for day in (16, 17, 18))
    weighted = {"of": "a", "entity": "@subject", "value": "$value", "over": {"latest": "$over"}}
    progress = sample({"latest": weighted}, "value over", ("value", "over"), **PLAIN)
    measures = [
        real("2026-11-16 09:00", 1, 100, 4, entity="measure 1"),
        real("2026-11-18 09:00", 2, 300, 4, entity="measure 1"),
        real("2026-11-17 09:00", 4, 50, 1, entity="measure 2"),
    ]
    assert given(progress, *measures) == {
        monday: {"n": 1, "digest": 1, "value": 100, "over": 4},
        tuesday: {"n": 1, "digest": 4, "value": 50, "over": 1},
        wednesday: {"n": 1, "digest": 3, "value": 200},
    }


def test_a_state_expires() -> None:
    fresh = real("2026-11-16 09:00", 1, 1, 1, ms("2026-11-19 12:00"))
    found = given(classes.latest_over(**PLAIN), fresh)
    assert found[ms("2026-11-19 00:00")] == {"digest": 1, "value": -1, "over": -1}


def test_distinct_values() -> None:
    events = [
        real("2026-11-16 09:00", 1, entity="p", scope="STB01"),
        real("2026-11-16 10:00", 2, entity="p", scope="STB02"),
        real("2026-11-16 11:00", 4, entity="q", scope="STB01"),
        real("2026-11-17 09:00", 8, entity="p"),
    ]
    found = given(classes.distinct("day", "week", **PLAIN), *events)
    monday = ms("2026-11-16 00:00") // 1000
    assert found["day", monday, "city", ()] == {"n": 3, "digest": 7, "distinct": 2}
    assert found["day", monday, "STB01", ()] == {"n": 2, "digest": 5, "distinct": 2}
    assert found["day", monday, "STB02", ()] == {"n": 1, "digest": 2, "distinct": 1}
    assert found["week", monday, "city", ()] == {"n": 4, "digest": 15, "distinct": 2}
    assert len(found) == 7


def test_a_case_is_opened_decided_and_opened_again() -> None:
    elapsed = {"quantile": {"value": "elapsed", "at": [0.5]}}
    found = given(classes.join(elapsed, "closed unmatched open open_since_s", unit="d", **PLAIN), *CASE)
    since = (OPENED + 9 * HOUR_MS) // 1000
    assert found == {
        OPENED: {"n": 1, "digest": 1, "open": 1, "open_since_s": since},
        DECIDED: {"n": 1, "digest": 5, "closed": 1, "open": -1, "open_since_s": -since},
        DECIDED + DAY_MS: {"n": 1, "digest": 8, "unmatched": 1},
        REOPENED: {"n": 1, "digest": 16, "open": 1, "open_since_s": (REOPENED + 9 * HOUR_MS) // 1000},
    }


def test_without_open_cases_a_beginning_supports_its_cohort_only() -> None:
    closed = classes.join("count", "closed unmatched", join={"open": False, "cohort": "first"}, **PLAIN)
    assert given(closed, *CASE[:1], *CASE[2:3]) == {
        OPENED: {"n": 1, "digest": 5, "closed": 1},
        DECIDED: {"n": 1, "digest": 4},
    }


@pytest.mark.parametrize(
    ("versions", "expected"),
    [
        ([(2, 70, None), (1, 65, None)], {FRIDAY: {"n": 1, "digest": 2, "one": 70}}),
        ([(2, 70, None), (3, 0, True), (1, 65, False)], {}),
    ],
)
def test_the_highest_version_counts(versions: list[tuple[int, int, bool | None]], expected: Any) -> None:
    flats = [real("2026-11-20 09:00", version, version, gone, (m2, None)) for version, m2, gone in versions]
    assert given(classes.correctable(**PLAIN), *flats) == expected


def test_roadworks_of_two_owners() -> None:
    monday, tuesday, wednesday = (ms(f"2026-11-0{day} 00:00") for day in (2, 3, 4))
    water = roadwork("2026-11-02 09:00", 1, "wbd")
    power = roadwork("2026-11-03 09:00", 2, "dvv", lat=51_433_000)
    closed = roadwork("2026-11-04 09:00", 4, "dvv", lat=51_433_000, holds=0)
    near = classes.pairs(**PLAIN)
    assert given(near, closed, power, water) == {
        monday: {"n": 1, "digest": 1},
        tuesday: {"n": 1, "digest": 1 + 2 * 2, "pairs": 1},
        wednesday: {"n": 1, "digest": 1 + 2 + 4, "pairs": -1},
    }
    assert given(near, water, {**power, "entity": "wbd"})[tuesday] == {"n": 1, "digest": 2}
