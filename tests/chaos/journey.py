"""Who is there while pods are killed: a partner that sends by the door and by Kafka, and readers of streams."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import aclosing
from typing import Any, NamedTuple

import httpx
import msgspec
from websockets.asyncio.client import connect
from websockets.exceptions import WebSocketException

from cityhub.bus.errors import BusError
from cityhub.bus.publisher import RecordPublisher
from cityhub.sdk import codec
from tests.e2e.chart_hub import ChartHub
from tests.integration.faults.ledger import Book
from tests.integration.faults.traffic import Sending, Traffic, range_of

INCOMING, TOPIC = "du.in.dvv.transit", "du.evt.dvv.transit.v1"
BATCH = 100
_LATER = {429, 502, 503, 504}
_PAUSE_S = 0.5
_DAY = 'subscription { kpiValues(kpi: "M01", window: day) { start n } }'


class Place(NamedTuple):
    """Where the door said that an event stands."""

    partition: int
    offset: int


class Unknown(Exception):  # noqa: N818 - an outcome
    """It was acknowledged by the gate's topic; where it comes to stand, the gate decides."""


def identity(body: bytes) -> bytes:
    """What stays of an event on its way through a door, which adds its own attributes."""
    event: dict[str, Any] = msgspec.json.decode(body)
    return f"{event['id']} {event['contenthash']}".encode()


class Partner:
    """Sends a campaign's traffic, each request by a connection of its own; what is not acknowledged is sent again.

    Args:
        token: a new one for each request.
    """

    def __init__(self, hub: ChartHub, traffic: Traffic, book: Book, token: Callable[[], str]) -> None:
        self._hub, self._traffic, self._book, self._token = hub, traffic, book, token
        self._allowed, self._changed = 0, asyncio.Event()
        self.done = 0

    def allow(self, count: int) -> None:
        """From now on so many records may be sent."""
        self._allowed = count
        self._changed.set()

    async def send(self) -> None:
        """Everything, as it is allowed; every fifth batch as a Kafka client of its own."""
        for first in range(0, self._traffic.total, BATCH):
            while self._allowed < min(first + BATCH, self._traffic.total):
                self._changed.clear()
                await self._changed.wait()
            batch = range_of(self._traffic, first, BATCH)
            told = [one._replace(body=identity(one.body)) for one in batch]
            self._book.intend(told)
            gate = first // BATCH % 5 == 4
            self._book.outcome(told, await (self._by_kafka(batch) if gate else self._by_door(batch)))
            self.done = first + len(batch)

    async def _by_door(self, batch: Sequence[Sending]) -> Sequence[Place]:
        content = b"[" + b",".join(one.body for one in batch) + b"]"
        while True:
            try:
                async with httpx.AsyncClient(trust_env=False, timeout=60) as client:
                    token = await asyncio.to_thread(self._token)
                    headers = {"authorization": f"Bearer {token}", "content-type": codec.BATCH}
                    answer = await client.post(f"{self._hub.url}/v1/events", content=content, headers=headers)
            except httpx.TransportError:
                await asyncio.sleep(_PAUSE_S)
                continue
            if answer.status_code in _LATER:
                await asyncio.sleep(float(answer.headers.get("retry-after", _PAUSE_S)))
                continue
            assert answer.status_code == httpx.codes.ACCEPTED, answer.text
            results = answer.json()["results"]
            assert {one["status"] for one in results} == {"accepted"}, results
            return [Place(one["partition"], one["offset"]) for one in results]

    async def _by_kafka(self, batch: Sequence[Sending]) -> Sequence[Unknown]:
        records = [(one.key or b"%d" % one.seq, one.body, []) for one in batch]
        while True:
            try:
                async with RecordPublisher(self._hub.kafka, client_id="test-partner") as publisher:
                    await publisher.send(INCOMING, records)
                return [Unknown()] * len(batch)
            except BusError:
                await asyncio.sleep(_PAUSE_S)


class Reader:
    """Follows the running day's value; when a stream breaks it subscribes again, as the API's papers say.

    Attributes:
        seen: events of each day, as it was told last. begun: how often it subscribed.
        went_back: what one stream told that was less than before; another pod may be a moment behind.
    """

    def __init__(self, stream: Callable[[], AsyncIterator[dict[str, Any]]]) -> None:
        self._stream = stream
        self.seen: dict[str, int] = {}
        self.begun = 0
        self.went_back: list[str] = []

    async def follow(self) -> None:
        """Until cancelled."""
        while True:
            self.begun += 1
            self._most = dict[str, int]()
            try:
                async with aclosing(self._stream()) as told:  # type: ignore[type-var]
                    async for value in told:
                        self._take(value["start"], value["n"])
            except (httpx.TransportError, httpx.HTTPStatusError, WebSocketException, OSError, TimeoutError):
                await asyncio.sleep(_PAUSE_S)

    def _take(self, day: str, n: int) -> None:
        if n < self._most.get(day, 0):
            self.went_back.append(f"{day}: {self._most[day]}, then {n}")
        self.seen[day] = self._most[day] = n


async def events(hub: ChartHub, token: Callable[[], str]) -> AsyncIterator[dict[str, Any]]:
    """By Server-Sent Events."""
    headers = {"authorization": f"Bearer {await asyncio.to_thread(token)}", "accept": "text/event-stream"}
    quiet = httpx.Timeout(60, read=60)  # a ping comes every 15 s
    async with httpx.AsyncClient(trust_env=False, timeout=quiet) as client:
        asked = client.stream("POST", f"{hub.url}/graphql", json={"query": _DAY}, headers=headers)
        async with asked as answer:
            answer.raise_for_status()
            async for line in answer.aiter_lines():
                if line.startswith("data: "):
                    said = json.loads(line.removeprefix("data: "))
                    if not said.get("data"):
                        return  # a token that has ended, or the server ends
                    yield said["data"]["kpiValues"]


async def messages(hub: ChartHub, token: Callable[[], str]) -> AsyncIterator[dict[str, Any]]:
    """By WebSocket."""
    allowed = {"Authorization": f"Bearer {await asyncio.to_thread(token)}"}
    address = f"{hub.url.replace('http', 'ws', 1)}/graphql"
    async with connect(address, additional_headers=allowed, subprotocols=["graphql-transport-ws"]) as socket:  # type: ignore[list-item]
        await socket.send('{"type": "connection_init"}')
        await socket.recv()
        await socket.send(json.dumps({"type": "subscribe", "id": "1", "payload": {"query": _DAY}}))
        async for text in socket:
            said = json.loads(text)
            if said["type"] == "next" and said["payload"].get("data"):
                yield said["payload"]["data"]["kpiValues"]
            elif said["type"] in {"next", "error", "complete"}:
                return
