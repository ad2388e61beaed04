"""The bookkeeper keeps the ledger, what became of every event that came in, and observes how the sources are doing.

It is beside the adapters: what their database says of the feeds it copies into the store, where other machines read it.
"""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from contextlib import closing
from datetime import UTC, datetime

from structlog import get_logger

from cityhub.adapters.catalogue import answered
from cityhub.adapters.errors import StateUnavailable
from cityhub.adapters.kit.status import AdapterStatusReader
from cityhub.adapters.tabular.form import shipped
from cityhub.bus.pause import pause
from cityhub.bus.vitals import KEEPING, Vitals
from cityhub.hub.access import kafka_access
from cityhub.hub.feeds import LOOK_S, FeedCopy
from cityhub.hub.secrets import Secrets
from cityhub.hub.settings import Settings
from cityhub.hub.signs import note
from cityhub.kpi.definition import load_catalogue
from cityhub.kpi.errors import StoreUnavailable
from cityhub.kpi.ledger import follower
from cityhub.kpi.store.database import Database

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

    with closing(Database(settings.store)) as database:
        tables = frozenset(form.feed for form in shipped())
        copying = asyncio.create_task(copy_feeds(FeedCopy(status, database, tables, _now), stop))
        copying.add_done_callback(lambda _: stop.set())  # the process starts anew where a fault has ended it
        try:
            await follower.serve(
                access, settings.store, stop, catalogue=catalogue, vitals=vitals, alive=alive, answers=answers
            )
        finally:
            stop.set()
            await copying


async def copy_feeds(copy: FeedCopy, stop: asyncio.Event) -> None:
    """Look again and again until `stop` is set; what is missed is copied by a later look, and shows as not seen."""
    while not stop.is_set():
        try:
            await asyncio.to_thread(copy.look)
        except (StateUnavailable, StoreUnavailable) as error:
            log.warning("feeds_not_copied", error=str(error), retry_s=LOOK_S)
        await pause(stop, LOOK_S)


def _now() -> datetime:
    return datetime.now(UTC)
