"""A partner and a broker to test against."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from contextlib import asynccontextmanager
from typing import TypeAlias

from cityhub.adapters.dvv.transit.source import PREDICTED
from cityhub.bus.errors import BusUnavailable
from cityhub.bus.publisher import Outgoing
from cityhub.sdk.event import Event

Reply: TypeAlias = "bytes | Callable[[asyncio.StreamWriter], Awaitable[None]]"


class Ledger:
    """Takes events as Kafka would; refuses while `down`.

    Attributes:
        events: what vehicles did. predictions: the stops with departures ahead of time, of which there are many.
        letters: by topic, as they came.
    """

    def __init__(self) -> None:
        self.events: list[Event] = []
        self.predictions: list[Event] = []
        self.letters: list[tuple[str, Outgoing]] = []
        self.down = False
        self.attempts = 0

    async def publish(self, topic: str, events: Sequence[Event]) -> None:
        """Keep them, whole batches only."""
        self.attempts += 1
        if self.down:
            raise BusUnavailable("the broker does not answer")
        assert topic == "du.evt.dvv.transit.v1"
        for event in events:
            (self.predictions if event.type == PREDICTED else self.events).append(event)

    async def send(self, topic: str, records: Sequence[Outgoing]) -> None:
        """Keep dead letters."""
        if self.down:
            raise BusUnavailable("the broker does not answer")
        self.letters += [(topic, record) for record in records]

    @property
    def ids(self) -> set[str]:
        """Ids of what was taken."""
        return {event.id for event in self.events}


class Partner:
    """A web server that answers whatever it is told to, byte by byte.

    Attributes:
        replies: by path prefix; what is sent for a request. Others get 404.
        requests: heads of the requests, in order.
    """

    def __init__(self) -> None:
        self.url = ""
        self.replies: dict[str, Reply] = {}
        self.requests: list[str] = []

    async def answer(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        """One request per connection."""
        try:
            head = (await reader.readuntil(b"\r\n\r\n")).decode()
            self.requests.append(head)
            path = head.split(" ")[1]
            reply = next((reply for prefix, reply in self.replies.items() if path.startswith(prefix)), _head(404, 0))
            if isinstance(reply, bytes):
                writer.write(reply)
                await writer.drain()
            else:
                await reply(writer)
        except (ConnectionError, asyncio.IncompleteReadError):
            return  # the adapter hung up, as it should
        finally:
            writer.close()


def respond(body: bytes, status: int = 200, content_type: str = "application/json", **headers: str) -> bytes:
    """A whole answer; underscores in header names become hyphens."""
    return _head(status, len(body), content_type, **headers) + body


def _head(status: int, length: int, content_type: str = "text/plain", **headers: str) -> bytes:
    lines = [
        f"HTTP/1.1 {status} X",
        f"content-length: {length}",
        f"content-type: {content_type}",
        "connection: close",
        *(f"{name.replace('_', '-')}: {value}" for name, value in headers.items()),
    ]
    return ("\r\n".join(lines) + "\r\n\r\n").encode()


@asynccontextmanager
async def partner() -> AsyncIterator[Partner]:
    """A partner on a free port of this machine."""
    double = Partner()
    server = await asyncio.start_server(double.answer, "127.0.0.1", 0)
    double.url = f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}"
    try:
        yield double
    finally:
        server.close()
        await server.wait_closed()


async def until(condition: Callable[[], bool], limit_s: float = 30.0) -> None:
    """Wait for a condition, generously."""
    async with asyncio.timeout(limit_s):
        while not condition():  # noqa: ASYNC110 - what is awaited happens in a database
            await asyncio.sleep(0.005)
