"""Which denominator a window takes, and what happens when one is recorded."""

from __future__ import annotations

from fractions import Fraction

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cityhub.kpi.kernel.effect import ReferenceRow
from cityhub.kpi.kernel.readout import Quotient, Slot
from cityhub.kpi.store.database import Database
from cityhub.kpi.store.references import References, load_references, write_references
from cityhub.kpi.store.sheet import Cut
from cityhub.kpi.values import Label, WindowKind
from tests.unit.kpi.publishing.world import Definition, Plan, World

DAY = WindowKind.DAY
PLAN = Plan(
    definition=Definition(windows=(DAY,)), main=Quotient(Slot(0), "stock", times=Fraction(100)), references=("stock",)
)
ROWS = [
    ReferenceRow("//test/city", "a", "stock", "city", 100, 5_000, 10),
    ReferenceRow("//test/city", "b", "stock", "city", 200, 6_000, 20),
    ReferenceRow("//test/city", "c", "stock", "city", 200, 7_000, 30),
    ReferenceRow("//test/city", "d", "stock", "city", 200, 7_000, 40),
    ReferenceRow("//test/city", "e", "stock", "STB05", 100, 9_000, 1),
]


@pytest.mark.parametrize(
    ("end", "known_ms", "wanted"),
    [
        (100, None, None),
        (101, None, 10),
        (200, None, 10),
        (201, None, 40),
        (201, 6_500, 20),
        (201, 5_500, 10),
        (201, 1, None),
    ],
)
def test_the_newest_that_is_valid_in_the_last_second(end: int, known_ms: int | None, wanted: int | None) -> None:
    for rows in (ROWS, ROWS[::-1]):
        found = References(rows).applicable("stock", "city", end, known_ms)
        assert (None if found is None else found.value) == wanted


def test_the_city_says_nothing_about_a_borough() -> None:
    found = References(ROWS).applicable("stock", "STB05", 300)
    assert found is not None
    assert found.value == 1
    assert References(ROWS).applicable("stock", "STB07", 300) is None


def test_a_denominator_may_be_given_by_dimension(database: Database) -> None:
    """Each quarter has its own, and the whole has that without a dimension; none stands in for another."""
    rows = [
        ReferenceRow("//test/city", "a", "planned", "city", 100, 5_000, 90),
        ReferenceRow("//test/city", "b", "planned.north", "city", 100, 5_000, 60),
        ReferenceRow("//test/city", "c", "planned.a.b", "city", 200, 6_000, 30),
        ReferenceRow("//test/city", "d", "planned_flats", "city", 100, 9_000, 1),
    ]
    with database.begin() as connection:
        write_references(connection, rows)
        known = load_references(connection, ["planned.{quarter}"])
    cuts = {"{}": 90, '{"quarter":"north"}': 60, '{"quarter":"a.b"}': 30, '{"quarter":"south"}': None}
    for dims, wanted in cuts.items():
        (row,) = known.applied(["planned.{quarter}"], Cut("city", dims), 300).values()
        assert (None if row is None else row.value) == wanted, dims
    assert known.seen(["planned.{quarter}"]) == {"planned.{quarter}": (3, 6_000)}
    assert (
        known.changed_from(
            {"planned.{quarter}": References(rows[:2]).seen(["planned.{quarter}"])["planned.{quarter}"]},
            ["planned.{quarter}"],
        )
        == 200
    )


def test_windows_from_its_validity_on_follow_a_new_denominator(database: Database) -> None:
    """Stock 10 from January; 20 from the 19th, recorded long after: only the 19th changes, for that reason."""
    world = World(database, PLAN)
    world.clock("2026-11-19 20:00")
    world.refer("stock", 10, "2026-01-01 00:00", "2026-11-01 00:00")
    world.add("2026-11-18 12:00", 5, 0)
    world.add("2026-11-19 12:00", 5, 0)
    world.refresh()
    assert [world.number(DAY, f"2026-11-{day} 12:00") for day in (18, 19)] == [50.0, 50.0]
    world.clock("2026-11-25 12:00")
    world.refresh()
    world.restart()
    world.refer("stock", 20, "2026-11-19 00:00", "2026-11-25 11:00")
    assert world.refresh() == 1
    before, after = (world.value(DAY, f"2026-11-{day} 12:00") for day in (18, 19))
    assert before is not None
    assert after is not None
    assert (before.value, before.label, before.references) == (50.0, Label.FINAL, {"stock": 10})
    assert (after.value, after.label, after.reasons, after.references) == (
        25.0,
        Label.CORRECTED,
        ("reference",),
        {"stock": 20},
    )
    assert world.refresh() == 0


@pytest.mark.parametrize("passes", [{0, 1}, {1}])
def test_a_denominator_recorded_after_the_deadline_corrects_whoever_looked_before(
    database: Database, passes: set[int]
) -> None:
    world = World(database, PLAN)
    world.clock("2026-11-18 20:00")
    world.add("2026-11-18 12:00", 5, 0)
    world.refer("stock", 10, "2026-01-01 00:00", "2026-11-18 11:00")
    for number, recorded in enumerate(("2026-11-19 00:10", "2026-11-19 00:11")):
        world.refer("stock", 20 + number, "2026-11-01 00:00", recorded)
        world.clock("2026-11-20 12:00")
        if number in passes:
            world.refresh()
    found = world.value(DAY, "2026-11-18 12:00")
    assert found is not None
    assert (found.references, found.label, found.reasons) == ({"stock": 21}, Label.CORRECTED, ("reference",))


ROW = st.builds(
    ReferenceRow,
    source=st.just("//test/city"),
    id=st.sampled_from("abcdefg"),
    name=st.just("stock"),
    scope=st.sampled_from(("city", "STB05")),
    valid_from=st.integers(0, 3),
    recorded_ms=st.integers(1, 4),
    value=st.integers(1, 2),
)


@given(st.lists(ROW, max_size=7, unique_by=lambda row: row.id))
def test_a_denominator_changed_when_somebody_who_always_looks_saw_it_change(rows: list[ReferenceRow]) -> None:
    rows = sorted(rows, key=lambda row: (row.recorded_ms, row.valid_from, row.id))
    changed_ms, seen = 0, None
    for upto, row in enumerate(rows, 1):
        found = References(rows[:upto])
        now = found.applicable("stock", "city", 3)
        if (None if now is None else now.value) != seen:
            changed_ms, seen = row.recorded_ms, None if now is None else now.value
        assert found.changed_ms("stock", "city", 3) == changed_ms


def test_two_sources_may_give_one_id(database: Database) -> None:
    world = World(database, PLAN)
    world.clock("2026-11-19 20:00")
    world.add("2026-11-19 12:00", 5, 0)
    world.refer("stock", 10, "2026-01-01 00:00", "2026-11-01 00:00", id_="x")
    world.refer("stock", 20, "2026-02-01 00:00", "2026-11-01 00:00", id_="x", source="//test/another")
    world.refresh()
    assert world.number(DAY, "2026-11-19 12:00") == 25.0


def test_a_denominator_that_comes_out_of_order_is_not_overlooked(database: Database) -> None:
    world = World(database, PLAN)
    world.clock("2026-11-19 20:00")
    world.add("2026-11-19 12:00", 5, 0)
    world.refer("stock", 10, "2026-01-01 00:00", "2026-11-19 10:00")
    world.refresh()
    world.refer("stock", 20, "2026-11-01 00:00", "2026-11-19 09:00")
    world.refresh()
    assert world.number(DAY, "2026-11-19 12:00") == 25.0


def test_an_event_that_is_recorded_twice_is_one_denominator(database: Database) -> None:
    world = World(database, PLAN)
    world.clock("2026-11-19 20:00")
    world.add("2026-11-19 12:00", 5, 0)
    world.refer("stock", 10, "2026-01-01 00:00", "2026-11-01 00:00", id_="x")
    world.refresh()
    world.refer("stock", 99, "2026-01-01 00:00", "2026-11-02 00:00", id_="x")
    assert world.refresh() == 0
    assert world.number(DAY, "2026-11-19 12:00") == 50.0
