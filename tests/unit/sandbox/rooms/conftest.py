"""The sandbox process in this one: real rooms in processes of their own, real doors, and a key-maker of the test's."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextvars import ContextVar
from datetime import UTC, datetime
from pathlib import Path

import httpx
import pytest
from starlette.applications import Starlette
from starlette.requests import HTTPConnection

from cityhub.kpi.definition import load_catalogue
from cityhub.sandbox.door.routes import SandboxRoutes
from cityhub.sandbox.rooms.client import SandboxClient
from cityhub.sandbox.rooms.houses import Houses
from cityhub.sandbox.rooms.keys import Key
from cityhub.sandbox.rooms.service import Service
from cityhub.sandbox.rooms.tenants import Tenants
from cityhub.sdk.principal import Principal

WORD = "open-sesame"
NOW = datetime(2026, 11, 26, 9, tzinfo=UTC)


class MadeKeys:
    """Makes keys that open nothing. Attributes: issued = by tenant, how often."""

    def __init__(self) -> None:
        self.issued: dict[str, int] = {}

    def issue(self, tenant: str, organisation: str) -> Key:
        self.issued[tenant] = self.issued.get(tenant, 0) + 1
        return Key(f"startup-sbx-{tenant}", f"secret-{self.issued[tenant]}")

    def withdraw(self, tenant: str) -> None:
        self.issued.pop(tenant, None)


class Sandbox:
    """Attributes: now = what the service takes for the present; folder = of everything that is kept."""

    def __init__(self, folder: Path) -> None:
        self.now = NOW
        self.folder = folder
        self.keys = MadeKeys()
        self.tenants = Tenants(folder)
        self.houses = Houses(self.tenants.room)
        self.service = Service(self.tenants, self.houses, self.keys, WORD, lambda: self.now)
        inner = httpx.AsyncClient(transport=httpx.ASGITransport(self.service.app()))
        self.client = SandboxClient(inner, "http://rooms", WORD)
        self._who: ContextVar[Principal | None] = ContextVar("who", default=None)
        self.door, other = (SandboxRoutes(self.client, load_catalogue(), self._principal) for _ in range(2))
        servers = [httpx.ASGITransport(Starlette(routes=door.routes())) for door in (self.door, other)]
        self.https = [httpx.AsyncClient(transport=one, base_url="http://hub/v1/sandbox") for one in servers]

    async def _principal(self, _: HTTPConnection) -> Principal | None:
        return self._who.get()

    async def ask(
        self, who: Principal | None, method: str, path: str, through: int = 0, **more: object
    ) -> httpx.Response:
        """A request of somebody's. Args: through = the first or the second of two web processes."""
        token = self._who.set(who)
        try:
            return await self.https[through].request(method, path, **more)  # type: ignore[arg-type]
        finally:
            self._who.reset(token)

    async def close(self) -> None:
        await self.houses.close_all()
        self.tenants.close()


@pytest.fixture(scope="module")
async def sandbox(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Sandbox]:
    made = Sandbox(tmp_path_factory.mktemp("sandbox"))
    yield made
    await made.close()
