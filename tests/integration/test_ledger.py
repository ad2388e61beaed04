"""The ledger balances while gate, worker and bookkeeper are killed and both doors are used; events are traced."""

from __future__ import annotations

import asyncio
import random
import time
from collections.abc import AsyncIterator, Callable, Iterator, Sequence
from datetime import UTC, datetime
from uuid import uuid4

import httpx
import msgspec
import pytest
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from cityhub.adapters.doors.http import HttpDoor
from cityhub.adapters.doors.limits import Gauge, Limits
from cityhub.bus import topics
from cityhub.bus.access import KafkaAccess
from cityhub.bus.publisher import RecordPublisher, record_of
from cityhub.bus.whole_topic import TopicRecord, WholeTopic
from cityhub.hub.run.topics import wanted
from cityhub.kpi.definition import load_catalogue
from cityhub.kpi.ledger.balance import Balance, balance
from cityhub.kpi.ledger.trace import Traces
from cityhub.kpi.store.database import Database
from cityhub.sdk import codec
from cityhub.sdk.contract import load_contracts
from tests.integration.bin_levels import TYPE, level
from tests.integration.hub_processes import LIMIT_S, HubProcess
from tests.integration.servers import Kafka
from tests.unit.adapters.doors.world import WBD

EVENTS, LETTERS = topics.events("wbd", "bin").name, topics.dead_letters("wbd").name
ROUNDS, BY_KAFKA, BY_HTTP = 5, 300, 120


@pytest.fixture
def processes(kafka: Kafka) -> Iterator[dict[str, HubProcess]]:
    topics.ensure(kafka.access, [*wanted(), *map(topics.dead_letters, ("dvv", "gebag", "wbd"))])
    started = {name: HubProcess(kafka.installation, name) for name in ("gate", "worker", "bookkeeper")}
    yield started
    for process in started.values():
        process.kill()


class Partner:
    """Sends over both doors, numbers its events over HTTP, and is not always patient."""

    def __init__(self, writer: RecordPublisher, seed: int) -> None:
        self.source = f"//wbd/{uuid4().hex}"
        self.incoming = topics.quarantine("wbd", f"l{uuid4().hex[:8]}")
        self.producer = uuid4().hex
        self.sent = 0
        self._rng = random.Random(seed)  # noqa: S311 - a seeded fault
        self._writer = writer
        door = HttpDoor(load_contracts(), writer, Gauge(Limits(), time.monotonic), lambda: datetime.now(UTC))

        async def answer(request: Request) -> Response:
            return await door.answer(request, WBD)

        app = Starlette(routes=[Route("/v1/events", answer, methods=["POST"])])
        self._client = httpx.AsyncClient(transport=httpx.ASGITransport(app), base_url="http://hub")

    def event(self, number: int) -> bytes:
        """Every tenth is refused."""
        return codec.encode(level(self.source, number, 2.0 if number % 10 == 0 else 0.5))

    async def over_kafka(self, numbers: range) -> None:
        """Every twentieth comes twice."""
        records = []
        for number in numbers:
            body = self.event(number)
            records += [(b"k%d" % number, body, [])] * (2 if number % 20 == 1 else 1)
        await self._writer.send(self.incoming.name, records)

    async def over_http(self, numbers: range) -> None:
        """Now and then it hangs up and sends the same again."""
        bodies = [self.event(number) for number in numbers]
        for at in range(0, len(bodies), 10):
            some = bodies[at : at + 10]
            headers = {
                "content-type": codec.BATCH,
                "Cityhub-Producer": self.producer,
                "Cityhub-Sequence": ",".join(str(self.sent + n) for n in range(len(some))),
            }
            body = b"[" + b",".join(some) + b"]"
            if self._rng.random() < 0.3:
                hasty = asyncio.create_task(self._client.post("/v1/events", content=body, headers=headers))
                await asyncio.wait([hasty], timeout=self._rng.random() / 100)
                hasty.cancel()
                await asyncio.gather(hasty, return_exceptions=True)
            answer = await self._client.post("/v1/events", content=body, headers=headers)
            assert answer.status_code == 202, answer.text
            self.sent += len(some)


async def test_the_ledger_balances_whatever_is_killed(
    processes: dict[str, HubProcess], kafka: Kafka, kafka_access: KafkaAccess
) -> None:
    async with RecordPublisher(kafka_access, client_id="test") as writer:
        partner = Partner(writer, seed=7)
        topics.ensure(kafka_access, [partner.incoming])
        for process in processes.values():
            process.start()
        for turn in range(ROUNDS):
            first = turn * (BY_KAFKA + BY_HTTP)
            await partner.over_kafka(range(first, first + BY_KAFKA))
            await partner.over_http(range(first + BY_KAFKA, first + BY_KAFKA + BY_HTTP))
            names = ["gate", "bookkeeper", *(["worker"] if turn == 1 else [])]
            for name in names:
                processes[name].kill()
                processes[name].start()
    store = Database(kafka.installation.settings.store)
    try:
        found = await _settled(store, processes, partner)
        events, letters = await _records(kafka_access, EVENTS), await _records(kafka_access, LETTERS)
        _check(found, partner, events, letters)
        await _check_traces(kafka, partner, events, letters)
        await _check_a_new_source(kafka, kafka_access, processes)
    finally:
        store.close()


def _told(store: Database) -> Balance:
    with store.snapshot() as connection:
        return balance(connection, "wbd")


async def _settled(store: Database, processes: dict[str, HubProcess], partner: Partner) -> Balance:
    kafka_sent = ROUNDS * BY_KAFKA + ROUNDS * BY_KAFKA // 20

    def done(told: Balance) -> bool:
        mine = [one for one in told.senders if one.name.startswith((partner.incoming.name, partner.producer))]
        return sum(one.accounted for one in mine) == kafka_sent + partner.sent and not any(
            one.under_way for one in told.senders
        )

    await _until(lambda: done(_told(store)), processes)
    return _told(store)


def _check(found: Balance, partner: Partner, events: Sequence[TopicRecord], letters: Sequence[TopicRecord]) -> None:
    """Against what the log itself says, of everything that ever came through the partner's doors."""
    assert found.difference == 0, found.senders
    origins = {one.headers.get("cityhub_origin", b"") for one in events}
    accepted = {one for one in origins if one.startswith((b"http:", b"kafka:"))}  # others were driven in again
    rejected = {
        (one.headers["dlq_consumer"], one.headers["dlq_origin"]) for one in letters if "dlq_origin" in one.headers
    }
    mine = [day for day in found.days if day.door in {"http", "kafka"}]
    binned = [day for day in mine if day.stream in {TYPE, ""}]
    assert sum(day.accepted for day in binned) == len(accepted)
    assert sum(day.rejected for day in mine) == len(rejected)
    ids = {(event["source"], event["id"]) for event in map(_outline, events)}
    assert sum(day.counted for day in found.days if day.stream == TYPE) == len(ids)
    assert all(day.sent == day.accepted + day.rejected for day in mine)
    (by_http,) = [one for one in found.senders if one.name == partner.producer]
    assert (by_http.sent, by_http.accounted, by_http.missing) == (partner.sent, partner.sent, 0)


async def _check_traces(
    kafka: Kafka, partner: Partner, events: Sequence[TopicRecord], letters: Sequence[TopicRecord]
) -> None:
    traces = Traces(kafka.installation.settings.store, load_catalogue(), kafka.access)
    good = next(event for event in map(_outline, events) if event["source"] == partner.source)
    (sighting,) = (await traces.trace("wbd", good["id"])).sightings
    assert (sighting.status, sighting.topic, sighting.type) == ("counted", EVENTS, TYPE)
    assert {one.kpi for one in sighting.counts} | set(sighting.observed)
    assert sighting.origin.startswith(("kafka:", "http:"))
    bad = next(event for event in map(_outline, letters) if event.get("source") == partner.source)
    (refusal,) = (await traces.trace("wbd", bad["id"])).sightings
    assert (refusal.status, refusal.reason) == ("rejected", "contract")
    assert "is more than 1" in refusal.detail
    assert (await traces.trace("dvv", good["id"])).sightings == []
    assert (await traces.trace("wbd", "never-sent")).sightings == []


async def _check_a_new_source(kafka: Kafka, access: KafkaAccess, processes: dict[str, HubProcess]) -> None:
    """An event is found as soon as it is counted, also while the ledger does not know its source yet."""
    processes.pop("bookkeeper").kill()
    event = level(f"//wbd/{uuid4().hex}", 1)
    async with RecordPublisher(access, client_id="test") as writer:
        await writer.send(EVENTS, [record_of(event)])
    traces = Traces(kafka.installation.settings.store, load_catalogue(), access)
    end = time.monotonic() + LIMIT_S
    while True:
        (sighting,) = (await traces.trace("wbd", event.id)).sightings
        if sighting.status == "counted":
            return
        assert sighting.status == "waiting-for-engine"
        assert time.monotonic() < end, "it is not counted"


def _outline(record: TopicRecord) -> dict[str, str]:
    return dict(msgspec.json.decode(record.value, strict=False)) if (record.value or b"").startswith(b"{") else {}


async def _records(access: KafkaAccess, topic: str) -> list[TopicRecord]:
    found: AsyncIterator[TopicRecord] = WholeTopic(access, topic, client_id="test").records()
    return [record async for record in found]


async def _until(done: Callable[[], bool], processes: dict[str, HubProcess]) -> None:
    end = time.monotonic() + LIMIT_S
    while not done():
        assert all(process.lives() for process in processes.values()), "a process ended by itself"
        assert time.monotonic() < end, "the ledger does not settle"
        await asyncio.sleep(0.25)
