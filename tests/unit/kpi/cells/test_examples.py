"""Worked examples, by hand: those of docs/meaning.md, and the days and orders that are easy to get wrong.

Cell and oracle must both give what is written here.
"""

from __future__ import annotations

from collections.abc import Sequence
from fractions import Fraction
from typing import Any

import pytest

from cityhub.kpi.kernel.cells import CorrectableCell, DistinctCell, LatestCell, StateCell
from cityhub.kpi.kernel.readout import Coverage, Slot, Sums, read
from cityhub.kpi.kernel.windows import Grain, window_at
from cityhub.kpi.values import WindowKind
from tests.unit.kpi import oracle
from tests.unit.kpi.cells.world import HOUR_MS, ms, real, sums

MINUTE_MS = 60_000


def states(events: Sequence[oracle.Event], hold_ms: int = 6 * HOUR_MS, grain: Grain = Grain.DAY) -> Any:
    kind = StateCell(width=3, grain=grain, true_ms=0, observed_ms=1, entities=2, hold_ms=hold_ms)
    return sums(kind, ("true_ms", "observed_ms", "entities"), events, oracle.state(events, grain, hold_ms))


def latest(events: Sequence[oracle.Event], *, expires: bool = False) -> Any:
    kind = LatestCell(width=3, grain=Grain.DAY, value=0, over=1, entities=2, expires=expires)
    meaning = oracle.latest(events, Grain.DAY, over=True, expires=expires)
    return sums(kind, ("value", "over", "entities"), events, meaning)


BIN = [real("2026-11-20 23:00", 1, True), real("2026-11-20 23:30", 2, False), real("2026-11-21 02:00", 4, None)]
FRIDAY, SATURDAY = ms("2026-11-20 00:00"), ms("2026-11-21 00:00")


def test_a_state_is_carried_over_midnight() -> None:
    assert states(BIN) == {
        FRIDAY: {"n": 2, "digest": 3, "true_ms": 30 * MINUTE_MS, "observed_ms": 60 * MINUTE_MS, "entities": 1},
        SATURDAY: {"n": 1, "digest": 6, "observed_ms": 120 * MINUTE_MS},
    }


def test_what_is_silent_counts_among_what_is_known() -> None:
    day = states(BIN)[FRIDAY]
    reading = read(
        Coverage(Slot(0), Slot(2, prefix=True), Fraction(100)),
        Sums(
            window=window_at(WindowKind.DAY, FRIDAY // 1000),
            clock_s=SATURDAY // 1000 + HOUR_MS,
            slots=[day["true_ms"], day["observed_ms"], day["entities"]],
            prefix=[0, 0, day["entities"]],
            bins={},
            references={},
        ),
    )
    assert (reading.numerator, reading.denominator) == (30 * MINUTE_MS, 1440 * MINUTE_MS)
    assert reading.value == oracle.quotient(30, 1440, 100)


def test_a_late_observation_splits_an_interval() -> None:
    late = states([*BIN, real("2026-11-20 23:45", 8, True)])
    assert late[FRIDAY]["true_ms"] == 45 * MINUTE_MS
    assert late[FRIDAY]["observed_ms"] == 60 * MINUTE_MS
    assert late[SATURDAY] == {"n": 1, "digest": 12, "true_ms": 120 * MINUTE_MS, "observed_ms": 120 * MINUTE_MS}


def test_a_silent_sensor_is_unknown_after_its_hold() -> None:
    cut = states(BIN[:2], hold_ms=HOUR_MS)
    assert cut[SATURDAY] == {"digest": 2, "observed_ms": 30 * MINUTE_MS}


@pytest.mark.parametrize(("day", "hours"), [("2026-03-29", 23), ("2026-10-25", 25)])
def test_a_state_held_over_a_change_of_clocks_lasts_as_long_as_the_day(day: str, hours: int) -> None:
    held = states([real(f"{day} 00:00", 1, 7)], hold_ms=40 * HOUR_MS)
    midnight = ms(f"{day} 00:00")
    assert held[midnight]["observed_ms"] == hours * HOUR_MS
    assert held[midnight]["true_ms"] == 7 * hours * HOUR_MS
    assert held[midnight + hours * HOUR_MS] == {
        "digest": 1,
        "observed_ms": (40 - hours) * HOUR_MS,
        "true_ms": 7 * (40 - hours) * HOUR_MS,
    }


def test_of_states_in_the_same_instant_the_highest_digest_holds() -> None:
    tied = [real("2026-11-20 10:00", 5, False), real("2026-11-20 10:00", 9, True)]
    assert states(tied)[FRIDAY]["true_ms"] == 6 * HOUR_MS
    assert states(tied[::-1])[FRIDAY]["n"] == 2


def test_an_entity_that_moves_is_counted_where_it_is() -> None:
    moved = [
        real("2026-11-20 10:00", 1, True, scope="STB01"),
        real("2026-11-21 10:00", 2, True, scope="STB02"),
        real("2026-11-21 11:00", 4, True, scope="STB02"),
    ]
    found = states(moved, hold_ms=HOUR_MS)
    entities = {place[1:3]: amounts.get("entities") for place, amounts in found.items()}
    assert entities == {
        (FRIDAY // 1000, "STB01"): 1,
        (SATURDAY // 1000, "STB01"): -1,
        (SATURDAY // 1000, "STB02"): 1,
    }


def test_last_states_add_their_changes() -> None:
    monday, tuesday, wednesday = (ms(f"2026-11-{day} 00:00") for day in (16, 17, 18))
    found = latest(
        [
            real("2026-11-16 09:00", 1, 4 * 25, 4, None, entity="measure 1"),
            real("2026-11-18 09:00", 2, 4 * 75, 4, None, entity="measure 1"),
            real("2026-11-17 09:00", 4, 1 * 50, 1, None, entity="measure 2"),
        ]
    )
    assert found == {
        monday: {"n": 1, "digest": 1, "value": 100, "over": 4, "entities": 1},
        tuesday: {"n": 1, "digest": 4, "value": 50, "over": 1, "entities": 1},
        wednesday: {"n": 1, "digest": 3, "value": 200},
    }
    value, over = (sum(day.get(name, 0) for day in found.values()) for name in ("value", "over"))
    assert oracle.quotient(value, over) == 70.0


def test_a_state_expires_unless_it_is_renewed() -> None:
    monday, thursday = ms("2026-11-16 00:00"), ms("2026-11-19 00:00")
    fresh = real("2026-11-16 09:00", 1, 1, 1, ms("2026-11-19 12:00"))
    gone = {"value": -1, "over": -1, "entities": -1}
    assert latest([fresh], expires=True)[thursday] == {"digest": 1, **gone}
    assert latest([fresh]).keys() == {monday}
    renewed = real("2026-11-18 09:00", 2, 1, 1, ms("2026-11-30 12:00"))
    assert latest([fresh, renewed], expires=True).keys() == {monday, renewed["t"] - 9 * HOUR_MS, ms("2026-11-30 00:00")}


@pytest.mark.parametrize("terms", [(None, 4, 0), (100, None, 0), (100, 4, None)])
def test_a_state_with_an_unknown_term_counts_nothing_but_ends_the_one_before(terms: tuple[int | None, ...]) -> None:
    before = real("2026-11-20 09:00", 1, 100, 4, ms("2026-12-24 00:00"))
    found = latest([before, real("2026-11-21 09:00", 2, *terms)], expires=True)
    assert found[SATURDAY] == {"n": 1, "digest": 3, "value": -100, "over": -4, "entities": -1}


def test_distinct_values_are_counted_per_window_scope_and_slice() -> None:
    layers = (WindowKind.DAY, WindowKind.WEEK)
    kind = DistinctCell(width=1, grain=Grain.DAY, slot=0, layers=layers)
    events = [
        real("2026-11-16 09:00", 1, entity="p", scope="STB01"),
        real("2026-11-16 10:00", 2, entity="p", scope="STB02"),
        real("2026-11-16 11:00", 4, entity="q", scope="STB01"),
        real("2026-11-17 09:00", 8, entity="p"),
    ]
    found = sums(kind, ("distinct",), events, oracle.distinct(events, layers))
    monday = ms("2026-11-16 00:00") // 1000
    assert found["day", monday, "city", ()] == {"n": 3, "digest": 7, "distinct": 2}
    assert found["day", monday, "STB01", ()] == {"n": 2, "digest": 5, "distinct": 2}
    assert found["day", monday, "STB02", ()] == {"n": 1, "digest": 2, "distinct": 1}
    assert found["week", monday, "city", ()] == {"n": 4, "digest": 15, "distinct": 2}
    assert len(found) == 7


def test_a_value_counts_in_every_running_window_once() -> None:
    layers = (WindowKind.SEVEN_DAYS, WindowKind.YEAR_TO_DATE)
    kind = DistinctCell(width=1, grain=Grain.DAY, slot=0, layers=layers)
    events = [real("2026-12-28 09:00", 1), real("2026-12-30 09:00", 2)]
    found = sums(kind, ("distinct",), events, oracle.distinct(events, layers))
    days = [ms(f"2026-12-{day} 00:00") // 1000 for day in range(28, 32)]
    assert [found["year-to-date", day, "city", ()]["n"] for day in days] == [1, 1, 2, 2]
    assert all(amounts["distinct"] == 1 for amounts in found.values())
    assert sum(layer == "seven-days" for layer, *_ in found) == 9


def test_a_smart_meter_counts_until_it_is_removed() -> None:
    """Events of two sources: `installed` says what kind of meter, `removed` that there is none. (value, over)"""
    monday, tuesday, wednesday = (ms(f"2026-11-{day} 00:00") for day in (16, 17, 18))
    events = [
        real("2026-11-16 09:00", 1, 1, 1, None, entity="smart"),
        real("2026-11-17 09:00", 2, 0, 1, None, entity="old"),
        real("2026-11-18 09:00", 4, 0, 0, None, entity="smart"),
    ]
    found = latest(events)
    sums = {
        day: tuple(sum(found[at].get(name, 0) for at in found if at <= day) for name in ("value", "over"))
        for day in (monday, tuesday, wednesday)
    }
    assert sums == {monday: (1, 1), tuesday: (1, 2), wednesday: (0, 1)}


def flat(t: str, digest: int, version: int, area_m2: int | None, *, withdrawn: bool = False) -> oracle.Event:
    return real(t, digest, version, withdrawn, (1, area_m2))


@pytest.mark.parametrize(
    ("events", "expected"),
    [
        ([(2, 70), (1, 65)], {FRIDAY: {"n": 1, "digest": 2, "flats": 1, "area": 70}}),
        ([(1, 65), (2, None)], {FRIDAY: {"n": 1, "digest": 2, "flats": 1}}),
        ([(2, 70), (3, 0, True), (1, 65)], {}),
        ([(3, 0, True), (4, 80), (2, 70)], {FRIDAY: {"n": 1, "digest": 4, "flats": 1, "area": 80}}),
    ],
    ids=["correction before its original", "corrected to unknown", "withdrawn", "withdrawn and restored"],
)
def test_the_highest_version_counts(events: list[tuple[Any, ...]], expected: Any) -> None:
    versions = [flat("2026-11-20 09:00", v, v, m2, withdrawn=bool(more)) for v, m2, *more in events]
    kind = CorrectableCell(width=2, grain=Grain.DAY)
    meaning = oracle.correctable(versions, Grain.DAY, ("flats", "area"))
    assert sums(kind, ("flats", "area"), versions, meaning) == expected


def test_a_correction_moves_a_contribution_to_another_day_and_borough() -> None:
    before = real("2026-11-20 09:00", 1, 1, None, (1, 65), scope="STB01")
    after = real("2026-11-21 09:00", 2, 2, None, (1, 65), scope="STB02")
    meaning = oracle.correctable([before, after], Grain.DAY, ("flats", "area"))
    found = sums(CorrectableCell(width=2, grain=Grain.DAY), ("flats", "area"), [after, before], meaning)
    assert {place[1:3] for place in found} == {(SATURDAY // 1000, "STB02")}


def test_additive_examples_of_the_page() -> None:
    energy = oracle.additive(
        [real("2026-11-20 09:00", d, wh) for d, wh in ((1, 120), (2, 80), (4, None))], "1d", ["wh"]
    )
    assert energy.settled() == {("", FRIDAY // 1000, "", ()): {"n": 2, "digest": 3, "wh": 200}}
    delays = [(1, 20), (2, 400), (4, None)]
    punctual = [
        real("2026-11-20 09:00", d, 1 if delay is not None and -60 <= delay <= 300 else None, 1) for d, delay in delays
    ]
    ratio = oracle.additive(punctual, "1h", ["of", "over"])
    assert ratio.total("n") == 3
    assert oracle.quotient(ratio.total("of"), ratio.total("over"), 100) == 33.3333
    assert oracle.quotient(0, 0) is None
    assert [oracle.quantile([9, 3, 5], Fraction(at, 10)) for at in (5, 9)] == [5, 9]
