"""A tenant's key from its first day to its last, with the command line, the sandbox's service and a real Keycloak."""

from __future__ import annotations

import asyncio
import json
import threading
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import httpx
import pytest
from typer.testing import CliRunner

from cityhub.hub import cli
from cityhub.hub.identity.tenant_keys import RealmKeys
from cityhub.hub.rooms import word
from cityhub.hub.run.serving import serve
from cityhub.sandbox.rooms.houses import Houses
from cityhub.sandbox.rooms.service import Service
from cityhub.sandbox.rooms.tenants import Tenants
from cityhub.sandbox.topics.doors import KafkaDoors
from tests.integration.servers import LIMIT_S, Keycloak
from tests.unit.sandbox.topics.memory import MemoryBroker

NOW = datetime(2026, 11, 26, 9, tzinfo=UTC)
PORTS = ("port", "keycloak_port", "rooms_port")


class Rooms:
    """The sandbox's service, and the command line beside it. Attributes: now = what both take for the present."""

    def __init__(self, keycloak: Keycloak, folder: Path) -> None:
        installation = keycloak.installation
        self.keycloak, self.now, self.tenants = keycloak, NOW, Tenants(folder)
        keys = RealmKeys(installation.settings, installation.secrets)
        houses, known = Houses(self.tenants.room), word(installation.secrets)
        kafka = KafkaDoors(self.tenants, keys, MemoryBroker(), houses.ask)
        self.service = Service(self.tenants, houses, kafka, known, lambda: self.now)
        self.env = {f"CITYHUB_{name.upper()}": str(getattr(installation.settings, name)) for name in PORTS}
        self.env["CITYHUB_DATA"] = str(installation.settings.data)

    async def run(self, stop: asyncio.Event) -> None:
        port = self.keycloak.installation.settings.rooms_port
        await serve(self.service.app(), host="127.0.0.1", port=port, stop=stop)

    def said(self, *words: str) -> str:
        done = CliRunner().invoke(cli.app, ["sandbox", *words], env=self.env)
        assert done.exit_code == 0, done.output or repr(done.exception)
        return done.output

    def opens(self, secret: str) -> bool:
        form = {"client_id": "startup-sbx-laden", "client_secret": secret, "grant_type": "client_credentials"}
        return httpx.post(self.keycloak.endpoints.token, data=form, timeout=60, trust_env=False).is_success


@pytest.fixture
def rooms(keycloak: Keycloak, tmp_path: Path) -> Iterator[Rooms]:
    made, loop, stop = Rooms(keycloak, tmp_path), asyncio.new_event_loop(), asyncio.Event()
    serving = threading.Thread(target=lambda: loop.run_until_complete(made.run(stop)))
    serving.start()
    address = f"http://127.0.0.1:{keycloak.installation.settings.rooms_port}/healthz"
    try:
        with httpx.Client(transport=httpx.HTTPTransport(retries=8), timeout=LIMIT_S, trust_env=False) as http:
            assert http.get(address).is_success
        yield made
    finally:
        loop.call_soon_threadsafe(stop.set)
        serving.join(LIMIT_S)
        loop.close()
        made.tenants.close()


def test_a_key_ends_in_keycloak_when_its_time_is_over_and_another_one_opens(rooms: Rooms) -> None:
    made = json.loads(rooms.said("create", "laden", "--organisation", "startup-demo", "--key-days", "10", "--json"))
    secret = made["key"]["secret"]
    assert rooms.opens(secret)
    line = rooms.said("list").splitlines()[1].split()
    assert line == ["laden", "startup-demo", "2026-11-26", "2026-12-26", "2026-11-26", "2026-12-06", "–"]

    rooms.now = NOW + timedelta(days=4)
    assert "the key of laden ends at 2026-12-06 09:00 UTC: `cityhub sandbox rotate laden`" in rooms.said("list")
    asyncio.run(rooms.service.sweep())
    assert rooms.opens(secret)

    rooms.now = NOW + timedelta(days=10)
    asyncio.run(rooms.service.sweep())
    assert not rooms.opens(secret)
    assert "the key of laden is over" in rooms.said("list")

    said = rooms.said("rotate", "laden")
    another = said.split("secret")[1].split()[0]
    assert "the key of" not in said
    assert (rooms.opens(another), rooms.opens(secret)) == (True, False)
    rooms.said("delete", "laden")
    assert not rooms.opens(another)
