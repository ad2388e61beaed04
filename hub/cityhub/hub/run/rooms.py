"""The rooms of the sandbox: tenants, and a process for each room that is open."""

from __future__ import annotations

import asyncio
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime

import structlog

from cityhub.bus.pause import pause
from cityhub.bus.vitals import Vitals
from cityhub.hub.access import kafka_access
from cityhub.hub.identity.tenant_keys import RealmKeys
from cityhub.hub.rooms import DEMO, DEMO_ORGANISATION, released, word
from cityhub.hub.run.serving import serve
from cityhub.hub.secrets import Secrets
from cityhub.hub.settings import Settings
from cityhub.hub.tenant_topics import HubBroker
from cityhub.sandbox.errors import SandboxError
from cityhub.sandbox.room.archived import Past
from cityhub.sandbox.rooms.houses import Houses
from cityhub.sandbox.rooms.service import Service
from cityhub.sandbox.rooms.tenants import LONGEST_DAYS, Tenants
from cityhub.sandbox.topics.doors import KafkaDoors

_SWEEP_S = 30.0
_THREADS = 64
"""Each waits for one room or one answer of Kafka; busy rooms shall not take them from others."""
_LOOPBACK, _EVERYWHERE = "127.0.0.1", "0.0.0.0"  # noqa: S104 - in a cluster other pods ask, and the word guards
_log = structlog.get_logger()


async def run(settings: Settings, secrets: Secrets, stop: asyncio.Event, vitals: Vitals) -> None:
    """Serve until `stop` is set."""
    vitals.begin()
    tenants = Tenants(settings.data / "sandbox")
    houses = Houses(tenants.room, Past(archive=settings.archive, released=released(settings.releases)))
    broker = HubBroker(settings, kafka_access(settings, secrets))
    kafka = KafkaDoors(tenants, RealmKeys(settings, secrets), broker, houses.ask)
    service = Service(tenants, houses, kafka, word(secrets), _now)
    asyncio.get_running_loop().set_default_executor(ThreadPoolExecutor(_THREADS))
    if settings.city:
        _demo(tenants)
    host = _LOOPBACK if settings.rooms_url.startswith(f"http://{_LOOPBACK}:") else _EVERYWHERE
    try:
        serving = serve(service.app(), host=host, port=settings.rooms_port, stop=stop)
        await asyncio.gather(serving, _sweep(service, stop), kafka.run(stop))
    finally:
        await houses.close_all()
        tenants.close()


def _demo(tenants: Tenants) -> None:
    new = tenants.find(DEMO) is None
    demo = tenants.create(DEMO, DEMO_ORGANISATION, LONGEST_DAYS, _now())
    if new:
        tenants.open_kafka(demo, wanted=True)


async def _sweep(service: Service, stop: asyncio.Event) -> None:
    while not stop.is_set():
        try:
            await service.sweep()
        except SandboxError as error:
            _log.warning("sandbox_not_swept", reason=str(error))
        await pause(stop, _SWEEP_S)


def _now() -> datetime:
    return datetime.now(UTC)
