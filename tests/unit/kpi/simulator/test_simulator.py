"""Whatever dies and whenever: the store and the topics end as the log says."""

from __future__ import annotations

from concurrent.futures import ProcessPoolExecutor
from multiprocessing import get_context

from tests.unit.kpi.simulator.play import sweep

FIRST_SEED = 0
SEEDS = 20_000
_AT_ONCE = 250


def test_every_seed_ends_as_its_log_says() -> None:
    starts = range(FIRST_SEED, FIRST_SEED + SEEDS, _AT_ONCE)
    with ProcessPoolExecutor(2, get_context("spawn")) as pool:
        found = [line for lines in pool.map(sweep, starts, [_AT_ONCE] * len(starts)) for line in lines]
    shown = "\n".join(found[:20])
    assert not found, f"{len(found)} of {SEEDS} seeds; replay: python -m tests.unit.kpi.simulator SEED\n{shown}"
