"""The simulator can fail: each engine that is wrong on purpose is caught."""

from __future__ import annotations

from itertools import islice

import pytest

from tests.unit.kpi.simulator.mutants import MUTANTS, mutated
from tests.unit.kpi.simulator.play import play
from tests.unit.kpi.simulator.run import PUBLISHED_EVERY
from tests.unit.kpi.simulator.test_simulator import FIRST_SEED

SEEDS = 1_500
PUBLISHERS = ("corrections_called_late", "touched_rows_deleted_unread", "publisher_without_fence")
"""Mutants that only seeds with publishers can notice."""


@pytest.mark.parametrize("name", MUTANTS)
def test_a_wrong_engine_is_caught(name: str) -> None:
    step = PUBLISHED_EVERY if name in PUBLISHERS else 1
    first = -(-FIRST_SEED // step) * step
    with mutated(name):
        caught = islice((seed for seed in range(first, first + SEEDS * step, step) if play(seed)), 1)
        assert list(caught), f"{name} got through {SEEDS} seeds"
