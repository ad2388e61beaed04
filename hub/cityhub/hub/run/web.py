"""Dashboard, API and log-in on one port."""

from __future__ import annotations

import asyncio

from cityhub.bus.vitals import Vitals
from cityhub.hub.secrets import Secrets
from cityhub.hub.settings import Settings
from cityhub.hub.web.serve import serve


async def run(settings: Settings, secrets: Secrets, stop: asyncio.Event, vitals: Vitals) -> None:
    """Serve until `stop` is set."""
    await serve(settings, secrets, stop, vitals)
