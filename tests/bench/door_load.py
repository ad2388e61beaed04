"""Load for the HTTP door: events, and a client that costs as little as one can."""

from __future__ import annotations

import asyncio
import math
import statistics
import time
from collections.abc import Iterator, Sequence
from datetime import UTC, datetime, timedelta
from typing import NamedTuple
from urllib.parse import urlsplit

from cityhub.sdk import codec
from cityhub.sdk.event import Event, make_event

TYPE, TOPIC = "de.duisburg.wbd.bin.level-observed.v1", "du.evt.wbd.bin.v1"
_BEGIN = datetime.now(UTC)


def events(first: int, count: int) -> Iterator[Event]:
    """Each another one, of ten thousand bins."""
    for number in range(first, first + count):
        yield make_event(
            type_=TYPE,
            source="//wbd/bench",
            natural_key=(_BEGIN.isoformat(), str(number)),
            version="1",
            subject=f"bin-{number % 10_000}",
            time=_BEGIN - timedelta(milliseconds=number % 3_600_000),
            recorded_at=_BEGIN,
            data={"fill": number % 100 / 100},
        )


def bodies(first: int, requests: int, batch: int) -> list[bytes]:
    """Of so many requests."""
    if batch == 1:
        return [codec.encode(one) for one in events(first, requests)]
    return [codec.encode_batch(events(first + at * batch, batch)) for at in range(requests)]


class Measured(NamedTuple):
    """Seconds for all, and of each answer in ms."""

    wall_s: float
    p50_ms: float
    p99_ms: float
    max_ms: float


class Client:
    """Kept connections to the door; bodies go out as they are, and of answers only the status is looked at."""

    def __init__(self, address: str, token: str, batch: int) -> None:
        self._host, self._port = urlsplit(address).hostname, urlsplit(address).port
        kind = codec.STRUCTURED if batch == 1 else codec.BATCH
        self._head = (
            f"POST /v1/events HTTP/1.1\r\nHost: {self._host}:{self._port}\r\nAuthorization: Bearer {token}\r\n"
            f"Content-Type: {kind}\r\nContent-Length: "
        ).encode()
        self._free: asyncio.Queue[tuple[asyncio.StreamReader, asyncio.StreamWriter]] = asyncio.Queue()
        self._all: list[asyncio.StreamWriter] = []

    async def connect(self, connections: int) -> None:
        for _ in range(connections):
            opened = await asyncio.open_connection(self._host, self._port)
            self._all.append(opened[1])
            self._free.put_nowait(opened)

    def close(self) -> None:
        for writer in self._all:
            writer.close()

    async def saturate(self, requests: Sequence[bytes]) -> Measured:
        """As fast as answers come, all connections busy."""
        left = iter(requests)
        took = list[float]()

        async def one_after_the_other() -> None:
            for body in left:
                began = time.perf_counter()
                await self._post(body)
                took.append(time.perf_counter() - began)

        began = time.perf_counter()
        await asyncio.gather(*[one_after_the_other() for _ in self._all])
        return _measured(time.perf_counter() - began, took)

    async def pace(self, requests: Sequence[bytes], every_s: float) -> Measured:
        """Each at its own time, whether or not others are answered; a late start counts as waiting."""
        began = time.perf_counter()
        took = list[float]()

        async def at(due: float, body: bytes) -> None:
            await asyncio.sleep(due - time.perf_counter())
            await self._post(body)
            took.append(time.perf_counter() - due)

        await asyncio.gather(*[at(began + number * every_s, body) for number, body in enumerate(requests)])
        return _measured(time.perf_counter() - began, took)

    async def _post(self, body: bytes) -> None:
        reader, writer = connection = await self._free.get()
        writer.write(b"%s%d\r\n\r\n%s" % (self._head, len(body), body))
        head = await reader.readuntil(b"\r\n\r\n")
        assert head.startswith(b"HTTP/1.1 202"), head
        length = next(line for line in head.lower().split(b"\r\n") if line.startswith(b"content-length:"))
        await reader.readexactly(int(length.partition(b":")[2]))
        self._free.put_nowait(connection)


def _measured(wall_s: float, took: list[float]) -> Measured:
    found = sorted(one * 1_000 for one in took)
    p99 = found[math.ceil(len(found) * 0.99) - 1]
    return Measured(round(wall_s, 3), round(statistics.median(found), 2), round(p99, 2), round(found[-1], 2))
