"""The simulated city as a process of its own. Arguments: data folder, its two ports, the instant at which its clock
stands, speed. The clock goes from the first line on standard input on; the end of standard input ends it."""

from __future__ import annotations

import asyncio
import sys
from contextlib import suppress
from datetime import datetime
from pathlib import Path

from cityhub.hub.run.serving import serve
from cityhub.sandbox.city.app import create_city
from cityhub.sandbox.city.chronicle import Chronicle
from cityhub.sandbox.city.mqtt import broker
from cityhub.sandbox.city.served import SERVED, City
from tests.bench.adapters.moving_clock import MovingClock

_EVERY_S = 10.0
"""Between two looks at what files are due."""


async def main(folder: Path, port: int, mqtt_port: int, clock: MovingClock) -> None:
    """Serve until standard input ends."""
    stop = asyncio.Event()
    city = City(Chronicle(clock.seed), clock, clock.seed)
    broker.EVERY_S = 1.0 / clock.speed
    _drop(city, folder)
    dropping = asyncio.create_task(_drop_on(city, folder, _EVERY_S / clock.speed))
    told = asyncio.create_task(asyncio.to_thread(_listen, clock, asyncio.get_running_loop(), stop))
    async with broker.Broker(city, SERVED, folder / "city-mqtt.json").serve("127.0.0.1", mqtt_port):
        await serve(create_city(clock.seed, clock, 1), host="127.0.0.1", port=port, stop=stop)
    dropping.cancel()
    with suppress(asyncio.CancelledError):
        await dropping
    await told


def _listen(clock: MovingClock, loop: asyncio.AbstractEventLoop, stop: asyncio.Event) -> None:
    if sys.stdin.readline():
        clock.go()
    sys.stdin.read()
    loop.call_soon_threadsafe(stop.set)


async def _drop_on(city: City, folder: Path, every_s: float) -> None:
    while True:
        await asyncio.sleep(every_s)
        await asyncio.to_thread(_drop, city, folder)


def _drop(city: City, folder: Path) -> None:
    for one in SERVED:
        if one.drop:
            (folder / "city-files" / one.feed).mkdir(parents=True, exist_ok=True)
            one.drop(city, folder / "city-files" / one.feed)


if __name__ == "__main__":
    where, http, mqtt, begin, speed = sys.argv[1:]
    asyncio.run(main(Path(where), int(http), int(mqtt), MovingClock(datetime.fromisoformat(begin), float(speed))))
