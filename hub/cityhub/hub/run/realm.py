"""The realm of the embedded Keycloak as its file says, what partners were granted in it, and its keys for Kafka."""

from __future__ import annotations

import asyncio
from contextlib import suppress

from cityhub.bus.vitals import Vitals
from cityhub.hub.access import kafka_access, realm
from cityhub.hub.embedded import kafka, partner_keys
from cityhub.hub.identity import partners, provision
from cityhub.hub.secrets import Secrets
from cityhub.hub.settings import Settings


async def run(settings: Settings, secrets: Secrets, stop: asyncio.Event, vitals: Vitals) -> None:
    """Correct the realm and partners' rights once, then pass new keys on until `stop` is set.

    An external Keycloak is left alone, and Kafka where both are external.
    """
    if not settings.keycloak_url:
        await asyncio.to_thread(provision.reconcile, settings, secrets)
        await asyncio.to_thread(rights, settings, secrets)
    vitals.begin()
    if not settings.kafka_bootstrap:
        passing_on = asyncio.create_task(partner_keys.mirror(realm(settings).certs, kafka.keys_file(settings)))
        await asyncio.wait([passing_on, asyncio.create_task(stop.wait())], return_when=asyncio.FIRST_COMPLETED)
        passing_on.cancel()
        with suppress(asyncio.CancelledError):
            await passing_on


def rights(settings: Settings, secrets: Secrets) -> None:
    """Bring Kafka up to what the realm grants, a partner at a time."""
    access = kafka_access(settings, secrets)
    for grant in partners.grants(settings, secrets):
        partners.enforce(access, grant)
