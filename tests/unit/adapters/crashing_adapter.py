"""The adapter in a process of its own that dies at a given step; run by test_crash.py.

A line of standard input is a life, in JSON: folder, statement number of adapters.db to die at (0 = never), publication
to die after (0 = never). Its exit code is a line of standard output. Lives are forks: what they need is imported once.
"""

from __future__ import annotations

import asyncio
import json
import os
import signal
import sqlite3
import sys
import traceback
from collections.abc import Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, NoReturn
from unittest import mock

import httpx
import structlog

from cityhub.adapters.dvv.transit.feed import run_transit
from cityhub.adapters.dvv.transit.source import ControlCentre
from cityhub.adapters.kit.status import AdapterStatusReader
from cityhub.bus.publisher import Outgoing
from cityhub.sandbox.city import feed
from cityhub.sandbox.city.app import create_city
from cityhub.sandbox.city.network import build_network
from cityhub.sdk.event import Event

NOW = datetime(2026, 11, 20, 7, tzinfo=UTC)
_LONGEST_S = 120


def die() -> None:
    """As a power cut for this process: nothing is flushed or closed."""
    os.kill(os.getpid(), signal.SIGKILL)


class Countdown:
    """Dies at the n-th of something; 0 never."""

    def __init__(self, number: int) -> None:
        self._left = number

    def __call__(self, *_: object) -> None:
        self._left -= 1
        if self._left == 0:
            die()


class FileLedger:
    """A broker that keeps what it acknowledged on disk."""

    def __init__(self, path: Path, dies: Countdown) -> None:
        self._file = path.open("a", encoding="utf-8")
        self._dies = dies

    async def publish(self, topic: str, events: Sequence[Event]) -> None:
        """Written and synced before the return; the process may die between."""
        self._file.writelines(f"{event.id}\n" for event in events)
        self._file.flush()
        os.fsync(self._file.fileno())
        self._dies()

    async def send(self, topic: str, records: Sequence[Outgoing]) -> None:
        """There is nothing to refuse."""
        raise AssertionError(f"{len(records)} records to {topic}")


async def main(folder: Path, at_statement: int, at_publication: int) -> None:
    """Run until everything up to `NOW` is delivered."""
    dies, real = Countdown(at_statement), sqlite3.connect

    def connect(*args: Any, **options: Any) -> sqlite3.Connection:
        connection: sqlite3.Connection = real(*args, **options)
        if not options.get("uri"):  # the reader of the status is not part of the adapter
            connection.set_trace_callback(dies)
        return connection

    reader, stop = AdapterStatusReader(folder / "adapters.db"), asyncio.Event()
    city = create_city(7, lambda: NOW, 2, build_network()[:2])
    ledger = FileLedger(folder / "ledger.txt", Countdown(at_publication))
    with (
        mock.patch("cityhub.adapters.kit.outbox.sqlite3.connect", connect),
        mock.patch.object(feed, "PAGE_BYTES", 60_000),
    ):
        adapter = asyncio.create_task(
            run_transit(
                path=folder / "adapters.db",
                centre=ControlCentre(url="http://city"),
                publisher=ledger,
                clock=lambda: NOW,
                stop=stop,
                poll_s=0.01,
                transport=httpx.ASGITransport(city),
            )
        )
        while not (adapter.done() or any(status.checkpoint_at == NOW for status in reader.all())):  # noqa: ASYNC110 - in a database
            await asyncio.sleep(0.01)
        stop.set()
        await adapter


def live(folder: str, at_statement: int, at_publication: int) -> NoReturn:
    """All that this process does from now on."""
    signal.alarm(_LONGEST_S)
    try:
        asyncio.run(main(Path(folder), at_statement, at_publication))
    except BaseException:  # noqa: BLE001 - told here and by the exit code
        traceback.print_exc()
        os._exit(1)
    os._exit(0)


if __name__ == "__main__":
    structlog.configure(
        processors=[structlog.processors.JSONRenderer()], logger_factory=structlog.PrintLoggerFactory(sys.stderr)
    )
    for line in sys.stdin:
        if (child := os.fork()) == 0:
            live(*json.loads(line))
        _, status = os.waitpid(child, 0)
        print(os.waitstatus_to_exitcode(status), flush=True)
