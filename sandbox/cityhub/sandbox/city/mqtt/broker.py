"""The simulated city's MQTT broker: tells sessions what partners publish, the past first, and goes on where they were.

It keeps no message: a session is an instant per source up to which everything was acknowledged, kept in a file, and
what comes after it is made up again. So a session that stays away for days costs nothing, and a restart loses nothing.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Iterable, Sequence
from contextlib import asynccontextmanager, suppress
from pathlib import Path

import msgspec
from structlog import get_logger

from cityhub.sandbox.city.chronicle import text
from cityhub.sandbox.city.mqtt import packet
from cityhub.sandbox.city.mqtt.packet import Connect, Kind, NotMqtt
from cityhub.sandbox.city.served.endpoint import City, Message, Push, Served

log = get_logger()
EVERY_S = 1.0
_REFUSED_VERSION = b"\0\1"
_PATIENCE = 1.5
OPENING_S = 10.0
_NUMBERS = 65_535


class Broker:
    """Args:
    served: sources; those that push are told of.
    state: file that remembers the sessions; without it each begins with the history.
    """

    def __init__(self, city: City, served: Iterable[Served], state: Path) -> None:
        self._city = city
        self._served = [one for one in served if one.push]
        self._state = state
        self._sessions = self._read()
        self._connected: dict[str, asyncio.StreamWriter] = {}
        self._tasks: set[asyncio.Task[None]] = set()

    @asynccontextmanager
    async def serve(self, host: str, port: int) -> AsyncIterator[int]:
        """Listen; gives the port."""
        server = await asyncio.start_server(self._accept, host, port)
        try:
            yield server.sockets[0].getsockname()[1]
        finally:
            server.close()
            for task in self._tasks:
                task.cancel()
            await asyncio.gather(*self._tasks, return_exceptions=True)
            await server.wait_closed()

    def has_everything(self, client: str, feed: str) -> bool:
        """Whether a session has acknowledged all that a source has told until now."""
        return self._sessions.get(client, {}).get(feed) == text(self._city.clock())

    def _accept(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        task = asyncio.create_task(self._serve(reader, writer))
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            who = await _connect(reader, writer)
            if before := self._connected.get(who.client):
                before.close()
            if who.client:
                self._connected[who.client] = writer
            await self._converse(who, reader, writer)
        except* (NotMqtt, TimeoutError, ConnectionError, asyncio.IncompleteReadError) as errors:
            log.debug("mqtt_client_gone", error=str(errors.exceptions[0]))
        finally:
            self._connected = {name: one for name, one in self._connected.items() if one is not writer}
            writer.close()

    async def _converse(self, who: Connect, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writer.write(packet.packet(Kind.CONNACK, bytes([who.client in self._sessions and not who.clean, 0])))
        if who.clean:
            self._sessions.pop(who.client, None)
            now = text(self._city.clock())
            cursors = {one.feed: now for one in self._served}
        else:
            cursors = self._sessions.setdefault(who.client, {})
        conversation = Conversation(self._city, self._served, writer, cursors)
        async with asyncio.TaskGroup() as group:
            telling = group.create_task(self._tell(conversation))
            while await conversation.answer(*await _read(reader, who.keepalive_s * _PATIENCE or None)):
                pass
            telling.cancel()

    async def _tell(self, conversation: Conversation) -> None:
        while True:
            if await conversation.tell():
                self._write()
            else:
                await conversation.pause(EVERY_S)

    def _read(self) -> dict[str, dict[str, str]]:
        try:
            return msgspec.json.decode(self._state.read_bytes(), type=dict[str, dict[str, str]])
        except FileNotFoundError:
            return {}
        except msgspec.MsgspecError as error:
            log.warning("city_state_unreadable", file=self._state.name, error=str(error), remedy="begins anew")
            return {}

    def _write(self) -> None:
        fresh = self._state.with_suffix(".new")
        fresh.write_bytes(msgspec.json.encode(self._sessions))
        fresh.replace(self._state)


class Conversation:
    """A client that is connected. Args: cursors: by feed, up to when it has everything; they are moved here."""

    def __init__(
        self, city: City, served: Sequence[Served], writer: asyncio.StreamWriter, cursors: dict[str, str]
    ) -> None:
        self._city = city
        self._served = served
        self._writer = writer
        self._cursors = cursors
        self._wanted: dict[str, int] = {}
        self._open: set[int] = set()
        self._last = 0
        self._news = asyncio.Event()

    async def answer(self, kind: int, body: bytes) -> bool:
        """What the client sent.

        Returns:
            Whether it stays.

        Raises:
            NotMqtt: it has no business to send this.
        """
        match kind:
            case Kind.SUBSCRIBE:
                number, wanted = packet.subscriptions(body)
                self._wanted |= {one: min(qos, 1) for one, qos in wanted}
                granted = bytes(min(qos, 1) for _, qos in wanted)
                self._writer.write(packet.packet(Kind.SUBACK, number.to_bytes(2) + granted))
            case Kind.PUBACK:
                self._open.discard(packet.number_of(body))
            case Kind.PINGREQ:
                self._writer.write(packet.packet(Kind.PINGRESP))
            case Kind.DISCONNECT:
                return False
            case _:
                raise NotMqtt(f"packets of type {kind} are not taken here")
        self._news.set()
        await self._writer.drain()
        return True

    async def tell(self) -> bool:
        """The next page of each source that is subscribed to, until all of it is acknowledged.

        Returns:
            Whether there was anything.
        """
        return any([await self._tell(one, one.push) for one in self._served if one.push and self._wants(one.push)])

    async def pause(self, seconds: float) -> None:
        """Until the client says something, at most so long."""
        with suppress(TimeoutError):
            async with asyncio.timeout(seconds):
                await self._said()

    async def _tell(self, one: Served, push: Push) -> bool:
        page = self._city.chronicle.page(one.streams, self._cursors.get(one.feed, ""), self._city.clock())
        if page is None:  # away for longer than the history is
            del self._cursors[one.feed]
            return True
        for message in push.render(self._city, page.items):
            self._send(message)
        await self._writer.drain()
        while self._open:
            await self._said()
        self._cursors[one.feed] = page.cursor
        return bool(page.items)

    def _send(self, message: Message) -> None:
        levels = [qos for wanted, qos in self._wanted.items() if packet.matches(wanted, message.topic)]
        if levels:
            self._last = self._last % _NUMBERS + 1
            number = self._last if max(levels) else 0
            self._open |= {number} - {0}
            self._writer.write(packet.publication(message.topic, message.payload, number))

    async def _said(self) -> None:
        self._news.clear()
        await self._news.wait()

    def _wants(self, push: Push) -> bool:
        """Whether a filter asks for something of an application: what it says of the levels that name it."""
        root = push.root.split("/")
        firsts = ("/".join(wanted.split("/")[: len(root)]) for wanted in self._wanted)
        return any(packet.matches(first, push.root) for first in firsts)


async def _connect(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> Connect:
    kind, body = await _read(reader, OPENING_S)
    if kind != Kind.CONNECT:
        raise NotMqtt(f"a client begins with a packet of type {kind}, not with CONNECT")
    who = packet.connection(body)
    if not who.spoken:
        writer.write(packet.packet(Kind.CONNACK, _REFUSED_VERSION))
        raise NotMqtt("a client speaks another version than MQTT 3.1.1")
    return who


async def _read(reader: asyncio.StreamReader, patience_s: float | None) -> tuple[int, bytes]:
    async with asyncio.timeout(patience_s):
        (first,) = await reader.readexactly(1)
        length = 0
        for place in range(4):
            (part,) = await reader.readexactly(1)
            length |= (part & 127) << 7 * place
            if part < 128:  # noqa: PLR2004 - the last one
                break
        if length > packet.LONGEST:
            raise NotMqtt(f"a client sends {length} bytes; at most {packet.LONGEST} are read")
        return first >> 4, await reader.readexactly(length)
