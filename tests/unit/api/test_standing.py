"""Status, target and trend of a KPI, and how many of a field have which status."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date, timedelta
from typing import Any

import pytest
from msgspec import structs

from cityhub.kpi.definition import Target
from cityhub.kpi.reader import Ask
from cityhub.kpi.targets import TargetRecord
from cityhub.kpi.values import KpiValue, WindowKind
from tests.unit.api.world import FIRST, World, value
from tests.unit.kpi.few import few

GOAL = Target(value=90.0, watch=15.0, source="Ratsbeschluss", since=date(2026, 1, 1))
QUERY = """{ kpi(id: "M01") { ... on Kpi {
  status statusSentence(lang: en) trend { direction change better }
  target { value low high watch source since }
  targets { number target { value } retracts who why }
} } fields { id counts { status count } } }"""


def record(number: int, target: Target | None = GOAL, retracts: int | None = None) -> TargetRecord:
    return TargetRecord(kpi_id="M01", number=number, target=target, retracts=retracts, who="Anna", why="Beschluss")


async def asked(world: World, who: str = "startup") -> dict[str, Any]:
    found: dict[str, Any] = await world.data(QUERY, who)
    return found


async def test_without_a_target_there_is_no_verdict(world: World) -> None:
    found = (await asked(world))["kpi"]
    assert found == {
        "status": "no_target",
        "statusSentence": "Nobody has set a target for this period.",
        "trend": None,
        "target": None,
        "targets": [],
    }


async def test_a_target_that_a_controller_set_judges_the_newest_complete_window(world: World) -> None:
    world.reader.recorded = [record(1), record(2, structs.replace(GOAL, value=99.0, since=date(2026, 11, 3)))]
    found = (await asked(world))["kpi"]
    assert found["status"] == "watch"
    assert found["target"] == {
        "value": 90,
        "low": None,
        "high": None,
        "watch": 15,
        "source": "Ratsbeschluss",
        "since": "2026-01-01",
    }
    assert [one["who"] for one in found["targets"]] == [None, None]
    found = (await asked(world, "leadership"))["kpi"]
    assert [one["who"] for one in found["targets"]] == ["Anna", "Anna"]


async def test_what_was_taken_back_does_not_judge(world: World) -> None:
    world.reader.recorded = [record(1), record(2, None, retracts=1)]
    found = (await asked(world))["kpi"]
    assert (found["status"], found["target"]) == ("no_target", None)
    assert [(one["number"], one["retracts"]) for one in found["targets"]] == [(1, None), (2, 1)]


async def test_a_trend_has_a_direction_and_says_whether_it_is_better(world: World) -> None:
    before = FIRST - timedelta(days=1)
    world.reader.put([value(before), value(before, window=WindowKind.DAY, good=10, n=20)])
    found = (await asked(world))["kpi"]
    assert found["trend"] == {"direction": "up", "change": 30, "better": True}


async def test_a_field_counts_the_statuses_of_what_the_caller_may_read(world: World) -> None:
    counts = {field["id"]: field["counts"] for field in (await asked(world, "leadership"))["fields"]}
    assert counts["mobilitaet"] == [{"status": "no_target", "count": 1}]
    assert counts["wohnen"] == [{"status": "no_data", "count": 1}]
    assert counts["infrastruktur"] == []


async def test_where_all_kpis_stand_is_read_once(monkeypatch: pytest.MonkeyPatch) -> None:
    world = World([], few())
    asked: list[int] = []

    def read(asks: Sequence[Ask]) -> Sequence[Sequence[KpiValue]]:
        asked.append(len(asks))
        return [[] for _ in asks]

    monkeypatch.setattr(world.reader, "read", read)
    found = await world.data("{ kpis { id status health { state } trend { change } } }", "operator")
    assert len(found["kpis"]) == len(list(few()))
    assert len(asked) == 1
