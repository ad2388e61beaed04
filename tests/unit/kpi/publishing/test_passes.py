"""Passes: what they take, what they leave, in which order, and what a crash between any two statements does."""

from __future__ import annotations

import random
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from fractions import Fraction
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import Connection, event, update
from sqlalchemy.engine import Engine

from cityhub.kpi.kernel.readout import Quotient, Slot
from cityhub.kpi.store import publishing, schema
from cityhub.kpi.store.database import Database
from cityhub.kpi.store.lease import LEASE_MS, Lease
from cityhub.kpi.store.renewal import KeptValue
from cityhub.kpi.store.tenure import LeaseLost, Tenure
from cityhub.kpi.values import Label, WindowKind
from tests.unit.kpi.publishing.world import Definition, Plan, Source, World, at, dims_of

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
    world.publishing.refresh(0)
    assert [world.value(DAY, f"2026-11-{day} 12:00") is not None for day in (15, 16, 20)] == [False, True, True]
    for _ in range(3):
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
    old, new = Tenure(Lease(database, "publisher")), Tenure(Lease(database, "publisher"))
    world = World(database, share(), fence=old.check)
    world.clock("2026-11-20 12:30")
    world.add(NOON, 1, 2)
    assert old.keep(0)
    assert not new.keep(0)
    assert not new.keep(LEASE_MS - 1)
    assert new.keep(LEASE_MS)
    with pytest.raises(LeaseLost):
        world.publishing.refresh(0)
    assert world.values() == {}
    assert len(world.rows(schema.dirty)) == 1
    world.fence = new.check
    world.restart()
    assert world.refresh() == 3


def test_a_pass_that_failed_is_made_good_by_the_same_process(database: Database) -> None:
    failures: list[type[Crash]] = []

    def fence(_: Connection) -> None:
        if failures:
            raise failures.pop()

    world = World(database, share(), fence=fence)
    world.clock("2026-11-20 12:30")
    world.add("2026-11-20 11:00", 1, 2)
    world.refresh()
    world.add(NOON, 1, 2)
    failures += [Crash, Crash]
    for _ in range(2):
        with pytest.raises(Crash):
            world.publishing.refresh(0)
    assert world.refresh() == 3
    assert world.number(HOUR, NOON) == 50.0
    assert max(value.revision for value in world.values().values()) == 2


def test_a_mark_waits_for_the_clock_of_its_own_definition(database: Database) -> None:
    here = share(windows=(HOUR,))
    elsewhere = share(id="T02", windows=(HOUR,), sources={"seen": Source("du.evt.wbd.bins.v1")})
    world = World(database, here, elsewhere)
    world.clock("2026-11-20 12:30")
    world.add(NOON, 1, 2)
    world.add(NOON, 1, 2, plan=elsewhere)
    world.refresh()
    assert [key[0] for key in world.values()] == ["T01"]
    with database.begin() as connection:
        connection.execute(update(schema.cursor).where(schema.cursor.c.id == 2).values(topic="du.evt.wbd.bins.v1"))
    world.refresh()
    assert sorted(key[0] for key in world.values()) == ["T01", "T02"]


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


def _fill(world: World, numbers: Iterable[int]) -> None:
    for number in numbers:
        dice = random.Random(number)  # noqa: S311 - a seeded world
        hour, line = dice.randrange(16), dice.choice(("901", "903"))
        world.add(
            f"2026-11-20 {hour:02}:00", 1, 2, dims=dims_of(line=line), scope=dice.choice(("", "STB05")), digest=number
        )


@pytest.mark.parametrize("restarts", [True, False])
def test_a_crash_between_any_two_statements_changes_nothing_twice(tmp_path: Path, restarts: bool) -> None:
    """Every statement of a pass fails once; then another process, or the same, makes what there is without crashes."""
    plan = Plan(
        definition=Definition(),
        main=Quotient(Slot(0), "stock"),
        beside={"open": Quotient(Slot(1, prefix=True))},
        has_prefix=True,
        references=("stock",),
    )
    calm, before = _filled(Database(tmp_path / "calm.db"), plan)
    calm.refresh(minute=7)
    expected = calm.values()
    tables = [schema.rollup, schema.history]
    kept = [calm.rows(table) for table in tables]
    statements = crashes = 0
    while True:
        world, _ = _filled(Database(tmp_path / f"{statements}.db"), plan)
        try:
            with _crash_at(statements):
                world.refresh(minute=7)
        except Crash:
            crashes += 1
            assert world.values() in (before, expected)
        else:
            break
        if restarts:
            world.restart()
        world.refresh(minute=7)
        assert world.values() == expected
        assert [world.rows(table) for table in tables] == kept
        assert world.rows(schema.dirty) == set()
        world.database.close()
        statements += 1
    assert crashes > 15
    calm.database.close()


def _filled(database: Database, plan: Plan) -> tuple[World, Mapping[tuple[Any, ...], KeptValue]]:
    """A store whose publisher knows something, what it has published, and news."""
    world = World(database, plan)
    world.clock("2026-11-20 16:00")
    _fill(world, range(6))
    world.refer("stock", 4, "2026-01-01 00:00", "2026-11-01 00:00")
    world.refresh(minute=6)
    before = world.values()
    world.clock("2026-11-20 18:00")
    _fill(world, range(6, 12))
    world.refer("stock", 5, "2026-11-01 00:00", "2026-11-20 17:00")
    return world, before


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
