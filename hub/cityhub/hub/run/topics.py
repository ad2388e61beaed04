"""The topics: made sure of at every start, then this process ends."""

from __future__ import annotations

import asyncio

from cityhub.bus import topics
from cityhub.bus.topics import TopicSpec
from cityhub.bus.vitals import Vitals
from cityhub.hub.access import kafka_access
from cityhub.hub.secrets import Secrets
from cityhub.hub.settings import Settings
from cityhub.sdk.contract import load_contracts


async def run(settings: Settings, secrets: Secrets, _: asyncio.Event, vitals: Vitals) -> None:
    """Ensure them; who may write them is the process `realm`'s."""
    await asyncio.to_thread(topics.ensure, kafka_access(settings, secrets), wanted())
    vitals.begin()


def wanted() -> list[TopicSpec]:
    """A topic per stream that has a contract, and what goes with it."""
    contracts = load_contracts().values()
    partners = sorted({contract.partner for contract in contracts})
    return [
        *(topics.event_log(topic) for topic in sorted({contract.topic for contract in contracts})),
        *(topics.dead_letters(partner) for partner in partners),
        topics.quarantine("dvv", "transit"),
        topics.quarantine("wbd", "bin"),
        topics.values(),
        topics.clock(),
        topics.audit(),
    ]
