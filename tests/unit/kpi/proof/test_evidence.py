"""What explains a number adds up to it: for every class, over a week in which everything goes wrong."""

from __future__ import annotations

from random import Random

import pytest

from cityhub.kpi.proof.evidence import Evidence
from cityhub.kpi.proof.explain import MOST_AT_ONCE, page
from tests.unit.kpi.proof.world import Remembering, World

WINDOWS = 200
"""Looked at per definition, at random."""


@pytest.fixture(scope="module")
def world(tmp_path_factory: pytest.TempPathFactory) -> World:
    found = World(tmp_path_factory.mktemp("week"))
    found.count()
    found.engine.publish()
    return found


@pytest.mark.parametrize("kpi", ["M01", "M04", "I08", "E01", "I11", "E11", "E05", "E07", "W01"])
def test_contributions_add_up_to_the_published_number(world: World, kpi: str) -> None:
    values = world.published(kpi)
    chosen = Random(7).sample(values, min(WINDOWS, len(values)))  # noqa: S311 - must repeat

    source = Remembering(world.archive)

    assert len(values) > 1
    for value in chosen:
        evidence = world.evidence(value, source)
        figures = evidence.figures._asdict()
        shown = {name: getattr(value, name) for name in figures}
        assert figures == shown, (value.window, value.start, value.scope, value.dimensions)


@pytest.mark.parametrize("kpi", ["M01", "E01"])
def test_nothing_is_behind_a_number_of_nothing(world: World, kpi: str) -> None:
    value = world.published(kpi)[0]
    question = world.question(value)._replace(vector={})

    assert Evidence(question, world.archive).contributions.is_empty()


def test_pages_hold_every_event_once_with_its_origin(world: World) -> None:
    value = max(world.published("M01"), key=lambda one: one.n)
    evidence = world.evidence(value)

    pages = [page(evidence, world.archive, first=first, size=40) for first in range(0, 400, 40)]
    found = [one for some in pages for one in some.contributions]

    assert len(found) == len({one.origin.id for one in found}) == pages[0].counted
    assert sum(one.adds.get("numerator", 0) for one in found) == value.numerator
    assert sum(one.adds.get("denominator", 0) for one in found) == value.denominator
    assert sum(one.n for one in found) == value.n
    origin = found[0].origin
    assert origin.partner == "dvv"
    assert origin.contract == f"//cityhub/contracts/{origin.type}"
    (record,) = [one for one in world.logs[origin.topic, origin.part] if one.offset == origin.off]
    assert origin.id.encode() in (record.value or b"")


def test_what_does_not_count_has_its_reason(world: World) -> None:
    value = max(world.published("M01"), key=lambda one: one.n)

    found = page(world.evidence(value), world.archive, size=1000, excluded=True)

    assert {"duplicate", "id_reuse"} <= set(found.reasons)
    assert sum(found.reasons.values()) == found.excluded == len(found.exclusions)
    assert not found.contributions


@pytest.mark.parametrize("kpi", ["M01", "M04", "I08", "E01", "I11", "E11", "E05", "E07", "W01"])
def test_numbers_of_every_class_open(world: World, kpi: str) -> None:
    value = max((one for one in world.published(kpi) if one.n < MOST_AT_ONCE), key=lambda one: one.n)

    found = page(world.evidence(value), world.archive, size=MOST_AT_ONCE)

    assert found.counted == len(found.contributions) > 0
    assert sum(one.n for one in found.contributions) == value.n
    assert all(one.n or one.adds for one in found.contributions)
