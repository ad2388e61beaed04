"""The simulated city as a process of its own. Arguments: the instant at which its clock stands, and its speed; the rest
is in the environment. The clock goes from the first line on standard input on; the end of standard input ends it."""

from __future__ import annotations

import asyncio
import os
import sys
from datetime import datetime
from unittest.mock import patch

from cityhub.bus.vitals import Vitals
from cityhub.hub.run import city
from cityhub.hub.secrets import load_or_create
from cityhub.hub.settings import parse
from cityhub.sandbox.city import lines
from cityhub.sandbox.city.mqtt import broker
from tests.bench.adapters.moving_clock import MovingClock


async def main(clock: MovingClock) -> None:
    """Serve until standard input ends."""
    stop, settings = asyncio.Event(), parse(os.environ)
    heard = asyncio.create_task(asyncio.to_thread(_listen, clock, asyncio.get_running_loop(), stop))
    with (
        patch.object(city, "_now", clock),
        patch.object(city, "_DROP_S", city._DROP_S / clock.speed),
        patch.object(lines, "_EVERY_S", lines._EVERY_S / clock.speed),
        patch.object(broker, "EVERY_S", broker.EVERY_S / clock.speed),
    ):
        await city.run(settings, load_or_create(settings.data), stop, Vitals())
    await heard


def _listen(clock: MovingClock, loop: asyncio.AbstractEventLoop, stop: asyncio.Event) -> None:
    if sys.stdin.readline():
        clock.go()
    sys.stdin.read()
    loop.call_soon_threadsafe(stop.set)


if __name__ == "__main__":
    asyncio.run(main(MovingClock(datetime.fromisoformat(sys.argv[1]), float(sys.argv[2]))))
