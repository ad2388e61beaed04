"""Fixtures of the dashboard's tests."""

from __future__ import annotations

from collections.abc import AsyncIterator, Iterator
from datetime import UTC, datetime

import httpx
import pytest

from cityhub.kpi.store.decisions import begin
from tests.unit.api.world import principal
from tests.unit.dashboard.sandbox_world import NOW, SandboxWorld, startup
from tests.unit.dashboard.world import World
from tests.unit.kpi.proof.world import World as Week


@pytest.fixture
def world() -> World:
    return World()


@pytest.fixture(scope="package")
def week(tmp_path_factory: pytest.TempPathFactory) -> Week:
    """A real store and a real archive of the same events."""
    found = Week(tmp_path_factory.mktemp("screen"), per_type=300)
    with found.engine.database.begin() as connection:
        begin(connection, found.catalogue, 0)
    found.count()
    found.engine.publish()
    return found


@pytest.fixture
def proved(week: Week) -> World:
    """A dashboard over them, the day after, for a controller."""
    world = World(now=datetime(2026, 10, 29, 12, tzinfo=UTC))
    world.reader, world.proofs = week.reader, week.proofs  # type: ignore[assignment]
    world.viewer = principal("controller")
    return world


@pytest.fixture
async def http(world: World) -> AsyncIterator[httpx.AsyncClient]:
    """A browser without eyes on the world's dashboard."""
    server, _ = world.dashboard()
    async with httpx.AsyncClient(transport=httpx.ASGITransport(server), base_url="http://hub") as client:
        yield client


@pytest.fixture(scope="package")
def open_sandbox(tmp_path_factory: pytest.TempPathFactory) -> Iterator[SandboxWorld]:
    with SandboxWorld(tmp_path_factory.mktemp("sandbox")) as world:
        yield world


@pytest.fixture
def sandbox(open_sandbox: SandboxWorld) -> SandboxWorld:
    """One for all tests, as rooms are slow to build; each begins with what it needs."""
    open_sandbox.viewer = startup()
    open_sandbox.now = NOW
    open_sandbox.rooms.away = False
    return open_sandbox
