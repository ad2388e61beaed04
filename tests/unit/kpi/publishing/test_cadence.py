"""Which numbers there are, and what they say, follows from the log, not from when and how often a publisher looked."""

from __future__ import annotations

import random
from collections.abc import Mapping
from fractions import Fraction
from pathlib import Path
from typing import Any, NamedTuple

import msgspec
import pytest

from cityhub.kpi.kernel.label import Reason
from cityhub.kpi.kernel.readout import Quotient, Slot
from cityhub.kpi.store import publishing, touched
from cityhub.kpi.store.database import Database
from cityhub.kpi.store.renewal import KeptValue
from cityhub.kpi.values import WindowKind
from tests.unit.kpi.publishing.world import WRITERS, Definition, Plan, World, at, dims_of

DAY, SEVEN, MONTH, YEAR = WindowKind.DAY, WindowKind.SEVEN_DAYS, WindowKind.MONTH, WindowKind.YEAR_TO_DATE
HOUR_S, DAY_S = 3600, 86_400
SEEDS = range(2)


def plan(id_: str, main: Quotient, *kinds: WindowKind, **more: Any) -> Plan:
    return Plan(definition=Definition(id=id_, windows=kinds, scopes=("city",)), main=main, width=1, **more)


SUM = plan("T01", Quotient(Slot(0)), DAY, MONTH, YEAR)
WEEKLY = plan("T02", Quotient(Slot(0)), WindowKind.HOUR, SEVEN)
HOURLY = plan("T03", Quotient(Slot(0), per_hour=True, times=Fraction(10)), DAY, SEVEN, YEAR)
RUNNING = plan("T04", Quotient(Slot(0, prefix=True)), DAY, MONTH, YEAR, has_prefix=True)
PLANS = (SUM, WEEKLY, HOURLY, RUNNING)
UNTOLD = ("revision", "inputs_up_to", "late_n", "first_ms", "changed_ms", "since_min")
"""Of a value: what tells of the passes themselves."""


class Step(NamedTuple):
    """The partition's clock, and a batch that arrives then; n = 0 for none."""

    clock: int
    writer: int
    plan: Plan
    start: int
    line: str
    n: int
    digest: int


def steps_of(seed: int) -> list[Step]:
    """Two weeks over New Year: quiet days, late events, history, and events that are taken back altogether."""
    dice = random.Random(seed)  # noqa: S311 - a seeded world
    clock, found, counted = at("2026-12-24 09:00"), [], list[Step]()
    for number in range(1, 45):
        clock += dice.choice((60, HOUR_S, HOUR_S, 6 * HOUR_S, DAY_S, 2 * DAY_S)) if number % 3 == 0 else 7
        behind = dice.choice((0, 0, 0, HOUR_S, DAY_S, 3 * DAY_S, 9 * DAY_S))
        start = (clock - behind) // HOUR_S * HOUR_S
        step = Step(clock, dice.choice(WRITERS), dice.choice(PLANS), start, dice.choice("abc"), 1, number)
        if counted and dice.random() < 0.3:
            back = counted.pop(dice.randrange(len(counted)))
            step = back._replace(clock=clock, n=-1, digest=-back.digest)
        else:
            counted.append(step)
        found.append(step)
    return found


class Looks(NamedTuple):
    """After which share of the steps a publisher looks, one pass or all it takes, and how often it is another one."""

    share: float
    restarts: float = 0.0
    whole: bool = True


def played(file: Path, steps: list[Step], looks: Looks, seed: int) -> Mapping[tuple[Any, ...], object]:
    """All published values without what tells of the passes; at the end everything was looked at."""
    dice, world = random.Random(seed), World(Database(file), *PLANS)  # noqa: S311 - a seeded world
    for step in steps:
        world.clock(step.clock, step.writer)
        world.add(
            step.start,
            5 * step.n,
            n=step.n,
            dims=dims_of(line=step.line),
            writer=step.writer,
            digest=step.digest,
            plan=step.plan,
            reason=Reason.LATE if step.n > 0 else Reason.RETRACTION,
            marked=False,
        )
        if dice.random() < looks.share:
            if dice.random() < looks.restarts:
                world.restart()
            if looks.whole:
                world.refresh()
            else:
                world.publishing.refresh(0)
    world.clock(steps[-1].clock, *WRITERS)
    world.refresh()
    found = {key: _told(key[0], value) for key, value in world.values().items()}
    world.database.close()
    return found


def _told(kpi: str, value: msgspec.Struct) -> dict[str, object]:
    """Labels of running totals are left out: docs/time.md names what is judged between two passes."""
    untold = (*UNTOLD, "label", "reasons") if kpi == RUNNING.definition.id else UNTOLD
    return {name: one for name, one in msgspec.structs.asdict(value).items() if name not in untold}


@pytest.fixture(scope="module")
def once(tmp_path_factory: pytest.TempPathFactory) -> dict[int, Mapping[tuple[Any, ...], object]]:
    """By seed, what a publisher says that looks for the first time when everything is there, as after a rebuild."""
    folder = tmp_path_factory.mktemp("once")
    return {seed: played(folder / f"{seed}.db", steps_of(seed), Looks(0.0), seed) for seed in SEEDS}


@pytest.mark.parametrize(
    "looks",
    [Looks(1.0), Looks(0.2, restarts=0.5), Looks(0.7, whole=False), Looks(0.7, restarts=0.3, whole=False)],
    ids=["always", "seldom", "behind", "behind and restarted"],
)
def test_published_values_are_a_function_of_the_log(
    tmp_path: Path, looks: Looks, once: dict[int, Mapping[tuple[Any, ...], object]], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(publishing, "VALUES_PER_PASS", 5_000 if looks.whole else 9)
    monkeypatch.setattr(touched, "BATCHES_AT_ONCE", 3)
    for seed, wanted in once.items():
        assert played(tmp_path / f"{seed}.db", steps_of(seed), looks, seed) == wanted, f"seed {seed}"


@pytest.mark.parametrize("looks", [True, False])
def test_a_quiet_day_has_its_year_to_date_and_its_seven_days(database: Database, looks: bool) -> None:
    """Taken back altogether on the 20th: both go on with n = 0 where an event has touched them, and no further."""
    world = World(database, plan("T01", Quotient(Slot(0)), DAY, SEVEN, YEAR))
    world.clock("2026-12-20 12:00")
    world.add("2026-12-20 09:00", 5, digest=7)
    if looks:
        world.refresh()
    world.add("2026-12-20 09:00", -5, n=-1, digest=-7, reason=Reason.RETRACTION)
    for day in ("21", "26", "27", "31"):
        world.clock(f"2026-12-{day} 12:00")
        if looks:
            world.refresh()
    world.clock("2027-01-02 12:00")
    world.refresh()
    found = [(kind, value.start.day if kind == DAY else value.end.day, value.n) for kind, value in _by_kind(world)]
    assert sorted(found) == sorted(
        [(DAY, 19, 0), *((SEVEN, day, 0) for day in range(20, 27)), *((YEAR, day, 0) for day in range(20, 32))]
    )


def _by_kind(world: World) -> list[tuple[str, KeptValue]]:
    return [(key[1], value) for key, value in world.values().items() if key[4] == "{}"]
