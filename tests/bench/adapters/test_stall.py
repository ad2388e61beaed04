"""How long the event loop stands still while one source has a very long answer, and another is read beside it.

Run by `make bench`. One JSON line; asserts the answers only. STALL_FACTS and STALL_LINES change the sizes.
"""

from __future__ import annotations

import asyncio
import json
import os
import time
from collections.abc import AsyncIterator, Awaitable
from contextlib import asynccontextmanager
from datetime import UTC, datetime
from pathlib import Path

import httpx

from cityhub.adapters.duisport.vessels.client import connect
from cityhub.adapters.duisport.vessels.source import DUISPORT_VESSELS
from cityhub.adapters.kit.adapter import Adapter, Known, Link, Tools
from cityhub.adapters.kit.fact import Fact, Reading
from cityhub.adapters.kit.feed import SourceFeed
from cityhub.adapters.kit.outbox import Outbox
from cityhub.adapters.kit.register import Register
from cityhub.adapters.kit.source import Source
from cityhub.adapters.wbd.bins.source import LEVEL, WBD_BINS
from tests.unit.adapters.duisport.ais import sentence
from tests.unit.adapters.journals import PSEUDONYMS

FACTS = int(os.environ.get("STALL_FACTS", "220000"))
LINES = int(os.environ.get("STALL_LINES", "20000"))
NOW = datetime(2026, 11, 26, 12, tzinfo=UTC)
TICK_S = 0.001


class Long(Adapter):
    """Has everything in one answer."""

    @property
    def source(self) -> Source:
        return WBD_BINS

    async def ask(self, known: Known) -> Reading:
        return await asyncio.to_thread(self._answer)

    @staticmethod
    def _answer() -> Reading:
        names = (f"bin-{number}" for number in range(FACTS))
        facts = [Fact(type=LEVEL, time=NOW, subject=name, key=(name,), data={"fill": 0.5}, mark=name) for name in names]
        return Reading(facts=facts, memory={fact.mark: b"0123456789abcdef" for fact in facts})


async def _longest_stall(work: Awaitable[None]) -> tuple[float, float]:
    """Seconds: of the longest time in which nobody else had a turn, and of the work."""
    longest, running = 0.0, asyncio.ensure_future(work)
    begun = before = time.monotonic()
    while not running.done():
        await asyncio.sleep(TICK_S)
        now = time.monotonic()
        longest, before = max(longest, now - before - TICK_S), now
    await running
    return longest, before - begun


@asynccontextmanager
async def _at_work(
    folder: Path, adapter: Adapter, link: Link, tools: Tools
) -> AsyncIterator[tuple[SourceFeed, Outbox]]:
    with Outbox(folder / "adapters.db") as outbox:
        feed = SourceFeed(adapter, link, outbox, Register(tools.http, "", tools.clock), tools.clock)
        try:
            yield feed, outbox
        finally:
            await feed.close()


def _tools(http: httpx.AsyncClient) -> Tools:
    return Tools(http=http, clock=lambda: NOW, pseudonyms=PSEUDONYMS)


async def test_a_long_answer(tmp_path: Path) -> None:
    async with httpx.AsyncClient() as http:
        tools, link = _tools(http), Link(url="mqtt://x", synthetic=True)
        async with _at_work(tmp_path, Long(), link, tools) as (feed, outbox):
            longest, took = await _longest_stall(_steps(feed, 1))
            assert outbox.waiting(WBD_BINS.feed) == FACTS
    _tell("facts", FACTS, longest, took)


async def test_a_flood_of_lines(tmp_path: Path) -> None:
    lines = b"\r\n".join([sentence()] * LINES) + b"\r\n"

    async def send(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writer.write(lines)
        await reader.read()
        writer.close()

    server = await asyncio.start_server(send, "127.0.0.1", 0)
    async with httpx.AsyncClient() as http:
        tools = _tools(http)
        link = Link(url=f"tcp://127.0.0.1:{server.sockets[0].getsockname()[1]}", synthetic=True)
        async with _at_work(tmp_path, connect(link, tools), link, tools) as (feed, outbox):
            longest, took = await _longest_stall(_steps(feed, LINES // 500))
            assert outbox.open(DUISPORT_VESSELS, link.url).step == LINES // 500
    server.close()
    _tell("lines", LINES, longest, took)


async def _steps(feed: SourceFeed, number: int) -> None:
    for _ in range(number):
        await feed.step()


def _tell(of: str, number: int, longest: float, took: float) -> None:
    print(json.dumps({"of": of, "number": number, "longest_stall_ms": round(longest * 1000), "took_s": round(took, 2)}))
