"""The simulator's seeds, as many as `SIZE` says; see docs/proof.md."""

from __future__ import annotations

from concurrent.futures import ProcessPoolExecutor
from multiprocessing import get_context

from tests.chaos.sizes import seed, size
from tests.unit.kpi.simulator.play import sweep

_AT_ONCE = 250


def test_every_seed_ends_as_its_log_says() -> None:
    first, wanted = seed(), size().seeds
    starts = range(first, first + wanted, _AT_ONCE)
    print(f"\nsimulator with SEED={first}: {wanted} seeds")
    with ProcessPoolExecutor(mp_context=get_context("spawn")) as pool:
        found = [line for lines in pool.map(sweep, starts, [_AT_ONCE] * len(starts)) for line in lines]
    shown = "\n".join(found[:20])
    assert not found, f"{len(found)} of {wanted} seeds; replay: python -m tests.unit.kpi.simulator SEED\n{shown}"
