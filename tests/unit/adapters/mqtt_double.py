"""A broker that does what a test says, packet by packet, and an adapter that tells what it has heard."""

from __future__ import annotations

import asyncio
import ssl
from collections.abc import AsyncIterator, Awaitable, Callable, Iterable, Mapping, Sequence
from contextlib import asynccontextmanager
from datetime import UTC, datetime
from typing import TypeAlias

import httpx

from cityhub.adapters.kit.adapter import Known, Link, Tools
from cityhub.adapters.kit.fact import Reading
from cityhub.adapters.kit.mqtt_adapter import MqttAdapter
from cityhub.adapters.kit.mqtt_connection import Received
from cityhub.adapters.kit.reject import Reject
from cityhub.adapters.wbd.bins.source import WBD_BINS
from cityhub.sandbox.city.mqtt import packet
from cityhub.sandbox.city.mqtt.packet import Kind
from tests.unit.adapters.journals import PSEUDONYMS

ACCEPTED, LOG_IN_REFUSED = b"\0\0", b"\0\5"


class Peer:
    """A client that has connected. Attributes: connect: the body of its CONNECT."""

    def __init__(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.reader = reader
        self.writer = writer
        self.connect = b""

    async def read(self) -> tuple[Kind, bytes]:
        """Its next packet; they are short."""
        first, length = await self.reader.readexactly(2)
        assert length < 128
        return Kind(first >> 4), await self.reader.readexactly(length)

    async def welcome(self, code: bytes = ACCEPTED, *, granted: int = 1) -> list[str]:
        """Let it in and grant what it subscribes to; gives its filters."""
        kind, self.connect = await self.read()
        assert kind == Kind.CONNECT
        self.writer.write(packet.packet(Kind.CONNACK, code))
        kind, body = await self.read()
        assert kind == Kind.SUBSCRIBE
        number, wanted = packet.subscriptions(body)
        self.writer.write(packet.packet(Kind.SUBACK, number.to_bytes(2) + bytes([granted] * len(wanted))))
        return [one for one, _ in wanted]

    async def tell(self, payloads: Iterable[bytes], first: int = 1) -> None:
        """Messages with numbers from `first` on."""
        for number, payload in enumerate(payloads, first):
            self.writer.write(packet.publication("t/x", payload, number))
        await self.writer.drain()


Converse: TypeAlias = Callable[[Peer], Awaitable[None]]


@asynccontextmanager
async def broker(converse: Converse, tls: ssl.SSLContext | None = None) -> AsyncIterator[str]:
    """Its address. It hangs up when the conversation is over."""
    tasks: set[asyncio.Task[None]] = set()

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            await converse(Peer(reader, writer))
        except (ConnectionError, asyncio.IncompleteReadError):
            return
        finally:
            writer.close()

    def accept(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        tasks.add(asyncio.create_task(serve(reader, writer)))

    server = await asyncio.start_server(accept, "127.0.0.1", 0, ssl=tls)
    try:
        yield f"mqtt{'s' if tls else ''}://localhost:{server.sockets[0].getsockname()[1]}"
    finally:
        server.close()
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
        await server.wait_closed()


NOW = datetime(2026, 11, 26, 12, tzinfo=UTC)
NOTHING = Known("", {})


def read(messages: Sequence[Received], memory: Mapping[str, bytes], now: datetime) -> Reading:
    """Tells what came as rejects."""
    return Reading(rejects=[Reject("came", one.topic, one.payload.decode()) for one in messages])


@asynccontextmanager
async def listening(url: str, secret: str = "") -> AsyncIterator[MqttAdapter]:
    """An adapter of that address; it tells what came as rejects."""
    async with httpx.AsyncClient() as http:
        tools = Tools(http=http, clock=lambda: NOW, pseudonyms=PSEUDONYMS)
        link = Link(url=url, synthetic=True, secret=secret)
        adapter = MqttAdapter(WBD_BINS, link, tools, filters=lambda name: (f"t/{name}", "u"), read=read)
        try:
            yield adapter
        finally:
            await adapter.close()


def said(reading: Reading) -> list[str]:
    """What came."""
    return [one.detail for one in reading.rejects]
