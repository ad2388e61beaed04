"""Health on a real broker: what stops turns exactly its own KPIs, within a step, and back. Time is the test's."""

from __future__ import annotations

import time
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack
from datetime import UTC, datetime, timedelta
from importlib.resources import files
from pathlib import Path
from typing import Any
from uuid import uuid4

import pytest
from aiokafka import AIOKafkaProducer
from msgspec import structs

from cityhub.bus import topics
from cityhub.bus.access import KafkaAccess
from cityhub.bus.log_reader import LogReader
from cityhub.bus.publisher import RecordPublisher
from cityhub.bus.topics import TopicSpec
from cityhub.kpi.definition import Catalogue, parse_definition
from cityhub.kpi.health.kpi import Health
from cityhub.kpi.health.sentence import sentence
from cityhub.kpi.health.source import STEP_S, Cause, State
from cityhub.kpi.ledger.book import Book
from cityhub.kpi.ledger.follower import Follower, topics_of
from cityhub.kpi.observer import COUNTED, OBSERVED, Observer
from cityhub.kpi.store.sql_reader import SqlReader
from cityhub.kpi.values import WindowKind
from cityhub.sdk import codec
from cityhub.sdk.contract import Contracts, load_contracts
from cityhub.sdk.event import make_event
from tests.unit.kpi.engine import JOB, Engine

DEPARTED = "de.duisburg.dvv.transit.stop-departed.v1"
CANCELLED = "de.duisburg.dvv.transit.trip-cancelled.v1"
CLEANED = "de.duisburg.wbd.sewer.cleaned.v1"
FILES = ("mobilitaet/M01", "infrastruktur/I03", "platform/X01")
BEGIN = datetime.fromtimestamp((time.time() - 6 * 3_600) // STEP_S * STEP_S, UTC)
"""Six hours ago: what the test says happens lies in the past of the broker."""
DATA: dict[str, dict[str, Any]] = {
    DEPARTED: {"trip": "1", "line": "901", "delay_s": 30, "classifier": "ACT"},
    CANCELLED: {"trip": "2", "line": "901"},
    CLEANED: {"length_m": 100, "trigger": "sensor"},
}


class City:
    """Topics of its own, where a record's time is the one that the test gives it, and all that follows from them."""

    def __init__(self, access: KafkaAccess, store: Path) -> None:
        mark = uuid4().hex[:8]
        known = load_contracts()
        mine = [known[type_] for type_ in (DEPARTED, CANCELLED, CLEANED, OBSERVED, COUNTED)]
        contracts = Contracts(
            structs.replace(one, topic=one.topic.replace(".v1", f"-{mark}.v1"), lateness="1min") for one in mine
        )
        self.contracts = contracts
        texts = [files("cityhub.kpi").joinpath(f"definitions/{name}.yaml").read_text("utf-8") for name in FILES]
        definitions = [parse_definition(text, name, contracts) for text, name in zip(texts, FILES, strict=True)]
        self.catalogue = Catalogue({one.id: one for one in definitions}, contracts)
        self.access = access
        self.engine = Engine(store, self.catalogue)
        self.reader = SqlReader(store, self.catalogue)
        self._applied: dict[str, int] = {}
        self._numbers = 0

    async def __aenter__(self) -> City:
        config = (("message.timestamp.type", "CreateTime"), ("retention.ms", "-1"))
        names = {one.topic for one in self.contracts.values()}
        topics.ensure(self.access, [TopicSpec(name, 1, config) for name in names])
        self.engine.know(names)
        self._stack = AsyncExitStack()
        self._producer = AIOKafkaProducer(**self.access.aiokafka(), acks="all")
        await self._producer.start()
        self._stack.push_async_callback(self._producer.stop)
        self._log = await self._stack.enter_async_context(LogReader(self.access, client_id="test"))
        records = await self._stack.enter_async_context(RecordPublisher(self.access, client_id="test"))
        database = self.engine.database
        self.observer = Observer(database, self.contracts, records)
        book = Book(database, JOB, contracts=self.contracts)
        # dead letters of other tests are nothing of this city's
        mine = [topic for topic in topics_of(self.catalogue) if not topic.letters]
        self.follower = Follower(book, database, mine, JOB, lambda: 1)
        return self

    async def __aexit__(self, *_: object) -> None:
        await self._stack.aclose()
        self.engine.database.close()
        self.reader.close()

    async def report(self, step: int, *types: str) -> None:
        """An event of each type, twenty seconds before the step ends."""
        at = BEGIN + timedelta(seconds=(step + 1) * STEP_S - 20)
        for type_ in types:
            self._numbers += 1
            event = make_event(
                type_=type_,
                source="//test/city",
                natural_key=(str(self._numbers),),
                version="1",
                subject=str(self._numbers),
                time=at,
                recorded_at=at,
                data=DATA[type_],
            )
            topic = self.contracts[type_].topic
            stamp = int(at.timestamp() * 1000)
            await self._producer.send_and_wait(topic, codec.encode(event), timestamp_ms=stamp)

    async def pass_by(self, step: int, *types: str) -> dict[str, Health]:
        """A step in which these types report. The health of each KPI as soon as the step was looked at."""
        await self.report(step, *types)
        await self._count()
        assert await self.follower.step(self._log) is not None
        end = BEGIN + timedelta(seconds=(step + 1) * STEP_S)
        await self.observer.run(end + timedelta(seconds=10))
        await self._count()
        return {one.id: self.reader.health(one.id, end) for one in self.catalogue}

    async def _count(self) -> None:
        """What a worker and the publisher do."""
        there = {one.topic: [0] for one in self.contracts.values()}
        for topic, bounds in (await self._log.all_bounds(there)).items():
            first, end = self._applied.get(topic, 0), bounds[0][1]
            if first < end:
                self._log.begin(topic, {0: (first, end - 1)})
                while found := await self._log.some():
                    for records in found.values():
                        self.engine.apply(topic, records)
                self._applied[topic] = end
        self.engine.publish(int(time.time() * 1000))


@pytest.fixture
async def city(kafka_access: KafkaAccess, tmp_path: Path) -> AsyncIterator[City]:
    async with City(kafka_access, tmp_path / "store.db") as made:
        yield made


def states(healths: dict[str, Health]) -> dict[str, State]:
    return {kpi: one.state for kpi, one in healths.items()}


GOOD = {"M01": State.GOOD, "I03": State.GOOD, "X01": State.GOOD}


async def test_a_source_that_stops_turns_exactly_its_kpis_and_back(city: City) -> None:
    await city.pass_by(0, DEPARTED, CANCELLED, CLEANED)
    assert states(await city.pass_by(1, DEPARTED, CANCELLED)) == GOOD

    assert states(await city.pass_by(2, CANCELLED)) == GOOD
    stopped = await city.pass_by(3, CANCELLED)
    assert states(stopped) == {**GOOD, "M01": State.UNRELIABLE}
    since = BEGIN + timedelta(seconds=2 * STEP_S - 20 + 30)
    assert (stopped["M01"].cause, stopped["M01"].source, stopped["M01"].since) == (Cause.OVERDUE, DEPARTED, since)
    assert sentence(stopped["M01"], "de").startswith("Nicht verlässlich: „Bus oder Bahn ist abgefahren“ – seit ")
    assert sentence(stopped["M01"], "de").endswith(" Uhr keine Meldung (DVV).")

    assert states(await city.pass_by(4, DEPARTED, CANCELLED))["M01"] is State.UNRELIABLE
    assert states(await city.pass_by(5, DEPARTED, CANCELLED)) == GOOD

    await city.pass_by(6, DEPARTED)
    beside = await city.pass_by(7, DEPARTED)
    assert states(beside) == {**GOOD, "M01": State.DEGRADED}
    assert beside["M01"].source == CANCELLED
    assert city.reader.health("M01", BEGIN + timedelta(seconds=4 * STEP_S)) == stopped["M01"]

    days = city.engine.values("X01", WindowKind.DAY, dims=f'{{"source":"{DEPARTED}"}}')
    assert (sum(day.numerator for day in days), sum(day.denominator for day in days)) == (6, 8)
