"""Running one of the hub's own processes until it is told to end."""

from __future__ import annotations

import asyncio
import signal
from collections.abc import Awaitable, Callable
from importlib import import_module
from typing import TypeAlias

from cityhub.bus.vitals import Vitals
from cityhub.hub import logging
from cityhub.hub.secrets import Secrets, load
from cityhub.hub.settings import Settings

PROCESSES = {
    "realm": "keeps partners' rights, and the embedded Keycloak's realm and keys, up to date",
    "topics": "make sure that topics exist, then end",
    "worker": "counts events into KPIs",
    "publisher": "publishes changed KPI values",
    "gate": "passes on what partners write with their own Kafka clients",
    "bookkeeper": "keeps the ledger: what became of every event that came in, and how its source is doing",
    "archive": "keeps every counted event in Parquet files",
    "city": "the simulated city's feeds",
    "adapters": "reads the partners' feeds",
    "rooms": "startups' rooms in the sandbox",
    "web": "dashboard, API and log-in",
}
"""Each is the module of that name here; its `run` is a `Main`."""

Main: TypeAlias = Callable[[Settings, Secrets, asyncio.Event, Vitals], Awaitable[None]]
"""Works until the event is set, and notes how it goes."""


def run(name: str, settings: Settings) -> None:
    """Run a process of `PROCESSES`; SIGTERM and Ctrl-C let it finish what it does."""
    logging.configure(settings.log_level, process=name)
    main: Main = import_module(f"cityhub.hub.run.{name}").run
    asyncio.run(_until_signalled(name, main, settings, load(settings.data)))


async def _until_signalled(name: str, main: Main, settings: Settings, secrets: Secrets) -> None:
    stop = asyncio.Event()
    for sent in (signal.SIGINT, signal.SIGTERM):
        asyncio.get_running_loop().add_signal_handler(sent, stop.set)
    vitals = Vitals()
    if not settings.probe_port:
        await main(settings, secrets, stop, vitals)
        return
    from cityhub.hub.run.probed import probed

    async with probed(name, settings, secrets, vitals):
        await main(settings, secrets, stop, vitals)
