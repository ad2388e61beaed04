"""The two implementations agree bit for bit, on random logs of every class."""

from __future__ import annotations

import pytest

from cityhub.kpi.batch import buckets, compare, pieces
from tests.unit.kpi.batch.frames import stored
from tests.unit.kpi.batch.world import world
from tests.unit.kpi.simulator.city import IDS


@pytest.mark.parametrize("copies", [False, True], ids=["", "copied to other partitions"])
@pytest.mark.parametrize("seed", range(20))
def test_the_batch_gives_the_buckets_of_the_stream(seed: int, copies: bool) -> None:
    made = world(seed, copies=copies)
    for id_ in IDS:
        plan = made.plan(id_)
        expected = stored(made.engine, plan)
        assert compare(plan, expected, buckets(plan, made.frames)) == []
        assert compare(plan, expected, pieces(plan, made.frames).buckets(plan)) == []
