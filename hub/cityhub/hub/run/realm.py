"""The realm of the embedded Keycloak as its file says, and its public keys where the embedded Kafka reads them."""

from __future__ import annotations

import asyncio
from contextlib import suppress

from cityhub.hub.access import realm
from cityhub.hub.embedded import kafka, partner_keys
from cityhub.hub.identity import provision
from cityhub.hub.secrets import Secrets
from cityhub.hub.settings import Settings


async def run(settings: Settings, secrets: Secrets, stop: asyncio.Event) -> None:
    """Correct the realm once, then pass new keys on until `stop` is set. External servers are left alone."""
    if not settings.keycloak_url:
        await asyncio.to_thread(provision.reconcile, settings, secrets)
    if not settings.kafka_bootstrap:
        passing_on = asyncio.create_task(partner_keys.mirror(realm(settings).certs, kafka.keys_file(settings)))
        await asyncio.wait([passing_on, asyncio.create_task(stop.wait())], return_when=asyncio.FIRST_COMPLETED)
        passing_on.cancel()
        with suppress(asyncio.CancelledError):
            await passing_on
