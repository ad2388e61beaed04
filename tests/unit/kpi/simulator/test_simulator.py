"""Whatever dies and whenever: the store and the topics end as the log says."""

from __future__ import annotations

from tests.unit.kpi.simulator.play import sweep

FIRST_SEED = 0
SEEDS = 4_000
"""What `make test` can afford; `make chaos` plays more of them."""


def test_every_seed_ends_as_its_log_says() -> None:
    found = sweep(FIRST_SEED, SEEDS)
    shown = "\n".join(found[:20])
    assert not found, f"{len(found)} of {SEEDS} seeds; replay: python -m tests.unit.kpi.simulator SEED\n{shown}"
