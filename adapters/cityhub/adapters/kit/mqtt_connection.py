"""One connection to a partner's broker over MQTT 3.1.1, without a thread: what is not asked for is not read.

Between two questions the kernel's buffers hold the broker back, so that a flood costs no memory here. A connection that
is lost is not mended but replaced: the broker keeps for our session what we have not acknowledged.
"""

from __future__ import annotations

import asyncio
import ssl
from collections import deque
from collections.abc import Callable, Sequence
from contextlib import suppress
from functools import partial
from typing import Any
from urllib.parse import urlsplit

import structlog
from msgspec import Struct
from paho.mqtt.client import Client, MQTTMessage, MQTTv311
from paho.mqtt.enums import CallbackAPIVersion, MQTTErrorCode
from paho.mqtt.reasoncodes import ReasonCode

from cityhub.adapters.errors import FeedFault, said
from cityhub.adapters.kit.adapter import Link

QOS = 1
DEADLINE_S = 10.0
_CONNECT_S = 5.0
_KEEPALIVE_S = 120
_PORTS = {"mqtt": 1883, "mqtts": 8883}
_log = structlog.get_logger()


class Received(Struct, frozen=True):
    """A message. Attributes: topic: "" where it is no UTF-8. number: to acknowledge it with, 0 for none."""

    topic: str
    payload: bytes
    number: int = 0


class _Closing(ssl.SSLSocket):
    """Does not stay open after a handshake that failed; paho leaves it to whoever collects garbage."""

    def do_handshake(self, block: bool = False) -> None:
        try:
            super().do_handshake(block)
        except OSError:
            self.close()
            raise


class Connection:
    """Args:
    client_id: the broker knows our session by it.
    filters: what is subscribed to, at QoS 1.
    """

    def __init__(self, link: Link, client_id: str, filters: Sequence[str]) -> None:
        self._link = link
        self._filters = filters
        self._inbox: deque[Received] = deque()
        self._fault: FeedFault | None = None
        self._subscribed = False
        self._opening: asyncio.Task[MQTTErrorCode] | None = None
        self._client = Client(
            CallbackAPIVersion.VERSION2, client_id, clean_session=False, protocol=MQTTv311, manual_ack=True
        )
        self._client.connect_timeout = _CONNECT_S
        self._client.on_connect = self._on_connect
        self._client.on_subscribe = self._on_subscribe
        self._client.on_disconnect = self._on_disconnect
        self._client.on_message = self._on_message

    @property
    def lost(self) -> bool:
        """It is of no use any more."""
        return self._fault is not None

    async def open(self) -> None:
        """Connect and subscribe.

        Raises:
            FeedFault: `unreachable`, `refused` (log-in or subscription) or `timeout`.
        """
        parts = urlsplit(self._link.url)
        if self._link.secret:
            user, _, password = self._link.secret.partition(":")
            self._client.username_pw_set(user, password or None)
        if parts.scheme == "mqtts":
            context = ssl.create_default_context()
            context.sslsocket_class = _Closing
            self._client.tls_set_context(context)
        try:
            host, port = parts.hostname or "", parts.port or _PORTS[parts.scheme]
            connecting = asyncio.to_thread(self._client.connect, host, port, _KEEPALIVE_S)
            self._opening = asyncio.create_task(connecting)
            await asyncio.shield(self._opening)
        except (OSError, ValueError) as error:
            raise FeedFault("unreachable", f"{self._link.url} cannot be reached: {said(error)}") from error
        await self._pump(lambda: self._subscribed or bool(self._inbox), DEADLINE_S)
        if self._fault:
            raise self._fault
        if not self._subscribed and not self._inbox:
            raise FeedFault("timeout", f"{self._link.url} did not answer within {DEADLINE_S:g} s")

    async def take(self, most: int, first_s: float, next_s: float) -> list[Received]:
        """Messages that are there: waits `first_s` for the first one, `next_s` for each further one.

        Raises:
            FeedFault: there is none, and the connection is lost.
        """
        await self._pump(partial(self._has_more_than, 0), first_s)
        there = 0
        while there < len(self._inbox) < most:
            there = len(self._inbox)
            await self._pump(partial(self._has_more_than, there), next_s, most)
        if not self._inbox and self._fault:
            raise self._fault
        return [self._inbox.popleft() for _ in range(min(most, len(self._inbox)))]

    def acknowledge(self, messages: Sequence[Received]) -> None:
        """Tell the broker that it may forget them."""
        for message in messages:
            if message.number:
                self._client.ack(message.number, QOS)
        self._turn()

    async def close(self) -> None:
        """Take leave; the session stays at the broker."""
        if self._opening is not None:
            with suppress(OSError, ValueError):
                await self._opening
        self._client.disconnect()
        self._turn()

    def _has_more_than(self, there: int) -> bool:
        return len(self._inbox) > there

    async def _pump(self, done: Callable[[], bool], wait_s: float, most: int = 1) -> None:
        """Read and write until `done`, at most so long; what is there already is read in any case, up to `most`."""
        loop = asyncio.get_running_loop()
        ends = loop.time() + wait_s
        while True:
            self._turn(most)
            left = ends - loop.time()
            if done() or self._fault or left <= 0:
                return
            await self._readable(min(left, _KEEPALIVE_S / 4))

    def _turn(self, most: int = 1) -> None:
        """What can be done at once. The broker sends whatever it likes, and paho refuses what is no MQTT."""
        more = True
        while more and not self._fault:
            there = len(self._inbox)
            self._client.loop_read()
            more = len(self._inbox) < most and (there < len(self._inbox) or self._decrypted())
        if self._client.want_write():
            self._client.loop_write()
        self._client.loop_misc()

    def _decrypted(self) -> bool:
        """TLS has bytes that the socket no longer tells of."""
        socket = self._client.socket()
        return isinstance(socket, ssl.SSLSocket) and socket.pending() > 0

    async def _readable(self, wait_s: float) -> None:
        loop, ready = asyncio.get_running_loop(), asyncio.Event()
        socket = self._client.socket()
        if socket is None:
            self._lose("lost the connection")
            return
        number = socket.fileno()
        loop.add_reader(number, ready.set)
        try:
            async with asyncio.timeout(wait_s):
                await ready.wait()
        except TimeoutError:
            return
        finally:
            loop.remove_reader(number)

    def _on_connect(self, client: Client, _: Any, flags: Any, code: ReasonCode, properties: Any) -> None:
        if code.is_failure:
            self._fault = FeedFault("refused", f"{self._link.url} refuses the connection: {code}")
        else:
            client.subscribe([(one, QOS) for one in self._filters])

    def _on_subscribe(self, client: Client, _: Any, mid: int, codes: list[ReasonCode], properties: Any) -> None:
        refused = [one for one, code in zip(self._filters, codes, strict=False) if code.is_failure]
        if refused:
            self._fault = FeedFault("refused", f"{self._link.url} refuses to let us subscribe to {', '.join(refused)}")
        elif any(code.value < QOS for code in codes):
            _log.warning(
                "mqtt_without_acknowledgement", url=self._link.url, remedy="what is sent while we are away is lost"
            )
        self._subscribed = True

    def _on_disconnect(self, client: Client, _: Any, flags: Any, code: ReasonCode, properties: Any) -> None:
        self._lose(f"closed the connection: {code}")

    def _lose(self, how: str) -> None:
        self._fault = self._fault or FeedFault("unreachable", f"{self._link.url} {how}")

    def _on_message(self, client: Client, _: Any, message: MQTTMessage) -> None:
        try:
            topic = message.topic
        except UnicodeDecodeError:
            topic = ""
        self._inbox.append(Received(topic, bytes(message.payload), message.mid if message.qos else 0))
