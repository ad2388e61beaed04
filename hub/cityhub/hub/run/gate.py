"""The gate: from partners' own topics into the event topics."""

from __future__ import annotations

import asyncio

from cityhub.adapters.doors.gate import Gate
from cityhub.bus.publisher import RecordPublisher
from cityhub.bus.quarantine import GROUP, Quarantine
from cityhub.bus.vitals import PASSING, Vitals
from cityhub.hub.access import kafka_access
from cityhub.hub.secrets import Secrets
from cityhub.hub.settings import Settings
from cityhub.hub.signs import note
from cityhub.sdk.contract import load_contracts


async def run(settings: Settings, secrets: Secrets, stop: asyncio.Event, vitals: Vitals) -> None:
    """Pass on until `stop` is set."""
    access = kafka_access(settings, secrets)
    async with RecordPublisher(access, client_id=GROUP) as writer, Quarantine(access) as incoming:

        def alive() -> None:
            note(settings.data, "gate")
            vitals.well(PASSING)

        vitals.begin()
        await Gate(incoming, writer, load_contracts(), alive=alive).run(stop)
