"""A source that pushes over MQTT at QoS 1: a message is acknowledged to the broker once its reading is on disk.

Nothing is lost by a kill of ours: the broker keeps our session. What it sends again gives the same events again.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Mapping, Sequence
from datetime import datetime
from typing import TypeAlias, TypeVar
from urllib.parse import unquote, urlsplit

import msgspec
from msgspec.structs import replace

from cityhub.adapters.kit.adapter import Adapter, Known, Link, Tools
from cityhub.adapters.kit.fact import Reading
from cityhub.adapters.kit.mqtt_connection import Connection, Received
from cityhub.adapters.kit.reject import Reject
from cityhub.adapters.kit.source import Source

MOST = 1000
"""Messages of one reading."""
MAX_BYTES = 65_536
"""Of a message that is read."""
FIRST_S, NEXT_S = 1.0, 0.05
"""How long the first message and each further one of a reading are waited for."""
Filters: TypeAlias = Callable[[str], Sequence[str]]
"""What is subscribed to in an application, which is the path of the partner's address; "+" where it has none."""
ReadMessages: TypeAlias = Callable[[Sequence[Received], Mapping[str, bytes], datetime], Reading]
"""What messages say: in the order of their arrival, memory, the adapter's clock. A bad one is a reject, never a fault:
it would come again for ever."""
_T = TypeVar("_T")


def parse_message(message: Received, decode: Callable[[bytes], _T]) -> _T | Reject:
    """A message in JSON in its expected shape, or what is wrong with it: `too_large` or `schema`."""
    if len(message.payload) > MAX_BYTES:
        return Reject(
            "too_large", message.topic, f"{len(message.payload)} bytes; at most {MAX_BYTES} are read", message.payload
        )
    try:
        return decode(message.payload)
    except (msgspec.MsgspecError, UnicodeDecodeError, RecursionError) as error:
        what, _, where = str(error).partition(" - at `$")
        return Reject("schema", f"{message.topic}{where.rstrip('`')}", what, message.payload)


class MqttAdapter(Adapter):
    """Args:
    link: its address is `mqtt://host[:port][/application]` or `mqtts://…`, whose certificate must be valid; its secret
        is `user:password`.
    filters: what is subscribed to. read: the mapping.
    """

    def __init__(self, source: Source, link: Link, tools: Tools, *, filters: Filters, read: ReadMessages) -> None:
        self._source = source
        self._link = link
        self._clock = tools.clock
        self._filters = filters(unquote(urlsplit(link.url).path.strip("/")) or "+")
        self._read = read
        self._connection: Connection | None = None
        self._unacknowledged: Sequence[Received] = ()

    @property
    def source(self) -> Source:
        return self._source

    async def ask(self, known: Known) -> Reading:
        connection = await self._open()
        messages = await connection.take(MOST, FIRST_S, NEXT_S)
        reading = await asyncio.to_thread(self._read, messages, known.memory, self._clock())
        self._unacknowledged = messages
        read = int(known.cursor or 0) + len(messages)
        return replace(reading, cursor=str(read), more=bool(messages))

    async def kept(self) -> None:
        if self._connection is not None:
            self._connection.acknowledge(self._unacknowledged)
        self._unacknowledged = ()

    async def close(self) -> None:
        if self._connection is not None:
            await self._connection.close()
        self._connection = None

    async def _open(self) -> Connection:
        if self._connection is not None and self._connection.lost:
            await self.close()
        if self._connection is None:
            self._connection = Connection(self._link, f"cityhub-{self._source.feed}", self._filters)
            try:
                await self._connection.open()
            except BaseException:
                await self.close()
                raise
        return self._connection
