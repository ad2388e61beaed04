"""The HTTP door over a broker in memory; its clock and its callers are the test's."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime
from typing import Any

import httpx
from msgspec.structs import replace
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from cityhub.adapters.doors.http import PUBLISHER, HttpDoor
from cityhub.adapters.doors.limits import Gauge, Limits
from cityhub.bus.publisher import Outgoing
from cityhub.sdk import codec
from cityhub.sdk.contract import load_contracts
from cityhub.sdk.event import MAX_EVENT_BYTES, Event, make_event
from cityhub.sdk.identity import content_hash
from cityhub.sdk.principal import Principal

CONTRACTS = load_contracts()
LEVEL = "de.duisburg.wbd.bin.level-observed.v1"
NOW = datetime(2026, 11, 25, 12, 0, tzinfo=UTC)
WBD = Principal(subject="s", organisation="wbd", roles=frozenset({PUBLISHER}))


class Broker:
    """Keeps what is written; `trouble` is raised instead, once."""

    def __init__(self) -> None:
        self.topics: dict[str, list[Outgoing]] = {}
        self.trouble: Exception | None = None

    async def send(self, topic: str, records: Sequence[Outgoing]) -> list[tuple[int, int]]:
        if self.trouble is not None:
            trouble, self.trouble = self.trouble, None
            raise trouble
        log = self.topics.setdefault(topic, [])
        first = len(log)
        log += records
        return [(0, first + number) for number in range(len(records))]

    def events(self, topic: str) -> list[Event]:
        return [codec.decode(value) for _, value, _ in self.topics.get(topic, [])]

    def letters(self, partner: str = "wbd") -> list[tuple[bytes, dict[str, str]]]:
        """Bytes and headers."""
        return [
            (value, {name: text.decode() for name, text in headers})
            for _, value, headers in self.topics.get(f"du.dlq.{partner}", [])
        ]


class World:
    """Attributes: caller = whose token a request has; None = none. seconds = the clock of limits."""

    def __init__(self, limits: Limits | None = None) -> None:
        self.broker = Broker()
        self.caller: Principal | None = WBD
        self.seconds = 0.0
        self.now = NOW
        gauge = Gauge(limits or Limits(), lambda: self.seconds)
        door = HttpDoor(CONTRACTS, self.broker, gauge, lambda: self.now)

        async def answer(request: Request) -> Response:
            return await door.answer(request, self.caller)

        self.app = Starlette(routes=[Route("/v1/events", answer, methods=["POST"])])

    async def post(self, body: bytes, kind: str = codec.STRUCTURED, query: str = "", **headers: str) -> httpx.Response:
        transport = httpx.ASGITransport(self.app)
        async with httpx.AsyncClient(transport=transport, base_url="http://hub") as client:
            return await client.post(f"/v1/events{query}", content=body, headers={"content-type": kind, **headers})


def event(number: int = 1, type_: str = LEVEL, **data: Any) -> Event:
    return make_event(
        type_=type_,
        source="//wbd/bins",
        natural_key=(str(number),),
        version="1",
        subject=f"bin-{number}",
        time=NOW,
        recorded_at=NOW,
        data=data or {"fill": 0.25},
    )


def largest() -> bytes:
    """As large as an event may be; keyed by its subject, as its contract wants, it is larger."""
    made = replace(event(), subject="s" * 200, partitionkey="k", correlationid="")
    hashed = content_hash(made.type, made.source, made.subject, made.time, made.data)
    made = replace(made, contenthash=hashed)
    return codec.encode(replace(made, correlationid="c" * (MAX_EVENT_BYTES - len(codec.encode(made)))))
