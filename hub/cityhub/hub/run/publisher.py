"""The publisher: changed windows from the store to `du.kpi.value.v1`."""

from __future__ import annotations

import asyncio

from cityhub.bus.vitals import Vitals
from cityhub.hub.access import kafka_access
from cityhub.hub.secrets import Secrets
from cityhub.hub.settings import Settings
from cityhub.kpi import publisher
from cityhub.kpi.definition import load_catalogue


async def run(settings: Settings, secrets: Secrets, stop: asyncio.Event, vitals: Vitals) -> None:
    """Publish until `stop` is set."""
    access = kafka_access(settings, secrets)
    await publisher.serve(access, settings.store, stop, catalogue=load_catalogue(), vitals=vitals)
