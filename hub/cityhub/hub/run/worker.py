"""The KPI worker: event topics into the store."""

from __future__ import annotations

import asyncio

from cityhub.hub.access import kafka_access
from cityhub.hub.secrets import Secrets
from cityhub.hub.settings import Settings
from cityhub.kpi import worker
from cityhub.kpi.definition import load_catalogue


async def run(settings: Settings, secrets: Secrets, stop: asyncio.Event) -> None:
    """Count until `stop` is set."""
    access = kafka_access(settings, secrets)
    await worker.serve(access, settings.store, stop, catalogue=load_catalogue())
