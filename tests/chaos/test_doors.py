"""The broker is killed again and again while a partner sends over both doors: what was acknowledged is there, once."""

from __future__ import annotations

import asyncio
import random
import threading
import time
from collections.abc import AsyncIterator, Iterator, Sequence
from contextlib import asynccontextmanager
from datetime import UTC, datetime
from pathlib import Path
from uuid import uuid4

import msgspec
import pytest
import uvicorn
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from cityhub.adapters.doors.http import HttpDoor
from cityhub.adapters.doors.limits import Gauge, Limits
from cityhub.bus import topics
from cityhub.bus.access import KafkaAccess
from cityhub.bus.errors import BusError
from cityhub.bus.publisher import Outgoing, RecordPublisher
from cityhub.bus.starting import StartingPublisher
from cityhub.bus.whole_topic import TopicRecord, WholeTopic
from cityhub.hub.run.topics import wanted
from cityhub.kpi.ledger.balance import Balance, balance
from cityhub.kpi.store.database import Database
from cityhub.sdk import codec
from cityhub.sdk.client.account import Account
from cityhub.sdk.client.http import HttpPublisher
from cityhub.sdk.client.session import Patience
from cityhub.sdk.client.spool import Spool
from cityhub.sdk.contract import load_contracts
from cityhub.sdk.errors import Undelivered
from tests.chaos.sizes import seed
from tests.integration.bin_levels import TYPE, level
from tests.integration.hub_processes import HubProcess
from tests.integration.servers import Kafka
from tests.ports import free_ports
from tests.unit.adapters.doors.world import WBD

EVENTS = topics.events("wbd", "bin").name
KILLS, BATCH, LIMIT_S = 20, 100, 900.0


@pytest.fixture
def processes(kafka: Kafka) -> Iterator[list[HubProcess]]:
    topics.ensure(kafka.access, [*wanted(), *map(topics.dead_letters, topics.PARTNERS)])
    started = [HubProcess(kafka.installation, name) for name in ("gate", "worker", "bookkeeper")]
    yield started
    for process in started:
        process.kill()


@asynccontextmanager
async def door(access: KafkaAccess) -> AsyncIterator[str]:
    """The HTTP door on a port of its own; whoever asks gets a token."""
    async with StartingPublisher(access, client_id="test-door") as writer:
        handler = HttpDoor(load_contracts(), writer, Gauge(Limits(), time.monotonic), lambda: datetime.now(UTC))

        async def answer(request: Request) -> Response:
            return await handler.answer(request, WBD)

        async def token(_: Request) -> Response:
            return JSONResponse({"access_token": "x", "expires_in": 300, "token_type": "Bearer"})

        routes = [Route("/v1/events", answer, methods=["POST"]), Route("/token", token, methods=["POST"])]
        (port,) = free_ports(1)
        server = uvicorn.Server(uvicorn.Config(Starlette(routes=routes), port=port, log_level="warning"))
        serving = asyncio.create_task(server.serve())
        try:
            yield f"http://127.0.0.1:{port}"
        finally:
            server.should_exit = True
            await serving


class OverHttp(threading.Thread):
    """Puts events into a spool and drains it until it is told to end and nothing waits."""

    def __init__(self, url: str, path: Path, source: str) -> None:
        super().__init__()
        self._account = Account(url=url, client="ingest-wbd", secret="s", token_url=f"{url}/token")
        self._path = path
        self._source = source
        self.ending = threading.Event()
        self.ids: set[str] = set()
        self.left = -1

    def run(self) -> None:
        patience = Patience(deadline_s=20.0)
        with HttpPublisher(self._account, patience=patience) as publisher, Spool(self._path) as spool:
            while not self.ending.is_set() or spool.holding().waiting:
                if not self.ending.is_set():
                    some = [level(self._source, len(self.ids) + n) for n in range(BATCH)]
                    spool.put_all(some)
                    self.ids |= {one.id for one in some}
                try:
                    spool.drain(publisher)
                except Undelivered:
                    continue  # they wait
            self.left = spool.holding().waiting + spool.holding().refused


async def over_kafka(access: KafkaAccess, topic: str, source: str, stop: asyncio.Event) -> set[str]:
    """As a partner's own client: what is not acknowledged is sent again. Ids of what was acknowledged."""
    acknowledged: set[str] = set()
    while not stop.is_set():
        some = [level(source, len(acknowledged) + n) for n in range(BATCH)]
        records: list[Outgoing] = [(b"%d" % n, codec.encode(one), []) for n, one in enumerate(some)]
        while True:
            try:
                async with RecordPublisher(access, client_id="test-partner") as publisher:
                    await publisher.send(topic, records)
                break
            except BusError:
                await asyncio.sleep(0.2)
        acknowledged |= {one.id for one in some}
    return acknowledged


async def kill_the_broker(kafka: Kafka, processes: Sequence[HubProcess], rng: random.Random) -> None:
    for _ in range(KILLS):
        await asyncio.sleep(rng.uniform(0.5, 3.0))
        await asyncio.to_thread(kafka.kill9)
        await asyncio.sleep(rng.uniform(0.0, 1.0))
        await asyncio.to_thread(kafka.start)
        for process in processes:
            process.keep()


async def test_what_was_acknowledged_is_there_and_the_ledger_balances(
    kafka: Kafka, processes: list[HubProcess], tmp_path: Path
) -> None:
    used = seed()
    incoming, source = topics.quarantine("wbd", f"c{uuid4().hex[:8]}"), f"//wbd/{uuid4().hex}"
    topics.ensure(kafka.access, [incoming])
    for process in processes:
        process.start()
    async with door(kafka.access) as url:
        by_http = OverHttp(url, tmp_path / "spool.db", f"{source}/http")
        by_http.start()
        stop = asyncio.Event()
        by_kafka = asyncio.create_task(over_kafka(kafka.access, incoming.name, f"{source}/kafka", stop))
        try:
            await kill_the_broker(kafka, processes, random.Random(used))  # noqa: S311 - seeded faults
        finally:
            stop.set()
            by_http.ending.set()
        acknowledged = await by_kafka | by_http.ids
        await asyncio.to_thread(by_http.join, LIMIT_S)
    assert by_http.left == 0
    told = await settled(Database(kafka.installation.settings.store), processes, incoming.name)
    passed = [record async for record in records(kafka.access)]
    ids = {one["id"] for one in map(outline, passed) if one["source"].startswith(source)}
    everything = {(one["source"], one["id"]) for one in map(outline, passed)}
    print(f"\nseed {used}: {KILLS} kills, {len(acknowledged)} acknowledged, {len(passed)} records, {told.difference=}")
    assert acknowledged - ids == set()
    assert told.difference == 0, told.senders
    assert sum(day.counted for day in told.days if day.stream == TYPE) == len(everything)


async def settled(store: Database, processes: Sequence[HubProcess], incoming: str) -> Balance:
    """The ledger once nothing is under way any more."""
    end = time.monotonic() + LIMIT_S
    while True:
        with store.snapshot() as connection:
            told = balance(connection, "wbd")
        mine = [one for one in told.senders if one.name.startswith(incoming)]
        if mine and sum(one.sent for one in mine) and not any(one.under_way or one.missing for one in told.senders):
            return told
        assert time.monotonic() < end, told.senders
        for process in processes:
            process.keep()
        await asyncio.sleep(0.5)


async def records(access: KafkaAccess) -> AsyncIterator[TopicRecord]:
    async for record in WholeTopic(access, EVENTS, client_id="test").records():
        yield record


def outline(record: TopicRecord) -> dict[str, str]:
    found: dict[str, str] = msgspec.json.decode(record.value or b"{}")
    return found
