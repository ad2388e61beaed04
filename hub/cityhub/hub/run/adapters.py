"""The adapters: partners' feeds to event topics."""

from __future__ import annotations

import asyncio
import random
from datetime import UTC, datetime

import httpx
import structlog

from cityhub.adapters.catalogue import ADAPTERS
from cityhub.adapters.city.order_office.inbox import Dispatcher, Inbox
from cityhub.adapters.dvv.transit.feed import run_transit
from cityhub.adapters.kit.adapter import Tools
from cityhub.adapters.kit.feed import SourceFeed
from cityhub.adapters.kit.outbox import Outbox
from cityhub.adapters.kit.polling import Pace, Publisher, run_feed
from cityhub.adapters.kit.pseudonym import Pseudonyms
from cityhub.adapters.kit.register import Register
from cityhub.bus.errors import BusError
from cityhub.bus.log_reader import LogReader
from cityhub.bus.pause import pause
from cityhub.bus.publisher import EventPublisher
from cityhub.bus.vitals import Vitals
from cityhub.hub.access import kafka_access
from cityhub.hub.secrets import Secrets
from cityhub.hub.settings import Settings
from cityhub.hub.sources import Place, control_centre, inbox, places

_RETRY_S = 5.0
_log = structlog.get_logger()


async def run(settings: Settings, secrets: Secrets, stop: asyncio.Event, vitals: Vitals) -> None:
    """Read all feeds until `stop` is set.

    Raises:
        Misconfigured: the file of the sources is wrong. StateUnavailable: adapters.db cannot be used.
    """
    wanted, path = places(settings), settings.data / "adapters.db"
    async with (
        EventPublisher(kafka_access(settings, secrets), client_id="cityhub-adapters") as publisher,
        httpx.AsyncClient(trust_env=False, headers={"user-agent": "cityhub"}) as http,
    ):
        with Outbox(path) as outbox:
            tools = Tools(http=http, clock=_now, pseudonyms=Pseudonyms(secrets.pseudonym_key.encode()))
            register = Register(http, settings.register_url, _now)
            vitals.begin()
            async with asyncio.TaskGroup() as group:
                if settings.transit_url:
                    transit = run_transit(
                        path=path,
                        centre=control_centre(settings),
                        publisher=publisher,
                        clock=_now,
                        stop=stop,
                        poll_s=settings.poll_s,
                    )
                    group.create_task(transit)
                if alerts := inbox(settings):
                    group.create_task(_dispatch(settings, secrets, alerts, http, stop))
                for place in wanted:
                    group.create_task(_read(place, tools, outbox, register, publisher, stop))


async def _dispatch(
    settings: Settings, secrets: Secrets, alerts: Inbox, http: httpx.AsyncClient, stop: asyncio.Event
) -> None:
    while not stop.is_set():
        try:
            async with LogReader(kafka_access(settings, secrets), client_id="cityhub-alerts") as records:
                await Dispatcher(records, http, alerts, settings.data / "alerts.json", _now).run(stop)
        except BusError as error:
            _log.warning("alerts_not_read", error=str(error), retry_s=_RETRY_S)
            await pause(stop, _RETRY_S)


async def _read(  # noqa: PLR0917 - made in one place
    place: Place, tools: Tools, outbox: Outbox, register: Register, publisher: Publisher, stop: asyncio.Event
) -> None:
    _, connect = ADAPTERS[place.source.feed]
    feed = SourceFeed(connect(place.link, tools), place.link, outbox, register, tools.clock)
    pace = Pace(every_s=place.every_s, jitter=random.SystemRandom().random)
    try:
        await run_feed(feed, outbox, publisher, pace=pace, clock=tools.clock, stop=stop)
    finally:
        await feed.close()


def _now() -> datetime:
    return datetime.now(UTC)
