"""A source that sends lines over TCP to whoever is connected, such as an AIS receiver.

Nothing can be asked for again: what is sent while nobody listens is lost, and what was read but not kept when the
process ends, too. A mapping therefore remembers what it must not forget, and bears to hear a line twice.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Sequence
from datetime import datetime
from typing import TypeAlias
from urllib.parse import urlsplit

from msgspec.structs import replace

from cityhub.adapters.errors import FeedFault
from cityhub.adapters.kit.adapter import Adapter, Known, Link, Tools
from cityhub.adapters.kit.fact import Reading
from cityhub.adapters.kit.source import Source

MAX_LINE = 1024
"""Bytes; what goes on is cut there, so that its reader refuses it."""
BATCH = 500
_LISTEN_S = 1.0
_CONNECT_S = 5.0
_CHUNK = 16_384
ReadLines: TypeAlias = Callable[[Sequence[bytes], Known, datetime], Reading]
"""What lines say: without their ends, none empty; what is known, the adapter's clock. It raises nothing. It runs in a
thread, so that a flood holds up nobody else."""


class LinesAdapter(Adapter):
    """Stays connected from one question to the next; an answer is what arrives while it listens.

    Args:
        link: its address is `tcp://host:port`. read: the mapping.
    """

    def __init__(self, source: Source, link: Link, tools: Tools, *, read: ReadLines) -> None:
        self._source = source
        self._url = urlsplit(link.url)
        self._clock = tools.clock
        self._read = read
        self._streams: tuple[asyncio.StreamReader, asyncio.StreamWriter] | None = None
        self._splitter = Splitter()
        self._waiting: list[bytes] = []
        self._heard = False

    @property
    def source(self) -> Source:
        return self._source

    async def ask(self, known: Known) -> Reading:
        if self._streams is None and not self._waiting:
            await self._connect()
        ended = await self._listen()
        if ended:
            await self._disconnect()
            if not self._heard:
                raise FeedFault("incomplete", f"{self._url.netloc} closed the connection without a line")
        lines, self._waiting = self._waiting[:BATCH], self._waiting[BATCH:]
        more = bool(self._waiting) or (len(lines) == BATCH and not ended)
        reading = await asyncio.to_thread(self._read, lines, known, self._clock())
        return replace(reading, more=more)

    async def close(self) -> None:
        await self._disconnect()

    async def _listen(self) -> bool:
        """Until a batch is there or it is quiet.

        Returns:
            True when the partner has ended the connection.
        """
        if self._streams is None:
            return False
        try:
            async with asyncio.timeout(_LISTEN_S):
                while len(self._waiting) < BATCH:
                    chunk = await self._streams[0].read(_CHUNK)
                    self._keep(self._splitter.feed(chunk) if chunk else self._splitter.rest())
                    if not chunk:
                        return True
        except TimeoutError:
            return False
        except OSError:
            return True
        return False

    def _keep(self, lines: Sequence[bytes]) -> None:
        self._waiting += lines
        self._heard = self._heard or bool(lines)

    async def _connect(self) -> None:
        self._splitter, self._heard = Splitter(), False
        try:
            async with asyncio.timeout(_CONNECT_S):
                self._streams = await asyncio.open_connection(self._url.hostname, self._url.port)
        except (OSError, TimeoutError) as error:
            why = str(error) or f"no answer within {_CONNECT_S:g} s"
            raise FeedFault("unreachable", f"{self._url.netloc} cannot be reached: {why}") from error

    async def _disconnect(self) -> None:
        if self._streams is not None:
            writer = self._streams[1]
            self._streams = None
            writer.close()
            await asyncio.gather(writer.wait_closed(), return_exceptions=True)


class Splitter:
    """Bytes as lines, however they are cut; never more in memory than a chunk and a line."""

    def __init__(self) -> None:
        self._begun = b""

    def feed(self, chunk: bytes) -> list[bytes]:
        """The lines that a chunk completes."""
        *whole, begun = (self._begun + chunk).split(b"\n")
        self._begun = begun[: MAX_LINE + 1]
        return self._clean(whole)

    def rest(self) -> list[bytes]:
        """What no end of a line has followed."""
        begun, self._begun = self._begun, b""
        return self._clean([begun])

    @staticmethod
    def _clean(lines: Sequence[bytes]) -> list[bytes]:
        return [line[: MAX_LINE + 1] for line in map(bytes.strip, lines) if line]
