"""Where KPIs stand: which target judges which window, other places, and what health has to say."""

from __future__ import annotations

from datetime import date, timedelta

import pytest
from msgspec import structs

from cityhub.kpi.attainment import Direction, Status
from cityhub.kpi.definition import Catalogue, KpiDefinition, Target, load_catalogue
from cityhub.kpi.health.kpi import NOTHING_SEEN, SourceHealths
from cityhub.kpi.health.source import Cause, SourceHealth, State
from cityhub.kpi.memory_reader import InMemoryReader
from cityhub.kpi.standing import Standing, standings
from cityhub.kpi.targets import TargetRecord
from cityhub.kpi.values import KpiValue, WindowKind
from tests.unit.dashboard.world import NOW, value

CATALOGUE = load_catalogue()
M01 = CATALOGUE["M01"]
DAY = timedelta(days=1)


def record(number: int, since: date, goal: float) -> TargetRecord:
    return TargetRecord(kpi_id="M01", number=number, target=Target(value=goal, source="Rat", since=since))


def stands(
    *values: KpiValue,
    targets: tuple[TargetRecord, ...] = (),
    definition: KpiDefinition = M01,
    healths: SourceHealths = NOTHING_SEEN,
) -> Standing:
    reader = InMemoryReader(Catalogue({definition.id: definition}))
    reader.put(values)
    reader.recorded = list(targets)
    (found,) = standings(reader, [definition], NOW, targets=reader.targets(), healths=healths)
    return found


def day(back: int, good: int, **changes: object) -> KpiValue:
    return value(WindowKind.DAY, NOW - back * DAY, (good, 100), **changes)


def test_each_window_is_held_against_the_target_of_its_last_day() -> None:
    raised = (record(1, date(2026, 1, 1), 80.0), record(2, date(2026, 11, 22), 90.0))
    found = stands(day(3, 85), day(2, 85), day(1, 85), day(0, 95), targets=raised)
    assert (found.value, found.status) == (day(1, 85), Status.MISSED), "the 22nd is the last complete day"
    assert found.target == raised[1]
    assert found.status_at(day(2, 85)) is Status.MET
    assert found.goal == raised[1].target


def test_without_a_value_the_target_of_today_stands() -> None:
    found = stands(targets=(record(1, date(2026, 11, 23), 80.0), record(2, date(2026, 11, 24), 90.0)))
    assert found.target is not None
    assert (found.target.number, found.status) == (1, Status.NO_DATA)


def test_a_running_window_stands_for_the_kpi_until_one_is_complete() -> None:
    found = stands(day(0, 95), targets=(record(1, date(2026, 1, 1), 90.0),))
    assert (found.value, found.status, found.trend) == (None, Status.MET, None)


def test_the_trend_is_to_the_window_right_before() -> None:
    assert stands(day(3, 70), day(1, 80)).trend is None, "a day is missing between them"
    noon = value(WindowKind.HOUR, NOW - 2 * DAY, (1, 1))
    assert stands(noon, day(2, 70), day(1, 80)).trend is None, "recording began in the middle of the first day"
    found = stands(day(2, 70), day(1, 80)).trend
    assert found is not None
    assert (found.direction, found.better) == (Direction.UP, True)


@pytest.mark.parametrize(("kpi", "held"), [("M01", True), ("I11", True), ("M04", False), ("E10", False), ("E05", True)])
def test_places_are_held_against_the_citys_target_unless_they_are_parts_of_it(kpi: str, held: bool) -> None:
    definition = structs.replace(CATALOGUE[kpi], direction="up", target=record(0, date(2026, 1, 1), 80.0).target)
    found = stands(definition=definition)
    there = structs.replace(day(1, 85), kpi_id=kpi, scope="STB01")
    assert found.status_at(there) is (Status.MET if held else Status.NO_TARGET)
    assert found.status_at(structs.replace(there, scope="city")) is Status.MET


def test_an_unreliable_kpi_is_held_against_nothing() -> None:
    (source,) = {source.type for name, source in M01.sources.items() if name == "departed"}
    failed = SourceHealth(source=source, state=State.UNRELIABLE, cause=Cause.OVERDUE, since_s=1, at_s=1)
    healths = SourceHealths(at=NOW, observed=NOW, by_source={source: failed})
    found = stands(day(1, 95), targets=(record(1, date(2026, 1, 1), 90.0),), healths=healths)
    assert found.status is Status.UNRELIABLE
    assert found.target is not None, "it is still said what would hold"
