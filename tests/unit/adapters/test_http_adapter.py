"""Partners over HTTP that lead elsewhere, are not who they say, or never come to an end.

Bodies that are too large or compressed are in `test_hostile_partner`.
"""

from __future__ import annotations

import asyncio
import socket
import ssl
import struct
from collections.abc import AsyncIterator, Callable, Mapping
from contextlib import asynccontextmanager, suppress
from datetime import UTC, datetime
from pathlib import Path

import httpx
import pytest

from cityhub.adapters.errors import FeedFault
from cityhub.adapters.kit.adapter import Known, Link, Tools
from cityhub.adapters.kit.download import Document, download
from cityhub.adapters.kit.fact import Fact, Reading
from cityhub.adapters.kit.feed import SourceFeed
from cityhub.adapters.kit.http_adapter import HttpAdapter, Question
from cityhub.adapters.kit.outbox import Outbox
from cityhub.adapters.kit.register import Register
from cityhub.adapters.wbd.emptyings.source import EMPTIED, WBD_EMPTYINGS
from tests.unit.adapters.doubles import Partner, partner, respond
from tests.unit.adapters.journals import PSEUDONYMS
from tests.unit.adapters.test_mqtt_tls import self_signed

NOW = datetime(2026, 11, 26, 12, tzinfo=UTC)
NOTHING = Known("", {})
STEPS = 300


def read(body: bytes, memory: Mapping[str, bytes], now: datetime) -> Reading:
    """A number: one emptying, and there is more after it."""
    number = body.decode()
    fact = Fact(type=EMPTIED, time=now, subject="bin-1", key=(number,), data={})
    return Reading(facts=[fact], cursor=number, more=True)


@asynccontextmanager
async def asking(url: str, verify: ssl.SSLContext | bool = True) -> AsyncIterator[tuple[HttpAdapter, Link, Tools]]:
    """An adapter of that address."""
    async with httpx.AsyncClient(trust_env=False, verify=verify) as http:
        link = Link(url=url, synthetic=True, secret="geheim-4711")
        tools = Tools(http=http, clock=lambda: NOW, pseudonyms=PSEUDONYMS)
        yield (
            HttpAdapter(WBD_EMPTYINGS, link, tools, read=read, ask=lambda at: Question(params={"seit": at})),
            link,
            tools,
        )


@pytest.mark.parametrize("status", [301, 302, 303, 307, 308])
async def test_nobody_is_led_elsewhere(status: int) -> None:
    """Least of all to an address within: the token would go with it."""
    async with partner() as within, partner() as there, asking(there.url) as (adapter, _, _):
        within.replies["/"] = respond(b"1")
        for elsewhere in (within.url, f"{within.url.replace('http:', '')}/x", "file:///etc/passwd", "/elsewhere"):
            there.replies["/"] = respond(b"1", status, location=elsewhere)
            with pytest.raises(FeedFault, match=f"HTTP {status}") as caught:
                await adapter.ask(NOTHING)
            assert caught.value.reason == "http_status"
        assert within.requests == []
        assert [head.split(" ")[1] for head in there.requests] == ["/?seit="] * 4


async def test_who_cannot_prove_who_they_are_is_told_nothing(tmp_path: Path) -> None:
    tls = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    certificate = self_signed(tmp_path)
    tls.load_cert_chain(certificate)
    there = Partner()
    there.replies["/"] = respond(b"1")
    server = await asyncio.start_server(there.answer, "127.0.0.1", 0, ssl=tls)
    url = f"https://localhost:{server.sockets[0].getsockname()[1]}"
    try:
        async with asking(url) as (adapter, _, _):
            with pytest.raises(FeedFault, match="CERTIFICATE_VERIFY_FAILED") as caught:
                await adapter.ask(NOTHING)
        assert caught.value.reason == "unreachable"
        assert there.requests == []
        async with asking(url, ssl.create_default_context(cafile=certificate)) as (adapter, _, _):
            assert len((await adapter.ask(NOTHING)).facts) == 1
    finally:
        server.close()
        await server.wait_closed()


async def test_pages_without_end_are_kept_one_by_one_and_nothing_grows(tmp_path: Path) -> None:
    pages = 0

    async def next_page(writer: asyncio.StreamWriter) -> None:
        nonlocal pages
        pages += 1
        writer.write(respond(str(pages).encode()))
        await writer.drain()

    sizes: set[int] = set()
    async with partner() as there, asking(there.url) as (adapter, link, tools):
        there.replies["/"] = next_page
        with Outbox(tmp_path / "adapters.db") as outbox:
            feed = SourceFeed(adapter, link, outbox, Register(tools.http, "", tools.clock), tools.clock)
            for number in range(1, STEPS + 1):
                assert await feed.step()
                kept = outbox.open(WBD_EMPTYINGS, link.url)
                assert (kept.step, kept.memory, outbox.waiting(WBD_EMPTYINGS.feed)) == (number, {}, 1)
                last, _ = outbox.oldest(WBD_EMPTYINGS.feed, 10)
                outbox.acknowledge(WBD_EMPTYINGS.feed, last)
                sizes.add(len(kept.position))
    assert sizes == {len(kept.position) - digits for digits in range(3)}
    asked = [head.split(" ")[1] for head in there.requests]
    assert asked == ["/?seit=", *(f"/?seit={number}" for number in range(1, STEPS))]


class Keeping:
    """A partner that keeps connections and leaves the second question over each without an answer.

    Attributes:
        questions: over each connection, in the order of their opening. spoilt: connections that get no answer at all.
    """

    def __init__(self, end: Callable[[asyncio.StreamWriter], None], spoilt: range = range(0)) -> None:
        self.questions: list[int] = []
        self._end = end
        self._spoilt = spoilt

    async def answer(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        number = len(self.questions)
        self.questions.append(0)
        with suppress(asyncio.IncompleteReadError, ConnectionError):
            while True:
                head = (await reader.readuntil(b"\r\n\r\n")).decode().lower()
                length = head.partition("content-length: ")[2].partition("\r")[0]
                await reader.readexactly(int(length or 0))
                self.questions[number] += 1
                if number in self._spoilt or self.questions[number] > 1:
                    break
                writer.write(respond(b"1").replace(b"connection: close\r\n", b""))
        self._end(writer)


def hang_up(writer: asyncio.StreamWriter) -> None:
    writer.close()


def reset(writer: asyncio.StreamWriter) -> None:
    lingering = struct.pack("ii", 1, 0)
    writer.get_extra_info("socket").setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, lingering)
    writer.transport.abort()


@asynccontextmanager
async def keeping(double: Keeping) -> AsyncIterator[str]:
    server = await asyncio.start_server(double.answer, "127.0.0.1", 0)
    try:
        yield f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}"
    finally:
        server.close()
        await server.wait_closed()


@pytest.mark.parametrize("end", [hang_up, reset])
@pytest.mark.parametrize("posted", [b"", b'{"query": "{ n }"}'])
async def test_a_kept_connection_that_is_closed_costs_nothing(
    posted: bytes, end: Callable[[asyncio.StreamWriter], None]
) -> None:
    there = Keeping(end)
    async with keeping(there) as url, httpx.AsyncClient(trust_env=False) as http:
        for _ in range(3):
            got = await download(http, url, params={}, etag=None, posted=posted)
            assert isinstance(got, Document)
            assert got.body == b"1"
    assert there.questions == [2, 2, 1]


@pytest.mark.parametrize("end", [hang_up, reset])
async def test_a_new_connection_that_gives_no_answer_is_a_fault_that_says_why(
    end: Callable[[asyncio.StreamWriter], None],
) -> None:
    there = Keeping(end, spoilt=range(9))
    async with keeping(there) as url, asking(url) as (adapter, _, _):
        with pytest.raises(FeedFault, match=r"(ReadError|disconnected without sending a response)\.?$") as caught:
            await adapter.ask(NOTHING)
        assert caught.value.reason in {"incomplete", "unreachable"}
    assert there.questions == [1]


async def test_several_kept_connections_may_be_closed_at_once() -> None:
    there = Keeping(hang_up, spoilt=range(2, 3))
    async with keeping(there) as url, httpx.AsyncClient(trust_env=False) as http:
        both = (download(http, url, params={}, etag=None) for _ in range(2))
        assert all(isinstance(got, Document) for got in await asyncio.gather(*both))
        with pytest.raises(FeedFault, match="without sending a response"):
            await download(http, url, params={}, etag=None)
    assert there.questions == [2, 2, 1]
