"""A number by the things behind it, and the events of one of them."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path

import pytest

from cityhub.kpi.kernel.windows import window_at
from cityhub.kpi.proof.evidence import Evidence
from cityhub.kpi.proof.explain import page
from cityhub.kpi.proof.shares import shares
from cityhub.kpi.values import KpiValue
from tests.unit.kpi.proof.world import World


@pytest.fixture(scope="module")
def world(tmp_path_factory: pytest.TempPathFactory) -> World:
    folder: Path = tmp_path_factory.mktemp("week")
    found = World(folder)
    found.count()
    found.engine.publish()
    return found


def numbers(world: World, kpi: str, scope: str) -> list[KpiValue]:
    found = [one for one in world.published(kpi) if one.scope == scope and not one.dimensions and one.n]
    assert found
    return sorted(found, key=lambda one: one.end)


@pytest.mark.parametrize(("kpi", "scope"), [("I08", "city"), ("I08", "STB05"), ("M01", "city"), ("W01", "city")])
def test_what_things_add_comes_to_the_number(world: World, kpi: str, scope: str) -> None:
    for value in numbers(world, kpi, scope)[:5]:
        evidence = world.evidence(value)
        found = shares(evidence, world.archive, timedelta())
        assert sum(one.adds.get("numerator", 0) for one in found) == value.numerator
        assert sum(one.events for one in found) == evidence.contributions.height
        assert [one.subject for one in found] == sorted({one.subject for one in found})


def test_a_thing_that_was_heard_of_before_is_silent(world: World) -> None:
    value = max(numbers(world, "I08", "city"), key=lambda one: one.end)
    later = world.question(value)._replace(window=window_at(value.window, int(value.end.timestamp()) + 3 * 86_400))
    evidence = Evidence(later, world.archive)
    assert [one for one in shares(evidence, world.archive, timedelta(days=2)) if one.events] == []
    known = shares(evidence, world.archive, timedelta(days=10))
    before = shares(world.evidence(value), world.archive, timedelta())
    assert {one.subject for one in before} <= {one.subject for one in known}
    assert {(one.events, len(one.adds)) for one in known} == {(0, 0)}


def test_of_one_thing_only_its_own_records_are_paged(world: World) -> None:
    value = max(numbers(world, "M01", "city"), key=lambda one: one.n)
    evidence = world.evidence(value)
    for one in shares(evidence, world.archive, timedelta())[:5]:
        found = page(evidence, world.archive, size=1000, subject=one.subject)
        assert found.counted == one.events == len(found.contributions)
        assert {each.origin.subject for each in found.contributions} == {one.subject}
        assert sum(each.adds.get("numerator", 0) for each in found.contributions) == one.adds["numerator"]
        left = page(evidence, world.archive, size=1000, excluded=True, subject=one.subject)
        assert left.excluded == found.excluded == sum(left.reasons.values())
        assert {each.origin.subject for each in left.exclusions} <= {one.subject}
    assert page(evidence, world.archive, subject="nothing of ours").counted == 0
