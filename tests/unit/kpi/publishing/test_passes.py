"""Passes: what they take, what they leave, in which order, and what a crash between any two statements does."""

from __future__ import annotations

import random
from collections.abc import Iterator
from contextlib import contextmanager
from fractions import Fraction
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import Connection, event, insert, select
from sqlalchemy.engine import Engine

from cityhub.kpi.kernel.readout import Quotient, Slot
from cityhub.kpi.store import publishing
from cityhub.kpi.store import schema2 as schema
from cityhub.kpi.store.database2 import Database
from cityhub.kpi.store.lease2 import LEASE_MS, Lease
from cityhub.kpi.store.tenure import LeaseLost, Tenure
from cityhub.kpi.values import Label, WindowKind
from tests.unit.kpi.publishing.world import Definition, Plan, World, at, dims_of

SHARE = Quotient(Slot(0), Slot(1), times=Fraction(100))
NOON = "2026-11-20 12:00"
HOUR, DAY = WindowKind.HOUR, WindowKind.DAY


class Crash(Exception):  # noqa: N818 - an incident
    """The process dies here."""


def share(**more: Any) -> Plan:
    return Plan(definition=Definition(**more), main=SHARE)


def test_nothing_new_changes_nothing(database: Database) -> None:
    world = World(database, share())
    world.clock("2026-11-20 12:30")
    world.add(NOON, 1, 2)
    assert world.refresh() == 3  # hour, day, month
    before = world.values()
    assert world.rows(schema.dirty) == set()
    assert world.refresh() == 0
    world.restart()
    assert world.refresh() == 0
    assert world.values() == before


def test_labels_follow_the_slowest_partition_and_a_late_event_corrects(database: Database) -> None:
    world = World(database, share(windows=(HOUR,)))
    world.clock("2026-11-20 12:30")
    world.add(NOON, 1, 1)
    world.refresh()
    assert _state(world) == (Label.PROVISIONAL, 1, ())
    world.clock("2026-11-20 13:11", 1)
    world.refresh()
    assert _state(world) == (Label.PROVISIONAL, 1, ())
    world.clock("2026-11-20 13:09", 2)
    world.add(NOON, 1, 1, writer=2)  # in time by its own partition's clock, whatever others have reached
    world.refresh()
    assert _state(world) == (Label.PROVISIONAL, 2, ())
    world.clock("2026-11-20 13:11", 2)
    world.refresh()
    assert _state(world) == (Label.FINAL, 3, ())
    world.clock("2026-11-20 17:00")
    world.add(NOON, 0, 1)
    world.refresh()
    assert _state(world) == (Label.CORRECTED, 4, ("late",))
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
    assert _state(world) == (Label.FINAL, 2, ())


def test_a_day_that_is_delivered_late_is_final_after_its_lateness(database: Database) -> None:
    world = World(database, share(windows=(HOUR,)))
    world.clock("2026-11-22 12:00")
    world.add(NOON, 1, 1)
    world.refresh()
    world.clock("2026-11-22 12:05")
    world.add(NOON, 1, 1)
    world.refresh()
    assert _state(world) == (Label.PROVISIONAL, 2, ())
    world.clock("2026-11-22 12:11")
    world.refresh()
    assert _state(world) == (Label.FINAL, 3, ())


def _state(world: World) -> tuple[Label, int, tuple[str, ...]]:
    found = world.value(HOUR, NOON)
    assert found is not None
    return found.label, found.revision, found.reasons


def test_the_present_is_computed_first_and_every_pass_is_bounded(
    database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(publishing, "VALUES_PER_PASS", 4)
    monkeypatch.setattr(publishing, "MARKS_LOOKED_AT", 3)
    world = World(database, share(windows=(HOUR,)))
    world.clock("2026-11-20 23:00")
    for hour in range(10):
        world.add(f"2026-11-20 {hour:02}:00", 1, 1)
    assert world.publishing.refresh(0) == 3
    assert {key[2] for key in world.values()} == {_anchor(hour) for hour in (7, 8, 9)}
    world.add("2026-11-20 21:00", 1, 1)
    world.publishing.refresh(0)
    assert world.value(HOUR, "2026-11-20 21:00") is not None
    assert world.value(HOUR, "2026-11-20 03:00") is None
    for _ in range(3):
        world.publishing.refresh(0)
    assert len(world.values()) == 11
    assert world.rows(schema.dirty) == set()


def _anchor(hour: int) -> int:
    return at(f"2026-11-20 {hour:02}:00")


def test_a_mark_with_many_later_windows_leaves_when_all_are_done(
    database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A change 40 days ago counts into 41 days: five at a time, and a crash in between begins anew."""
    monkeypatch.setattr(publishing, "VALUES_PER_PASS", 5)
    plan = Plan(definition=Definition(windows=(DAY,)), main=Quotient(Slot(0, prefix=True)), width=1, has_prefix=True)
    world = World(database, plan)
    world.clock("2026-11-20 12:00")
    world.add("2026-10-11 09:00", 3)
    for _ in range(4):
        world.publishing.refresh(0)
    assert len(world.values()) == 20
    assert len(world.rows(schema.dirty)) == 1
    world.restart()
    world.refresh()
    assert {value.value for value in world.values().values()} == {3}
    assert {value.revision for value in world.values().values()} == {1}
    assert len(world.values()) == 41
    assert world.rows(schema.dirty) == set()


def test_a_bucket_that_changes_during_a_pass_keeps_its_mark(database: Database) -> None:
    world = World(database, share(windows=(HOUR,)))
    world.clock("2026-11-20 12:30")
    world.add(NOON, 1, 1)
    with _between(world, lambda: world.add(NOON, 0, 1)):
        world.publishing.refresh(0)
    assert len(world.rows(schema.dirty)) == 1
    assert world.number(HOUR, NOON) == 100.0
    world.refresh()
    assert world.number(HOUR, NOON) == 50.0
    assert world.rows(schema.dirty) == set()


@contextmanager
def _between(world: World, act: Any) -> Iterator[None]:
    """Act after a pass has read and before it writes."""
    begin = world.database.begin
    done: list[int] = []

    @contextmanager
    def first_act() -> Iterator[Connection]:
        if not done:
            done.append(1)
            act()
        with begin() as connection:
            yield connection

    world.database.begin = first_act  # type: ignore[method-assign]
    try:
        yield
    finally:
        world.database.begin = begin  # type: ignore[method-assign]


def test_a_publisher_that_lost_its_lease_writes_nothing(database: Database) -> None:
    lease = Lease(database, "publisher")
    old, new = Tenure(lease), Tenure(lease)
    world = World(database, share(), fence=old.check)
    world.clock("2026-11-20 12:30")
    world.add(NOON, 1, 2)
    assert old.keep(0)
    assert not new.keep(LEASE_MS - 1)
    assert new.keep(LEASE_MS)
    with pytest.raises(LeaseLost):
        world.publishing.refresh(0)
    assert world.values() == {}
    assert len(world.rows(schema.dirty)) == 1
    world.fence = new.check
    world.restart()
    assert world.refresh() == 3


def test_marks_of_an_unknown_definition_wait_for_a_publisher_that_knows_it(database: Database) -> None:
    old, new = share(), share(version=2, hash="h2")
    world = World(database, old)
    world.clock("2026-11-20 12:30")
    world.add(NOON, 1, 2)
    world.add(NOON, 2, 2, plan=new)
    world.refresh()
    assert world.number(HOUR, NOON) == 50.0
    assert len(world.rows(schema.dirty)) == 1
    world.clock("2026-11-20 18:00")
    world.refresh()
    world.plans = (new,)
    world.restart()
    world.refresh()
    found = world.value(HOUR, NOON)
    assert found is not None
    assert (found.value, found.definition_version, found.label, found.reasons) == (
        100.0,
        2,
        Label.CORRECTED,
        ("definition",),
    )


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


def _fill(world: World, seed: int = 1) -> None:
    dice = random.Random(seed)  # noqa: S311 - a seeded world
    world.clock("2026-11-20 18:00")
    for number in range(12):
        hour, line = dice.randrange(18), dice.choice(("901", "903"))
        world.add(
            f"2026-11-20 {hour:02}:00", 1, 2, dims=dims_of(line=line), scope=dice.choice(("", "STB05")), digest=number
        )


def test_a_crash_between_any_two_statements_changes_nothing_twice(tmp_path: Path) -> None:
    """Every statement of a pass fails once; afterwards the store holds what it holds without crashes."""
    plan = Plan(
        definition=Definition(),
        main=Quotient(Slot(0), "stock"),
        beside={"open": Quotient(Slot(1, prefix=True))},
        has_prefix=True,
        references=("stock",),
    )
    calm = _filled(Database(tmp_path / "calm.db"), plan)
    calm.refresh(minute=7)
    expected = calm.values()
    tables = [schema.rollup, schema.history]
    kept = [calm.rows(table) for table in tables]
    statements = crashes = 0
    while True:
        world = _filled(Database(tmp_path / f"{statements}.db"), plan)
        try:
            with _crash_at(statements):
                world.refresh(minute=7)
        except Crash:
            crashes += 1
            assert world.values() in ({}, expected)
        else:
            break
        finally:
            world.restart()
        world.refresh(minute=7)
        assert world.values() == expected
        assert [world.rows(table) for table in tables] == kept
        assert world.rows(schema.dirty) == set()
        world.database.close()
        statements += 1
    assert crashes > 15
    calm.database.close()


def _filled(database: Database, plan: Plan) -> World:
    world = World(database, plan)
    _fill(world)
    world.refer("stock", 4, "2026-01-01 00:00", "2026-11-01 00:00")
    return world


@contextmanager
def _crash_at(number: int) -> Iterator[None]:
    """The statement with this number is not carried out any more."""
    seen = [0]

    def count(*_: object) -> None:
        seen[0] += 1
        if seen[0] > number:
            raise Crash

    event.listen(Engine, "before_cursor_execute", count)
    event.listen(Engine, "commit", count)
    try:
        yield
    finally:
        event.remove(Engine, "before_cursor_execute", count)
        event.remove(Engine, "commit", count)


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
    assert _state(world) == (Label.PROVISIONAL, 1, ())
