"""The adapters: partners' feeds to event topics."""

from __future__ import annotations

import asyncio
from datetime import UTC, datetime

from cityhub.adapters.dvv.transit.feed import run_transit
from cityhub.bus.publisher import EventPublisher
from cityhub.hub.access import kafka_access
from cityhub.hub.secrets import Secrets
from cityhub.hub.settings import Settings


async def run(settings: Settings, secrets: Secrets, stop: asyncio.Event) -> None:
    """Read all feeds until `stop` is set."""
    async with EventPublisher(kafka_access(settings, secrets), client_id="cityhub-adapters") as publisher:
        await run_transit(
            path=settings.data / "adapters.db",
            base_url=settings.transit_url,
            publisher=publisher,
            clock=lambda: datetime.now(UTC),
            stop=stop,
            poll_s=settings.poll_s,
        )
