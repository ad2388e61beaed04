"""Changing the engine in one place, and a register of such changes."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager, nullcontext
from typing import Any

from tests.unit.kpi.simulator.engine import engine

MUTANTS: dict[str, Callable[[], AbstractContextManager[Any]]] = {}


def mutant(make: Callable[[], Iterator[None]]) -> Callable[[], AbstractContextManager[Any]]:
    """Register a mutation; compiled definitions are made anew around it."""

    @contextmanager
    def around() -> Iterator[None]:
        engine.cache_clear()
        try:
            with contextmanager(make)():
                yield
        finally:
            engine.cache_clear()

    MUTANTS[make.__name__] = around
    return around


def mutated(name: str | None) -> AbstractContextManager[Any]:
    """The engine with a mutation, or as it is."""
    return nullcontext() if name is None else MUTANTS[name]()
