"""A small world for the API: two days of M01, KPIs of every audience, callers of every role, a clock to turn."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Iterator, Sequence
from contextlib import asynccontextmanager
from datetime import UTC, datetime, timedelta
from typing import Any

import httpx
import msgspec
import uvicorn
from fastapi import FastAPI
from starlette.requests import HTTPConnection

from cityhub.adapters.kit.status import FeedStatus
from cityhub.api.app import create_api
from cityhub.kpi.definition import Catalogue, KpiDefinition, load_catalogue
from cityhub.kpi.memory_reader import InMemoryReader
from cityhub.kpi.proof.service import ProofReader
from cityhub.kpi.reader import KpiReader
from cityhub.kpi.values import KpiValue, Label, StreamState, WindowKind
from cityhub.sdk.principal import Principal

NOW = datetime(2026, 11, 3, 14, 5, tzinfo=UTC)
HOUR = NOW.replace(minute=0)
FIRST = datetime(2026, 11, 1, 23, tzinfo=UTC)  # midnight of 2 November in Duisburg
LINES = ("901", "903", "U79")
EXPIRES = int(NOW.timestamp()) + 300


def catalogue() -> Catalogue:
    m01 = load_catalogue()["M01"]
    return Catalogue(
        {
            "M01": m01,
            "C01": variant(m01, "C01", field="wohnen", audience="city", owner="gebag"),
            "O01": variant(m01, "O01", field="infrastruktur", audience="owner", owner="wbd"),
        }
    )


def variant(definition: KpiDefinition, kpi_id: str, **changes: str) -> KpiDefinition:
    return msgspec.structs.replace(definition, id=kpi_id, **changes)


def value(
    start: datetime = HOUR,
    *,
    kpi: str = "M01",
    window: WindowKind = WindowKind.HOUR,
    line: str = "",
    good: int = 9,
    n: int = 10,
    revision: int = 1,
) -> KpiValue:
    span = timedelta(hours=1) if window is WindowKind.HOUR else timedelta(days=1)
    return KpiValue(
        kpi_id=kpi,
        definition_version=1,
        scope="city",
        dimensions={"line": line} if line else {},
        window=window,
        start=start,
        end=start + span,
        value=100 * good / n if n else None,
        unit="%",
        numerator=good,
        denominator=n,
        beside={"cancelled": 2},
        n=n + 2,
        synthetic_n=1 if line == "901" or not line else 0,
        digest=f"{int(start.timestamp()):032x}",
        label=Label.PROVISIONAL if start + span > NOW else Label.FINAL,
        revision=revision,
        inputs_up_to=NOW,
    )


STREAM = StreamState(
    topic="du.evt.dvv.transit.v1",
    partner="dvv",
    records=3_000_000_000,
    rejected=2,
    duplicates=5,
    newest_append=NOW - timedelta(seconds=30),
    newest_event=NOW - timedelta(seconds=45),
    synthetic=True,
)


def two_days() -> Iterator[KpiValue]:
    for hour in (FIRST + timedelta(hours=count) for count in range(40)):
        for line in ("", *LINES):
            yield value(hour, line=line, good=5 + hour.hour % 5)
    for day in (FIRST, FIRST + timedelta(days=1)):
        yield value(day, window=WindowKind.DAY, good=16, n=20)


class Wire:
    """Live values a test hands out; a reader that is not listening yet misses them, as in reality."""

    def __init__(self) -> None:
        self.readers: set[asyncio.Queue[KpiValue | None]] = set()

    async def subscribe(self, kpi_id: str | None) -> AsyncIterator[KpiValue]:
        queue: asyncio.Queue[KpiValue | None] = asyncio.Queue()
        self.readers.add(queue)
        try:
            while (item := await queue.get()) is not None:
                if kpi_id in (None, item.kpi_id):
                    yield item
        finally:
            self.readers.discard(queue)

    def publish(self, item: KpiValue | None) -> None:
        for queue in self.readers:
            queue.put_nowait(item)


def principal(role: str, organisation: str = "", expires: int = EXPIRES) -> Principal:
    roles = frozenset({role}) if role else frozenset()
    return Principal(subject=role, organisation=organisation, roles=roles, name=role, expires_at=expires)


class World:
    """The API in an app of its own; `who` asks is `<role>` or `<role>@<organisation>`."""

    def __init__(
        self,
        values: Sequence[KpiValue] | None = None,
        known: Catalogue | None = None,
        *,
        reader: KpiReader | None = None,
        proofs: ProofReader | None = None,
    ) -> None:
        self.now = NOW
        self.expires = EXPIRES
        self.reader = InMemoryReader(known or catalogue(), [STREAM])
        self.reader.put(two_days() if values is None else values)
        self.wire = Wire()
        self.feeds: list[FeedStatus] = [feed()]
        self.app = FastAPI()
        self.app.include_router(
            create_api(
                reader=reader or self.reader,
                proofs=proofs,
                live=self.wire,
                feeds=lambda: self.feeds,
                principal_of=self.principal_of,
                clock=lambda: self.now,
            )
        )

    async def principal_of(self, connection: HTTPConnection) -> Principal | None:
        scheme, _, token = connection.headers.get("authorization", "").partition(" ")
        role, _, organisation = token.partition("@")
        return principal(role, organisation, self.expires) if scheme == "Bearer" else None

    def client(self, who: str | None = "startup") -> httpx.AsyncClient:
        """A client of the app in this process; None is anonymous."""
        headers = {"Authorization": f"Bearer {who}"} if who is not None else {}
        transport = httpx.ASGITransport(self.app)
        return httpx.AsyncClient(transport=transport, base_url="http://hub", headers=headers)

    async def ask(self, query: str, who: str | None = "startup", **variables: object) -> dict[str, Any]:
        """The whole answer to a query."""
        async with self.client(who) as client:
            response = await client.post("/graphql", json={"query": query, "variables": variables})
        assert response.status_code == 200, response.text
        answer: dict[str, Any] = response.json()
        return answer

    async def data(self, query: str, who: str = "startup", **variables: object) -> dict[str, Any]:
        """The data of an answer without errors."""
        answer = await self.ask(query, who, **variables)
        assert "errors" not in answer, answer
        data = answer["data"]
        assert isinstance(data, dict)
        return data

    async def codes(self, query: str, who: str = "startup", **variables: object) -> list[str]:
        """The codes of an answer's errors."""
        errors = (await self.ask(query, who, **variables)).get("errors", [])
        assert isinstance(errors, list)
        return [error["extensions"]["code"] for error in errors]

    @asynccontextmanager
    async def served(self) -> AsyncIterator[str]:
        """Serve the app on a free port; yields `127.0.0.1:<port>`."""
        server = uvicorn.Server(uvicorn.Config(self.app, port=0, log_config=None, lifespan="off"))
        task = asyncio.create_task(server.serve())
        try:
            async with asyncio.timeout(30):
                while not server.started:  # noqa: ASYNC110 - uvicorn has no event for it
                    await asyncio.sleep(0.01)
            port = server.servers[0].sockets[0].getsockname()[1]
            yield f"127.0.0.1:{port}"
        finally:
            server.should_exit = server.force_exit = True
            await task


def feed() -> FeedStatus:
    return FeedStatus(
        feed="dvv.transit",
        partner="dvv",
        source="urn:city",
        synthetic=True,
        interval_s=30,
        succeeded_at=NOW - timedelta(seconds=12),
        data_at=NOW - timedelta(seconds=20),
        failed_at=NOW - timedelta(seconds=2),
        error="http_status: 500 from http://10.1.2.3/ist",
        delivery_error="",
        last_reject="",
        checkpoint_at=None,
        waiting=4,
        accepted={"de.duisburg.dvv.transit.stop-departed.v1": 1200},
        rejected={"parse": 3},
        noted={},
    )
