"""The topics and who may write them: made sure of at every start, then this process ends."""

from __future__ import annotations

import asyncio

from cityhub.bus import topics
from cityhub.bus.access import KafkaAccess
from cityhub.hub import acl
from cityhub.hub.access import kafka_access
from cityhub.hub.secrets import Secrets
from cityhub.hub.settings import Settings

_WANTED = (
    topics.events("dvv", "transit"),
    topics.quarantine("dvv", "transit"),
    topics.quarantine("wbd", "bins"),
    topics.dead_letters("dvv"),
    topics.values(),
)


async def run(settings: Settings, secrets: Secrets, _: asyncio.Event) -> None:
    """Ensure them."""
    await asyncio.to_thread(_ensure, kafka_access(settings, secrets))


def _ensure(access: KafkaAccess) -> None:
    topics.ensure(access, _WANTED)
    acl.ensure(access)
