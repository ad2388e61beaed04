"""The realm of the embedded Keycloak as its file says, what partners were granted, and the realm's keys for Kafka."""

from __future__ import annotations

import asyncio
from contextlib import suppress

from cityhub.bus.vitals import Vitals
from cityhub.hub import acl
from cityhub.hub.access import kafka_access, realm
from cityhub.hub.embedded import kafka, partner_keys
from cityhub.hub.identity import partners, provision
from cityhub.hub.identity.administration import may_administer
from cityhub.hub.secrets import Secrets
from cityhub.hub.settings import Settings


async def run(settings: Settings, secrets: Secrets, stop: asyncio.Event, vitals: Vitals) -> None:
    """Correct the realm and partners' rights once, then pass new keys on until `stop` is set.

    The realm of an external Keycloak is its administrator's; without the hub's client there, partners' rights are what
    every installation has.
    """
    if not settings.keycloak_url:
        await asyncio.to_thread(provision.reconcile, settings, secrets)
    await asyncio.to_thread(rights, settings, secrets)
    vitals.begin()
    if settings.kafka_bootstrap:
        await stop.wait()
    else:
        passing_on = asyncio.create_task(partner_keys.mirror(realm(settings).certs, kafka.keys_file(settings)))
        await asyncio.wait([passing_on, asyncio.create_task(stop.wait())], return_when=asyncio.FIRST_COMPLETED)
        passing_on.cancel()
        with suppress(asyncio.CancelledError):
            await passing_on


def rights(settings: Settings, secrets: Secrets) -> None:
    """Bring clients and Kafka up to what the realm grants."""
    if may_administer(settings):
        partners.mend(settings, secrets)
    else:
        acl.ensure(kafka_access(settings, secrets))
