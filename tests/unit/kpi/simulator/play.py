"""Seeds, one or many, and whether they end as their logs say."""

from __future__ import annotations

import gc
from collections.abc import Iterator
from contextlib import contextmanager
from unittest.mock import patch

from cityhub.kpi import publisher as publisher_module
from tests.unit.kpi.simulator.checks import check
from tests.unit.kpi.simulator.run import Say, Simulation


class _Silence:
    """A log that nobody reads."""

    def info(self, *_: object, **__: object) -> None:
        pass

    warning = info


@contextmanager
def virtual_time(simulation: Simulation) -> Iterator[None]:
    """Publishers live in the time of the simulation."""
    with (
        patch.object(publisher_module, "_now_ms", lambda: simulation.now_ms),
        patch.object(publisher_module, "_monotonic_ms", lambda: simulation.now_ms),
        patch.object(publisher_module, "_RETRY_S", 0),
        patch.object(publisher_module, "log", _Silence()),
    ):
        yield


def play(seed: int, say: Say = lambda _: None) -> list[str]:
    """Run a seed.

    Returns:
        What is wrong, a line each.
    """
    simulation = Simulation(seed, say)
    with virtual_time(simulation):
        try:
            return check(simulation.run())
        except Exception as error:  # noqa: BLE001 - whatever the engine raises that nobody handles is a finding
            return [f"{type(error).__name__}: {error}"]


def sweep(first: int, count: int) -> list[str]:
    """Run many seeds in a row.

    Returns:
        A line per seed that ends wrong.
    """
    gc.disable()
    try:
        return [f"seed {seed}: {found[0]}" for seed in range(first, first + count) if (found := play(seed))]
    finally:
        gc.enable()
