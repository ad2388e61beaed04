"""What explains a number adds up to it: for every class, over a week in which everything goes wrong."""

from __future__ import annotations

from random import Random

import pytest

from tests.unit.kpi.proof.world import World

WINDOWS = 200
"""Looked at per definition, at random."""


@pytest.fixture(scope="module")
def world(tmp_path_factory: pytest.TempPathFactory) -> World:
    found = World(tmp_path_factory.mktemp("week"))
    found.count()
    found.engine.publish()
    return found


@pytest.mark.parametrize("kpi", ["M01", "I08", "E01"])
def test_contributions_add_up_to_the_published_number(world: World, kpi: str) -> None:
    values = world.published(kpi)
    chosen = Random(7).sample(values, min(WINDOWS, len(values)))  # noqa: S311 - must repeat

    assert len(values) > 5
    for value in chosen:
        evidence = world.evidence(value)
        figures = evidence.figures._asdict()
        shown = {name: getattr(value, name) for name in figures}
        assert figures == shown, (value.window, value.start, value.scope, value.dimensions)
