"""How settled a published number is, and why it changed: a function of the record, not of who looked when."""

from __future__ import annotations

from fractions import Fraction
from typing import Any

import pytest
from sqlalchemy import delete, insert, select

from cityhub.kpi.kernel.label import Reason
from cityhub.kpi.kernel.readout import Quotient, Slot
from cityhub.kpi.store import schema
from cityhub.kpi.store.database import Database
from cityhub.kpi.values import Label, WindowKind
from tests.unit.kpi.publishing.world import Definition, Plan, World

NOON = "2026-11-20 12:00"
HOUR = WindowKind.HOUR


def share(**more: Any) -> Plan:
    return Plan(definition=Definition(**more), main=Quotient(Slot(0), Slot(1), times=Fraction(100)))


def test_labels_follow_the_slowest_partition_and_a_late_event_corrects(database: Database) -> None:
    world = World(database, share(windows=(HOUR,)))
    world.clock("2026-11-20 12:30")
    world.add(NOON, 1, 1)
    world.refresh()
    assert state(world) == (Label.PROVISIONAL, 1, ())
    world.clock("2026-11-20 13:11", 1)
    world.refresh()
    assert state(world) == (Label.PROVISIONAL, 1, ())
    world.clock("2026-11-20 13:09", 2)
    world.add(NOON, 1, 1, writer=2)  # in time by its own partition's clock, whatever others have reached
    world.refresh()
    assert state(world) == (Label.PROVISIONAL, 2, ())
    world.clock("2026-11-20 13:11", 2)
    world.refresh()
    assert state(world) == (Label.FINAL, 3, ())
    world.clock("2026-11-20 17:00")
    world.add(NOON, 0, 1)
    world.refresh()
    assert state(world) == (Label.CORRECTED, 4, ("late",))
    found = world.value(HOUR, NOON)
    assert found is not None
    assert (found.value, found.late_n) == (66.6667, 1)
    assert world.refresh() == 0


def test_windows_settle_after_a_restart_too(database: Database) -> None:
    world = World(database, share(windows=(HOUR,)))
    world.clock("2026-11-20 12:30")
    world.add(NOON, 1, 1)
    world.refresh()
    world.restart()
    world.clock("2026-11-20 13:11")
    assert world.refresh() == 1
    assert state(world) == (Label.FINAL, 2, ())


def test_a_day_that_is_delivered_late_is_final_after_its_lateness(database: Database) -> None:
    world = World(database, share(windows=(HOUR,)))
    world.clock("2026-11-22 12:00")
    world.add(NOON, 1, 1)
    world.refresh()
    world.clock("2026-11-22 12:05")
    world.add(NOON, 1, 1)
    world.refresh()
    assert state(world) == (Label.PROVISIONAL, 2, ())
    world.clock("2026-11-22 12:11")
    world.refresh()
    assert state(world) == (Label.FINAL, 3, ())


def state(world: World) -> tuple[Label, int, tuple[str, ...]]:
    found = world.value(HOUR, NOON)
    assert found is not None
    return found.label, found.revision, found.reasons


@pytest.mark.parametrize("passes", [{0, 1, 2, 3}, {1, 3}, {3}])
def test_a_label_does_not_depend_on_when_the_publisher_looked(database: Database, passes: set[int]) -> None:
    """In time at 12:30 and 13:05, late at 17:00: corrected, however long the publisher was away."""
    world = World(database, share(windows=(HOUR,)))
    for number, clock in enumerate(("12:30", "13:05", "17:00")):
        world.clock(f"2026-11-20 {clock}")
        world.add(NOON, 1, 1)
        if number in passes:
            world.refresh()
    world.refresh()
    label, _, reasons = state(world)
    assert (label, reasons) == (Label.CORRECTED, ("late",))


@pytest.mark.parametrize("away", [False, True])
def test_events_in_time_are_not_late_because_the_publisher_was_away(database: Database, away: bool) -> None:
    world = World(database, share(windows=(HOUR,)))
    world.clock("2026-11-20 12:30")
    world.add(NOON, 1, 1)
    world.refresh()
    world.clock("2026-11-20 13:05")
    world.add(NOON, 1, 1)
    if not away:
        world.refresh()
    world.clock("2026-11-20 18:00")
    world.refresh()
    label, _, reasons = state(world)
    assert (label, reasons) == (Label.FINAL, ())


@pytest.mark.parametrize("looks_between", [False, True])
def test_the_first_arrival_may_be_seen_second(database: Database, looks_between: bool) -> None:
    """By partition 2's clock the first event came at 14:05, so that 14:30 is late, whichever was seen first."""
    world = World(database, share(windows=(HOUR,)))
    world.clock("2026-11-20 14:30", 1)
    world.clock("2026-11-20 14:05", 2)
    world.add(NOON, 1, 1)
    if looks_between:
        world.refresh()
    world.add(NOON, 1, 1, writer=2)
    world.refresh()
    world.clock("2026-11-20 18:00")
    world.refresh()
    label, _, reasons = state(world)
    assert (label, reasons) == (Label.CORRECTED, ("late",))


def test_a_running_total_is_not_corrected_by_what_came_after_its_window(database: Database) -> None:
    plan = Plan(
        definition=Definition(windows=(WindowKind.DAY,)), main=Quotient(Slot(0, prefix=True)), width=1, has_prefix=True
    )
    world = World(database, plan)
    for day in ("02", "10"):
        world.clock(f"2026-11-{day} 12:00")
        world.add(f"2026-11-{day} 09:00", 1)
    world.refresh()
    labels = {value.start.day: value.label for value in world.values().values()}
    assert labels[1] is labels[8] is Label.FINAL  # local days begin at 23 h of the day before in UTC
    assert labels[9] is Label.PROVISIONAL


RUNNING = Plan(
    definition=Definition(windows=(WindowKind.DAY,)), main=Quotient(Slot(0, prefix=True)), width=1, has_prefix=True
)


@pytest.mark.parametrize("passes", [{0, 1, 2}, {0, 2}])
def test_a_running_total_that_was_there_before_keeps_its_deadline(database: Database, passes: set[int]) -> None:
    """An event of the 2nd arrives on the 9th: the 3rd had its number since it began, so it is corrected at once."""
    world = World(database, RUNNING)
    world.clock("2026-11-02 12:00")
    world.add("2026-11-02 09:00", 1)
    said = []
    for number, clock in enumerate(("2026-11-03 12:00", "2026-11-09 12:00", "2026-11-09 12:01")):
        if number in passes:
            world.refresh()
            found = world.value(WindowKind.DAY, "2026-11-03 12:00")
            said += [] if found is None else [found.label]
        world.clock(clock)
        if clock.startswith("2026-11-09"):
            world.add("2026-11-02 09:00", 1)
    world.refresh()
    found = world.value(WindowKind.DAY, "2026-11-03 12:00")
    assert found is not None
    assert (found.label, found.reasons) == (Label.CORRECTED, ("late",))
    assert said in ([Label.PROVISIONAL, Label.CORRECTED], [Label.CORRECTED])


@pytest.mark.parametrize("passes", [{0, 1, 2}, {0, 2}, {2}])
def test_higher_versions_and_retractions_are_told_from_late_events(database: Database, passes: set[int]) -> None:
    world = World(database, share(windows=(HOUR,)))
    clocks = ("12:30", "15:00", "16:00")
    for number, reason in enumerate((Reason.LATE, Reason.CORRECTION, Reason.RETRACTION)):
        world.clock(f"2026-11-20 {clocks[number]}")
        world.add(NOON, 1, 1, reason=reason)
        if number in passes:
            world.refresh()
    world.refresh()
    assert state(world)[::2] == (Label.CORRECTED, ("correction", "retraction"))
    world.clock("2026-11-20 17:00")
    world.add(NOON, 1, 1)
    world.refresh()
    assert state(world)[2] == ("correction", "retraction", "late")


def test_a_correction_in_time_corrects_nothing(database: Database) -> None:
    world = World(database, share(windows=(HOUR,)))
    world.clock("2026-11-20 12:30")
    world.add(NOON, 1, 1, reason=Reason.CORRECTION)
    world.clock("2026-11-20 15:00")
    world.refresh()
    assert state(world)[::2] == (Label.FINAL, ())


@pytest.mark.parametrize("looks_between", [False, True])
def test_a_window_that_was_touched_is_published_though_nothing_is_left_of_it(
    database: Database, looks_between: bool
) -> None:
    world = World(database, share(windows=(HOUR,)))
    world.clock("2026-11-20 12:30")
    world.add(NOON, 1, 1, digest=5)
    if looks_between:
        world.refresh()
    world.clock("2026-11-20 15:00")
    world.add(NOON, -1, -1, n=-1, digest=-5, reason=Reason.RETRACTION)
    world.refresh()
    found = world.value(HOUR, NOON)
    assert found is not None
    assert (found.n, found.value, found.label, found.reasons) == (0, None, Label.CORRECTED, ("retraction",))


def test_a_number_that_has_settled_waits_for_the_mark_of_what_changed_it(database: Database) -> None:
    """A batch was committed after the marks were made: its bucket is read, when it arrived is not known yet."""
    plan = Plan(definition=Definition(windows=(HOUR,)), main=Quotient(Slot(0), "stock"), references=("stock",))
    world = World(database, plan)
    world.clock("2026-11-20 12:30")
    world.add(NOON, 1, 0)
    world.refer("stock", 1, "2026-01-01 00:00", "2026-11-01 00:00")
    world.clock("2026-11-20 15:00")
    world.refresh()
    world.add(NOON, 1, 0)
    names, marks = schema.dirty.c.keys(), world.rows(schema.dirty)
    with database.begin() as connection:
        connection.execute(delete(schema.dirty))
    world.refer("stock", 9, "2026-01-01 00:00", "2026-11-20 14:00", scope="STB05")  # all numbers are looked at
    assert world.refresh() == 0
    with database.begin() as connection:
        connection.execute(insert(schema.dirty), [dict(zip(names, mark, strict=True)) for mark in marks])
    assert world.refresh() == 1
    assert state(world) == (Label.CORRECTED, 2, ("late",))


def test_a_mark_that_comes_late_is_no_change_when_its_event_came_in_time(database: Database) -> None:
    """The bucket was read with the pass in which the window settled, its mark with the next one."""
    world = World(database, share(windows=(HOUR,)))
    world.clock("2026-11-20 12:30")
    world.add(NOON, 1, 2)
    world.refresh()
    world.clock("2026-11-20 12:40")
    world.add(NOON, 1, 2)
    names, marks = schema.dirty.c.keys(), world.rows(schema.dirty)
    with database.begin() as connection:
        connection.execute(delete(schema.dirty))
    world.clock("2026-11-20 13:11")
    world.refresh()
    assert state(world) == (Label.FINAL, 2, ())
    with database.begin() as connection:
        connection.execute(insert(schema.dirty), [dict(zip(names, mark, strict=True)) for mark in marks])
    assert world.refresh() == 0
    assert state(world) == (Label.FINAL, 2, ())


def test_another_meaning_of_the_same_version_is_said_so(database: Database) -> None:
    world = World(database, share())
    world.clock("2026-11-20 12:30")
    world.add(NOON, 1, 2)
    world.refresh()
    world.clock("2026-11-20 18:00")
    world.refresh()
    world.plans = (share(hash="h2"),)
    world.restart()
    world.refresh()
    found = world.value(HOUR, NOON)
    assert found is not None
    assert (found.value, found.definition_hash, found.reasons) == (50.0, "h2", ("engine",))
    assert world.refresh() == 0


def test_a_cursor_of_another_job_is_no_clock(database: Database) -> None:
    world = World(database, share(windows=(HOUR,)))
    world.clock("2026-11-20 12:30")
    world.add(NOON, 1, 1)
    world.refresh()
    row = schema.cursor.c
    with database.begin() as connection:
        mine = dict(connection.execute(select(schema.cursor).where(row.id == 1)).one()._mapping)
        other = {**mine, "id": 9, "job": "back-test", "appended_ms": 10**13}
        connection.execute(insert(schema.cursor), [other])
    world.refresh()
    assert state(world) == (Label.PROVISIONAL, 1, ())
