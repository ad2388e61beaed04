"""The simulated city, on loopback only."""

from __future__ import annotations

import asyncio
from datetime import UTC, datetime

from cityhub.hub.run.serving import serve
from cityhub.hub.secrets import Secrets
from cityhub.hub.settings import Settings
from cityhub.sandbox.city.app import create_city


async def run(settings: Settings, _: Secrets, stop: asyncio.Event) -> None:
    """Answer polls until `stop` is set."""
    app = create_city(settings.city_seed, lambda: datetime.now(UTC), settings.city_backfill_hours)
    await serve(app, host="127.0.0.1", port=settings.city_port, stop=stop)
