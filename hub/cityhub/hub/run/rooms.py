"""The rooms of the sandbox: tenants, and a process for each room that is open."""

from __future__ import annotations

import asyncio
from datetime import UTC, datetime

import structlog

from cityhub.bus.pause import pause
from cityhub.hub.identity.tenant_keys import RealmKeys
from cityhub.hub.rooms import DEMO, DEMO_ORGANISATION, released, word
from cityhub.hub.run.serving import serve
from cityhub.hub.secrets import Secrets
from cityhub.hub.settings import Settings
from cityhub.sandbox.errors import SandboxError
from cityhub.sandbox.room.archived import Past
from cityhub.sandbox.rooms.houses import Houses
from cityhub.sandbox.rooms.service import Service
from cityhub.sandbox.rooms.tenants import LONGEST_DAYS, Tenants

_SWEEP_S = 30.0
_LOOPBACK, _EVERYWHERE = "127.0.0.1", "0.0.0.0"  # noqa: S104 - in a cluster other pods ask, and the word guards
_log = structlog.get_logger()


async def run(settings: Settings, secrets: Secrets, stop: asyncio.Event) -> None:
    """Serve until `stop` is set."""
    tenants = Tenants(settings.data / "sandbox")
    houses = Houses(tenants.room, Past(archive=settings.archive, released=released(settings.releases)))
    service = Service(tenants, houses, RealmKeys(settings, secrets), word(secrets), _now)
    if settings.city:
        tenants.create(DEMO, DEMO_ORGANISATION, LONGEST_DAYS, _now())
    sweeping = asyncio.create_task(_sweep(service, stop))
    host = _LOOPBACK if settings.rooms_url.startswith(f"http://{_LOOPBACK}:") else _EVERYWHERE
    try:
        await serve(service.app(), host=host, port=settings.rooms_port, stop=stop)
        await sweeping
    finally:
        await houses.close_all()
        tenants.close()


async def _sweep(service: Service, stop: asyncio.Event) -> None:
    while not stop.is_set():
        try:
            await service.sweep()
        except SandboxError as error:
            _log.warning("sandbox_not_swept", reason=str(error))
        await pause(stop, _SWEEP_S)


def _now() -> datetime:
    return datetime.now(UTC)
