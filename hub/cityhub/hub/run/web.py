"""Dashboard, API and log-in on one port."""

from __future__ import annotations

import asyncio

from cityhub.hub.secrets import Secrets
from cityhub.hub.settings import Settings
from cityhub.hub.web.serve import serve


async def run(settings: Settings, secrets: Secrets, stop: asyncio.Event) -> None:
    """Serve until `stop` is set."""
    await serve(settings, secrets, stop)
