"""One tenant with a log and open doors, and a broker in memory."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from cityhub.sandbox.rooms.tenants import Tenants
from tests.unit.sandbox.rooms.conftest import NOW
from tests.unit.sandbox.topics.memory import MemoryBroker


@pytest.fixture
def broker() -> MemoryBroker:
    return MemoryBroker()


@pytest.fixture
def tenants(tmp_path: Path) -> Iterator[Tenants]:
    """`demo` and `demo-2`, both open."""
    made = Tenants(tmp_path)
    for name in ("demo", "demo-2"):
        made.open_kafka(made.create(name, "startup-demo", 30, NOW), wanted=True)
    yield made
    made.close()


@pytest.fixture(autouse=True)
def fast(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("LOOK_S", "FOLLOW_S", "RETRY_S"):
        monkeypatch.setattr(f"cityhub.sandbox.topics.passing.{name}", 0.005)


async def until(condition: Callable[[], object]) -> None:
    """Wait for what tasks do; a test that waits for ever says so."""
    async with asyncio.timeout(60):
        while not condition():  # noqa: ASYNC110 - files and memory, nobody can set an event
            await asyncio.sleep(0.005)
