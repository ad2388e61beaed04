"""The bookkeeper keeps the ledger, what became of every event that came in, and observes how the sources are doing."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from datetime import datetime

from structlog import get_logger

from cityhub.adapters.catalogue import answered
from cityhub.adapters.errors import StateUnavailable
from cityhub.adapters.kit.status import AdapterStatusReader
from cityhub.bus.vitals import KEEPING, Vitals
from cityhub.hub.access import kafka_access
from cityhub.hub.secrets import Secrets
from cityhub.hub.settings import Settings
from cityhub.hub.signs import note
from cityhub.kpi.definition import load_catalogue
from cityhub.kpi.ledger import follower

log = get_logger()


async def run(settings: Settings, secrets: Secrets, stop: asyncio.Event, vitals: Vitals) -> None:
    """Keep it until `stop` is set."""
    access = kafka_access(settings, secrets)
    catalogue, status = load_catalogue(), AdapterStatusReader(settings.data / "adapters.db")

    def alive() -> None:
        note(settings.data, "bookkeeper")
        vitals.well(KEEPING)

    def answers() -> Mapping[str, datetime]:
        try:
            feeds = status.all()
        except StateUnavailable as error:
            log.warning("feeds_unknown", error=str(error), remedy="their sources are judged by their events alone")
            return {}
        return answered(feeds)

    await follower.serve(access, settings.store, stop, catalogue=catalogue, vitals=vitals, alive=alive, answers=answers)
