"""Hand-worked numbers for every way of reading sums: cuts, windows, prefixes, layers, histograms, clocks."""

from __future__ import annotations

from fractions import Fraction

import pytest

from cityhub.kpi.kernel.histogram import bin_of
from cityhub.kpi.kernel.readout import Coverage, MeanAge, QuantileOf, Quotient, Slot
from cityhub.kpi.kernel.windows import Grain
from cityhub.kpi.store import schema
from cityhub.kpi.store.database import Database
from cityhub.kpi.values import WindowKind
from tests.unit.kpi.publishing.world import Definition, Plan, World, dims_of, utc

SHARE = Quotient(Slot(0), Slot(1), times=Fraction(100))
L901, L903 = dims_of(line="901"), dims_of(line="903")
NOON = "2026-11-20 12:00"


def test_city_is_the_sum_of_boroughs_and_of_events_without_one(database: Database) -> None:
    """Mitte 1 of 2, Süd 3 of 4, no borough 0 of 4: city 4 of 10 = 40 %, Mitte 50 %; line 901 in Süd 75 %."""
    world = World(database, Plan(definition=Definition(), main=SHARE))
    world.clock("2026-11-20 12:30")
    world.add(NOON, 1, 2, n=2, scope="STB05", dims=L903)
    world.add(NOON, 3, 4, n=4, scope="STB07", dims=L901)
    world.add(NOON, 0, 4, n=4, dims=L901, writer=2)
    world.refresh()
    hour = WindowKind.HOUR
    assert world.number(hour, NOON) == 40.0
    assert world.number(hour, NOON, scope="STB05") == 50.0
    assert world.number(hour, NOON, dims=L901) == 37.5
    assert world.number(hour, NOON, scope="STB07", dims=L901) == 75.0
    assert world.value(hour, NOON, scope="STB05", dims=L901) is None
    assert {key[3] for key in world.values()} == {"city", "STB05", "STB07"}
    city = world.value(WindowKind.MONTH, NOON)
    assert city is not None
    assert (city.n, city.synthetic_n, city.numerator, city.denominator) == (10, 10, 4, 10)
    assert int(city.digest, 16) == (2**100 * 6 + 6) % 2**128


def test_without_boroughs_only_the_city_is_published(database: Database) -> None:
    world = World(database, Plan(definition=Definition(scopes=("city",)), main=SHARE))
    world.clock("2026-11-20 12:30")
    world.add(NOON, 1, 2)
    world.refresh()
    assert {key[3] for key in world.values()} == {"city"}


def test_windows_longer_than_a_day_are_merged_from_days_of_23_and_25_hours(database: Database) -> None:
    """One event in every local hour of October 2026 (31 days, one of 25 h): 745 in the month, 25 on the 25th."""
    kinds = (WindowKind.DAY, WindowKind.SEVEN_DAYS, WindowKind.WEEK, WindowKind.MONTH, WindowKind.YEAR_TO_DATE)
    world = World(database, Plan(definition=Definition(windows=kinds), main=Quotient(Slot(0)), width=1))
    world.clock("2026-11-01 00:30")
    first, last = int(utc("2026-10-01 00:00").timestamp()), int(utc("2026-11-01 00:00").timestamp())
    for start in range(first, last, 3600):
        world.add(start, 1)
    world.refresh()
    assert world.number(WindowKind.MONTH, "2026-10-01 00:00") == 745
    assert world.number(WindowKind.DAY, "2026-10-25 12:00") == 25
    assert world.number(WindowKind.SEVEN_DAYS, "2026-10-25 12:00") == 7 * 24 + 1
    assert world.number(WindowKind.WEEK, "2026-10-26 12:00") == 6 * 24
    assert world.number(WindowKind.YEAR_TO_DATE, "2026-10-03 12:00") == 72
    assert len(world.rows(schema.rollup)) == 31
    world.restart()
    world.add("2026-10-02 07:00", 5)  # one day changes; the other thirty come from their roll-ups
    world.refresh()
    assert world.number(WindowKind.MONTH, "2026-10-01 00:00") == 750
    assert world.number(WindowKind.YEAR_TO_DATE, "2026-10-03 12:00") == 77
    assert world.number(WindowKind.YEAR_TO_DATE, "2026-10-01 12:00") == 24


def test_a_quantile_of_any_window_comes_from_added_bins(database: Database) -> None:
    """Values 1 2 3 | 10 in two hours: hour p50 = 2, day p50 = 2 and p90 = 10; the month says the same as the day."""
    plan = Plan(
        definition=Definition(),
        main=QuantileOf(0, Fraction(1, 2)),
        beside={"p90": QuantileOf(0, Fraction(9, 10))},
        width=0,
        histograms=1,
    )
    world = World(database, plan)
    world.clock("2026-11-20 14:00")
    world.add(NOON, n=3, scope="STB05", bins=[(0, bin_of(value)) for value in (1, 2, 3)])
    world.add("2026-11-20 13:00", n=1, writer=2, bins=[(0, bin_of(10))])
    world.refresh()
    assert world.number(WindowKind.HOUR, NOON) == 2
    for kind in (WindowKind.DAY, WindowKind.MONTH):
        found = world.value(kind, NOON)
        assert found is not None
        assert (found.value, found.named, found.denominator) == (2, {"p90": 10.0}, 4)
    assert world.number(WindowKind.MONTH, NOON, scope="STB05") == 2


@pytest.mark.parametrize("grain", [Grain.HOUR, Grain.DAY])
def test_a_last_state_has_a_value_on_days_without_events(database: Database, grain: Grain) -> None:
    """+4 of 10 on 2 Nov, +2 on 4 Nov: 40 % on the 2nd and the 3rd, 60 % from the 4th on, also as days go by."""
    kinds = (WindowKind.DAY, WindowKind.MONTH)
    plan = Plan(
        definition=Definition(grain=grain, windows=kinds),
        main=Quotient(Slot(0, prefix=True), Slot(1, prefix=True), times=Fraction(100)),
        has_prefix=True,
    )
    world = World(database, plan)
    world.clock("2026-11-04 09:00")
    world.add("2026-11-02 00:00", 4, 10)
    world.add("2026-11-04 00:00", 2, 0)
    world.refresh()
    days = [world.number(WindowKind.DAY, f"2026-11-{day:02} 12:00") for day in (2, 3, 4)]
    assert days == [40.0, 40.0, 60.0]
    assert world.value(WindowKind.DAY, "2026-11-05 12:00") is None
    assert world.value(WindowKind.DAY, "2026-11-01 12:00") is None
    world.restart()
    world.clock("2026-12-02 00:00")
    assert world.refresh() > 0
    assert world.number(WindowKind.DAY, "2026-12-01 12:00") == 60.0
    assert world.number(WindowKind.MONTH, "2026-12-01 12:00") == 60.0
    assert world.refresh() == 0
    world.add("2026-11-03 00:00", -1, 0)  # a late change counts into every later window
    world.refresh()
    assert [world.number(WindowKind.DAY, f"{day} 12:00") for day in ("2026-11-02", "2026-11-03", "2026-12-02")] == [
        40.0,
        30.0,
        50.0,
    ]
    found = world.value(WindowKind.DAY, "2026-12-02 12:00")
    assert found is not None
    assert found.n == 3


def test_open_cases_and_their_age_move_with_the_clock(database: Database) -> None:
    """Opened at 10:00 and 11:00, one closed at 12:00: open 1 since 11:00, at the clock 12:30 for an hour and a half."""
    plan = Plan(
        definition=Definition(windows=(WindowKind.HOUR,)),
        main=Quotient(Slot(0)),
        beside={
            "open": Quotient(Slot(1, prefix=True)),
            "open_age": MeanAge(Slot(1, prefix=True), Slot(2, prefix=True)),
        },
        width=3,
        has_prefix=True,
    )
    ten, eleven = (int(utc(f"2026-11-20 {hour}:00").timestamp()) for hour in (10, 11))
    world = World(database, plan)
    world.clock("2026-11-20 12:29")
    world.add("2026-11-20 10:00", 0, 1, ten)
    world.add("2026-11-20 11:00", 0, 1, eleven)
    world.add(NOON, 1, -1, -ten)
    world.refresh()
    now = world.value(WindowKind.HOUR, NOON)
    before = world.value(WindowKind.HOUR, "2026-11-20 11:00")
    assert now is not None
    assert before is not None
    assert (now.value, now.beside, now.named) == (1, {"open": 1}, {"open_age": 5400.0})
    assert (before.beside, before.named) == ({"open": 2}, {"open_age": 5400.0})
    world.clock("2026-11-20 12:35")
    assert world.refresh() == 1
    later = world.value(WindowKind.HOUR, NOON)
    assert later is not None
    assert later.named == {"open_age": 5760.0}  # up to the end of the minute 12:35
    assert (later.digest, later.revision, later.reasons) == (now.digest, 2, ())


def test_a_state_is_held_into_hours_that_have_not_begun_only_when_they_begin(database: Database) -> None:
    """True 30 of 60 min at 12, held on through 13 h: 13 h appears with the clock; two lamps known: coverage 0.5."""
    plan = Plan(
        definition=Definition(windows=(WindowKind.HOUR, WindowKind.DAY)),
        main=Quotient(Slot(0), Slot(1), times=Fraction(100)),
        coverage=Coverage(Slot(1), Slot(2, prefix=True)),
        width=3,
        has_prefix=True,
    )
    world = World(database, plan)
    world.clock("2026-11-20 12:59")
    world.add(NOON, 1_800_000, 3_600_000, 2)
    world.add("2026-11-20 13:00", 3_600_000, 3_600_000, 0, n=0)
    world.refresh()
    assert world.value(WindowKind.HOUR, "2026-11-20 13:00") is None
    noon, day = world.value(WindowKind.HOUR, NOON), world.value(WindowKind.DAY, NOON)
    assert noon is not None
    assert day is not None
    assert (noon.value, noon.coverage, day.value) == (50.0, 0.5, 50.0)
    world.clock("2026-11-20 13:59")
    world.refresh()
    assert world.number(WindowKind.HOUR, "2026-11-20 13:00") == 100.0
    assert world.number(WindowKind.DAY, NOON) == 75.0
    world.clock("2026-11-20 14:10")
    world.refresh()
    silent = world.value(WindowKind.HOUR, "2026-11-20 14:00")
    assert silent is not None
    assert (silent.value, silent.coverage) == (None, 0.0)  # unknown, and why


def test_distinct_values_are_read_from_their_own_buckets(database: Database) -> None:
    """3 different in the city, 2 in Mitte: never the sum of parts; per 100 inhabitants of each."""
    plan = Plan(
        definition=Definition(windows=(WindowKind.DAY, WindowKind.YEAR_TO_DATE)),
        main=Quotient(Slot(0), "population", times=Fraction(100)),
        layers=(WindowKind.DAY, WindowKind.YEAR_TO_DATE),
        references=("population",),
        width=1,
    )
    world = World(database, plan)
    world.clock(NOON)
    world.refer("population", 600, "2026-01-01 00:00", "2026-11-01 00:00")
    for kind, city in ((WindowKind.DAY, 3), (WindowKind.YEAR_TO_DATE, 30)):
        for scope, count in (("city", city), ("STB05", 2)):
            world.add("2026-11-20 00:00", count, n=5, scope=scope, layer=kind)
    world.refresh()
    assert world.number(WindowKind.DAY, NOON) == 0.5
    assert world.number(WindowKind.YEAR_TO_DATE, NOON) == 5.0
    borough = world.value(WindowKind.DAY, NOON, scope="STB05")
    assert borough is not None
    assert (borough.value, borough.references, borough.numerator) == (None, {}, 2)  # nobody knows its population


def test_nights_are_noon_to_noon(database: Database) -> None:
    definition = Definition(grain=Grain.NIGHT, windows=(WindowKind.NIGHT,))
    world = World(database, Plan(definition=definition, main=Quotient(Slot(0)), width=1))
    world.clock("2026-11-22 00:00")
    world.add("2026-11-20 12:00", 7)
    world.add("2026-11-21 12:00", 9)
    world.refresh()
    assert [world.number(WindowKind.NIGHT, f"2026-11-{day} 13:00") for day in (20, 21)] == [7, 9]
    assert world.number(WindowKind.NIGHT, "2026-11-21 11:00") == 7
