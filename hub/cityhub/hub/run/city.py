"""The simulated city, on loopback only: partners' systems in their own formats."""

from __future__ import annotations

import asyncio
from contextlib import AsyncExitStack
from datetime import UTC, datetime

from cityhub.bus.pause import pause
from cityhub.bus.vitals import Vitals
from cityhub.hub.run.serving import serve
from cityhub.hub.secrets import Secrets
from cityhub.hub.settings import Settings
from cityhub.hub.sources import drop_folder
from cityhub.sandbox.city.app import create_city
from cityhub.sandbox.city.chronicle import Chronicle
from cityhub.sandbox.city.lines import line_server
from cityhub.sandbox.city.mqtt.broker import Broker
from cityhub.sandbox.city.served import SERVED, City

_DROP_S = 10.0


async def run(settings: Settings, secrets: Secrets, stop: asyncio.Event, vitals: Vitals) -> None:
    """Answer polls, publish, send lines and put files until `stop` is set."""
    app = create_city(settings.city_seed, _now, settings.city_backfill_hours)
    vitals.begin()
    dropping = asyncio.create_task(_drop(settings, stop))
    broker = Broker(_city(settings), SERVED, settings.data / "city-mqtt.json")
    async with AsyncExitStack() as stack:
        await stack.enter_async_context(broker.serve("127.0.0.1", settings.city_mqtt_port))
        for one in SERVED:
            if one.send:
                server = line_server(_city(settings), one.send, "127.0.0.1", settings.city_ais_port)
                await stack.enter_async_context(server)
        await serve(app, host="127.0.0.1", port=settings.city_port, stop=stop)
    await dropping


def _city(settings: Settings) -> City:
    return City(Chronicle(settings.city_seed), _now, settings.city_seed)


async def _drop(settings: Settings, stop: asyncio.Event) -> None:
    """Put files where partners that send files put them."""
    city = _city(settings)
    while not stop.is_set():
        for one in SERVED:
            if one.drop:
                folder = drop_folder(settings) / one.feed
                folder.mkdir(parents=True, exist_ok=True)
                await asyncio.to_thread(one.drop, city, folder)
        await pause(stop, _DROP_S)


def _now() -> datetime:
    return datetime.now(UTC)
