"""What did we know when: as-of of every recorded minute is what was published then."""

from __future__ import annotations

import random
from collections.abc import Iterator
from datetime import UTC, datetime
from fractions import Fraction
from pathlib import Path

import msgspec
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from msgspec.structs import replace
from sqlalchemy import delete

from cityhub.kpi.kernel.readout import Coverage, MeanAge, QuantileOf, Quotient, Slot
from cityhub.kpi.kernel.windows import window_at
from cityhub.kpi.reader import instant
from cityhub.kpi.store import schema
from cityhub.kpi.store.as_of import Line, value_as_of
from cityhub.kpi.store.database import Database
from cityhub.kpi.store.renewal import KeptValue
from cityhub.kpi.store.sheet import Cut
from cityhub.kpi.values import KpiValue, WindowKind
from tests.unit.kpi.publishing.world import Definition, Plan, World, at, dims_of

NOON = "2026-11-20 12:00"
HOUR, DAY, WEEK, YEAR = WindowKind.HOUR, WindowKind.DAY, WindowKind.WEEK, WindowKind.YEAR_TO_DATE
KINDS = (HOUR, DAY, WEEK, YEAR)
ADDITIVE = Plan(definition=Definition(windows=KINDS), main=Quotient(Slot(0), Slot(1), times=Fraction(100)))
RUNNING = Plan(
    definition=Definition(windows=KINDS),
    main=Quotient(Slot(0, prefix=True), "stock", times=Fraction(100)),
    beside={"age": MeanAge(Slot(0, prefix=True), Slot(1, prefix=True))},
    has_prefix=True,
    references=("stock",),
)
STATE = Plan(
    definition=Definition(windows=KINDS),
    main=Quotient(Slot(0), Slot(1)),
    coverage=Coverage(Slot(1), Slot(0, prefix=True)),
    has_prefix=True,
)
QUANTILE = Plan(definition=Definition(windows=KINDS), main=QuantileOf(0, Fraction(1, 2)), histograms=1, width=1)
LAYERED = Plan(definition=Definition(windows=(DAY, YEAR)), main=Quotient(Slot(0)), layers=(DAY, YEAR), width=1)


def test_the_value_at_nine_is_the_one_that_was_shown_at_nine(database: Database) -> None:
    world = World(database, ADDITIVE)
    world.clock("2026-11-20 12:30")
    world.add(NOON, 1, 2)
    world.refresh(minute=100)
    world.add(NOON, 0, 2)
    world.refresh(minute=101)
    world.add(NOON, 0, 4)
    world.refresh(minute=101)
    assert [_as_of(world, HOUR, minute) for minute in (99, 100, 101, 500)] == [None, 50.0, 12.5, 12.5]
    assert [_as_of(world, YEAR, minute) for minute in (99, 100, 101)] == [None, 50.0, 12.5]
    entries = {(row[2], row[10]) for row in world.rows(schema.history) if row[1] != 0}
    assert entries == {(100, 2), (101, 8)}  # one entry per minute and bucket, the last of the minute


def test_a_denominator_counts_from_when_it_was_known(database: Database) -> None:
    world = World(database, RUNNING)
    world.clock("2026-11-20 12:30")
    world.add(NOON, 3, 0)
    world.refresh(minute=100)
    world.refer("stock", 10, "2026-01-01 00:00", "2026-11-20 12:29")
    world.refresh(minute=101)
    world.refer("stock", 20, "2026-11-01 00:00", "2026-11-20 12:31")
    world.refresh(minute=102)
    assert [_as_of(world, DAY, minute) for minute in (100, 101, 102)] == [None, 30.0, 15.0]


def _as_of(world: World, kind: WindowKind, minute: int) -> float | None:
    found = _shown(world, Line("T01", kind, Cut("city", "{}")), minute, window_at(kind, at(NOON)).anchor)
    return None if found is None else found.value


def _shown(world: World, line: Line, minute: int, anchor: int) -> KpiValue | None:
    with world.database.snapshot() as connection:
        moment = datetime.fromtimestamp(minute * 60 + 59, UTC)
        return value_as_of(connection, world.plans, line, moment, instant(anchor))  # type: ignore[arg-type]


@pytest.fixture
def sqlite(tmp_path: Path) -> Iterator[Database]:
    made = Database(tmp_path / "store.db")
    yield made
    made.close()


@pytest.mark.parametrize(
    "plan", [ADDITIVE, RUNNING, STATE, QUANTILE, LAYERED], ids=["additive", "running", "state", "quantile", "layered"]
)
@settings(max_examples=10, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(seed=st.integers(0, 2**32))
def test_as_of_any_minute_is_what_was_published_then(sqlite: Database, plan: Plan, seed: int) -> None:
    dice = random.Random(seed)  # noqa: S311 - a seeded world
    with sqlite.begin() as connection:
        for table in schema.metadata.sorted_tables:
            connection.execute(delete(table))
    world = World(sqlite, plan)
    shown = []
    for minute in range(6):
        passes = dice.randrange(1, 3)  # several in a minute: the last one counts
        for clock in sorted(dice.randrange(60) for _ in range(passes)):  # a record's clock never goes back
            world.clock(f"2026-11-20 {12 + 2 * minute}:{clock:02}")
            _batch(world, plan, dice, 12 + 2 * minute)
            if dice.random() < 0.2:
                world.restart()
            world.refresh(minute)
        shown.append(world.values())
    for minute, values in enumerate(shown):
        for key in dice.sample(sorted(shown[-1]), min(len(shown[-1]), 40)):
            kpi, kind, anchor, scope, dims = key
            found = _shown(world, Line(kpi, WindowKind(kind), Cut(scope, dims)), minute, anchor)
            _check(found, values.get(key), (minute, key))


def _check(found: KpiValue | None, shown: KeptValue | None, where: object) -> None:
    """All of a value is what was published, but for what is not kept."""
    if shown is None or found is None:
        assert found is shown, where
        return
    assert found.inputs_up_to >= shown.inputs_up_to, where
    kept = {"revision": 0, "late_n": 0, "inputs_up_to": found.inputs_up_to}
    plain = msgspec.convert(msgspec.to_builtins(shown), KpiValue)
    assert found == replace(plain, **kept), where


def _batch(world: World, plan: Plan, dice: random.Random, now_hour: int) -> None:
    for _ in range(dice.randrange(4)):
        day, hour = (
            (dice.choice((15, 18, 19)), dice.randrange(24)) if dice.random() < 0.3 else (20, dice.randrange(now_hour))
        )
        when = f"2026-11-{day} {hour:02}:00"
        scope, dims = dice.choice(("", "STB05")), dims_of(line=dice.choice("12"))
        if plan.layers:
            for kind in plan.layers:
                start = window_at(kind, at(when)).anchor
                world.add(start, dice.randrange(3), layer=kind, scope=scope or "city", dims=dims)
        else:
            bins = [(0, dice.randrange(50)) for _ in range(plan.histograms * dice.randrange(1, 3))]
            world.add(
                when,
                dice.randrange(3),
                dice.randrange(5),
                scope=scope,
                dims=dims,
                bins=bins,
                writer=dice.choice((1, 2)),
            )
    if plan.references and dice.random() < 0.4:
        recorded = f"2026-11-20 12:{len(world.rows(schema.reference)):02}"  # in order, as one partition appends
        world.refer(
            "stock",
            dice.randrange(1, 9),
            f"2026-11-{dice.randrange(10, 21)} 00:00",
            recorded,
            id_=str(dice.random()),
        )
