"""The simulated city's MQTT broker: sessions that go on where they were, and what it does not take."""

from __future__ import annotations

import asyncio
import struct
from collections.abc import AsyncIterator, Iterable, Sequence
from contextlib import asynccontextmanager, suppress
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from cityhub.sandbox.city.chronicle import Chronicle
from cityhub.sandbox.city.mqtt import broker as module
from cityhub.sandbox.city.mqtt import packet
from cityhub.sandbox.city.mqtt.broker import Broker
from cityhub.sandbox.city.mqtt.packet import Kind, NotMqtt
from cityhub.sandbox.city.served import City, Served
from cityhub.sandbox.city.served.endpoint import Message, Push
from cityhub.sandbox.city.streams.story import Told

NOW = datetime(2026, 11, 20, 11, tzinfo=UTC)
DAY = timedelta(days=1)


@pytest.fixture(autouse=True)
def impatience(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "EVERY_S", 0.01)
    monkeypatch.setattr(module, "OPENING_S", 0.5)


def render(city: City, told: Sequence[Told]) -> Iterable[Message]:
    return [Message(f"bins/mine/{one.subject}", "/".join(one.key).encode()) for one in told]


BINS = Served(feed="wbd.bins", streams=("bins",), push=Push("bins/mine", render))


class World:
    """A city whose clock a test moves."""

    def __init__(self, folder: Path) -> None:
        self.now = NOW
        self.state = folder / "city-mqtt.json"
        self.chronicle = Chronicle(7, 2 * DAY)

    @asynccontextmanager
    async def broker(self) -> AsyncIterator[int]:
        """Its port."""
        broker = Broker(City(self.chronicle, lambda: self.now, 7), [BINS], self.state)
        async with broker.serve("127.0.0.1", 0) as port:
            yield port

    def keys(self, start: datetime, end: datetime) -> list[str]:
        return ["/".join(one.key) for one in self.chronicle.between(["bins"], start, end)]


@pytest.fixture
def world(tmp_path: Path) -> World:
    return World(tmp_path)


class Client:
    """Speaks MQTT by hand."""

    def __init__(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.reader = reader
        self.writer = writer

    def send(self, kind: Kind, body: bytes = b"", flags: int = 0) -> None:
        self.writer.write(packet.packet(kind, body, flags))

    async def read(self) -> tuple[Kind, int, bytes]:
        async with asyncio.timeout(30):
            (first,), length, shift = await self.reader.readexactly(1), 0, 0
            while True:
                (part,) = await self.reader.readexactly(1)
                length, shift = length | (part & 127) << shift, shift + 7
                if part < 128:
                    return Kind(first >> 4), first & 15, await self.reader.readexactly(length)

    async def subscribe(self, wanted: str, qos: int = 1) -> int:
        """Gives what is granted."""
        self.send(Kind.SUBSCRIBE, b"\0\1" + text(wanted) + bytes([qos]), 2)
        kind, _, body = await self.read()
        assert (kind, body[:2]) == (Kind.SUBACK, b"\0\1")
        return body[2]

    async def take(self, count: int, *, acknowledge: bool = True) -> list[str]:
        """What is told, so many messages."""
        found = []
        for _ in range(count):
            kind, flags, body = await self.read()
            assert kind == Kind.PUBLISH
            at = 2 + int.from_bytes(body[:2])
            if flags & 2:
                if acknowledge:
                    self.send(Kind.PUBACK, body[at : at + 2])
                at += 2
            found.append(body[at:].decode())
        return found


@asynccontextmanager
async def client(port: int, name: str = "hub", *, clean: bool = False, level: int = 4) -> AsyncIterator[Client]:
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    one = Client(reader, writer)
    one.send(Kind.CONNECT, text("MQTT") + struct.pack("!BBH", level, 2 * clean, 60) + text(name))
    try:
        yield one
    finally:
        writer.close()
        with suppress(ConnectionError):
            await writer.wait_closed()


def text(value: str) -> bytes:
    return struct.pack("!H", len(value)) + value.encode()


async def test_a_session_is_told_the_past_first_and_then_what_happens(world: World) -> None:
    past = world.keys(NOW - 2 * DAY, NOW)
    async with world.broker() as port, client(port) as hub:
        assert (await hub.read())[2] == b"\0\0"
        assert await hub.subscribe("bins/+/#") == 1
        assert await hub.take(len(past)) == past
        world.now = NOW + DAY
        news = world.keys(NOW, world.now)
        assert await hub.take(len(news)) == news


async def test_what_was_not_acknowledged_is_told_again_also_by_a_broker_that_was_restarted(world: World) -> None:
    past = world.keys(NOW - 2 * DAY, NOW)
    async with world.broker() as port:
        async with client(port) as hub:
            await hub.read()
            await hub.subscribe("bins/#")
            first = await hub.take(300, acknowledge=False)
        async with client(port) as hub:
            assert (await hub.read())[2] == b"\1\0"
            await hub.subscribe("bins/#")
            assert await hub.take(300) == first == past[:300]
            read = 300
            while not world.state.exists():  # a page is over
                await hub.take(1)
                read += 1
    async with world.broker() as port, client(port) as hub:
        await hub.read()
        await hub.subscribe("bins/#")
        again = await hub.take(50)
        at = past.index(again[0])
        assert 300 < at <= read
        assert past[at : at + 50] == again


async def test_who_wants_a_clean_session_hears_what_happens_from_now_on(world: World) -> None:
    async with world.broker() as port, client(port, clean=True) as tool:
        await tool.read()
        assert await tool.subscribe("#", qos=0) == 0
        tool.send(Kind.PINGREQ)
        assert (await tool.read())[0] == Kind.PINGRESP
        world.now = NOW + DAY
        news = world.keys(NOW, world.now)
        assert await tool.take(len(news)) == news
    assert not world.state.exists() or b"hub" not in world.state.read_bytes()


async def test_who_stayed_away_longer_than_the_history_begins_with_it(world: World) -> None:
    async with world.broker() as port:
        async with client(port) as hub:
            await hub.read()
            await hub.subscribe("bins/#")
            await hub.take(len(world.keys(NOW - 2 * DAY, NOW)))
        world.now = NOW + 9 * DAY
        async with client(port) as hub:
            await hub.read()
            await hub.subscribe("bins/#")
            assert (await hub.take(1)) == world.keys(world.now - 2 * DAY, world.now)[:1]


async def test_only_what_is_subscribed_to_is_told(world: World) -> None:
    async with world.broker() as port, client(port) as hub:
        await hub.read()
        await hub.subscribe("bins/other/#")
        await hub.subscribe("bins/mine/bin-0007")
        mine = [key for key in world.keys(NOW - 2 * DAY, NOW) if key.startswith("bin-0007")]
        assert await hub.take(len(mine)) == mine


async def test_a_client_of_the_same_name_takes_over(world: World) -> None:
    async with world.broker() as port, client(port) as before:
        await before.read()
        async with client(port) as after:
            await after.read()
            assert await before.reader.read() == b""
            await after.subscribe("bins/#")
            await after.take(1)


async def test_an_unreadable_state_begins_anew(world: World) -> None:
    world.state.write_bytes(b"{")
    async with world.broker() as port, client(port) as hub:
        assert (await hub.read())[2] == b"\0\0"


async def test_another_version_is_refused(world: World) -> None:
    async with world.broker() as port, client(port, level=5) as hub:
        assert (await hub.read())[2] == b"\0\1"
        assert await hub.reader.read() == b""


@pytest.mark.parametrize(
    "junk",
    [
        b"GET / HTTP/1.1\r\n\r\n",
        b"\x10\x01\x00",
        b"\x10\x06\x00\x04MQTT",
        b"\x10\x0b\x00\x04MQTT\x04\x00\x00\x3c\x00",
        b"\x10\x0e\x00\x04MQTT\x04\x00\x00\x3c\x00\x02\xff\xfe",
        b"\x10\xff\xff\xff\x7f",
        b"\xc0\x00",
    ],
)
async def test_who_does_not_begin_with_connect_is_put_out(world: World, junk: bytes) -> None:
    async with world.broker() as port:
        reader, writer = await asyncio.open_connection("127.0.0.1", port)
        writer.write(junk)
        assert await reader.read() == b""
        writer.close()


@pytest.mark.parametrize(
    ("kind", "body"),
    [(Kind.PUBLISH, text("t")), (Kind.SUBSCRIBE, b"\0"), (Kind.SUBSCRIBE, b"\0\1\0\1a"), (Kind.PUBACK, b"")],
)
async def test_who_sends_what_is_not_taken_is_put_out(world: World, kind: Kind, body: bytes) -> None:
    async with world.broker() as port, client(port) as hub:
        await hub.read()
        hub.send(kind, body)
        assert await hub.reader.read() == b""


@pytest.mark.parametrize(
    ("wanted", "topic", "fits"),
    [
        ("a/b", "a/b", True),
        ("a/+/c", "a/b/c", True),
        ("a/#", "a/b/c", True),
        ("a/#", "a", True),
        ("#", "a/b", True),
        ("a/+", "a/b/c", False),
        ("a/b", "a/c", False),
        ("a/b/c", "a/b", False),
        ("+", "a/b", False),
    ],
)
def test_filters(wanted: str, topic: str, fits: bool) -> None:
    assert packet.matches(wanted, topic) is fits


@pytest.mark.parametrize("size", [0, 127, 128, 16_383, 16_384, 2_097_151, 2_097_152])
def test_lengths_of_all_sizes(size: int) -> None:
    made = packet.packet(Kind.PUBLISH, b"x" * size)
    head = made[1 : len(made) - size]
    assert sum((byte & 127) << 7 * place for place, byte in enumerate(head)) == size
    assert [byte >= 128 for byte in head] == [True] * (len(head) - 1) + [False]


def test_a_number_is_needed() -> None:
    with pytest.raises(NotMqtt, match="lacks its number"):
        packet.number_of(b"\0")
