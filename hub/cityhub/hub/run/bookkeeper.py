"""The bookkeeper keeps the ledger: what became of every event that came through a door."""

from __future__ import annotations

import asyncio
from functools import partial

from cityhub.hub.access import kafka_access
from cityhub.hub.secrets import Secrets
from cityhub.hub.settings import Settings
from cityhub.hub.signs import note
from cityhub.kpi.definition import load_catalogue
from cityhub.kpi.ledger import follower


async def run(settings: Settings, secrets: Secrets, stop: asyncio.Event) -> None:
    """Keep it until `stop` is set."""
    access, alive = kafka_access(settings, secrets), partial(note, settings.data, "bookkeeper")
    await follower.serve(access, settings.store, stop, catalogue=load_catalogue(), alive=alive)
