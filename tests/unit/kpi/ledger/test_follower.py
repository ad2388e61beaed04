"""Following the logs: never further than the engine has judged, and nothing is called missing too early."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import pytest

from cityhub.kpi.definition import load_catalogue
from cityhub.kpi.ledger.balance import balance
from cityhub.kpi.ledger.book import Book, Sender
from cityhub.kpi.ledger.follower import Follower, topics_of
from cityhub.kpi.store.database import Database
from tests.unit.kpi.engine import JOB, Engine
from tests.unit.kpi.ledger.test_book import EVENTS, LETTERS, SENDER, Headed, came, place, refused
from tests.unit.kpi.samples import TOPIC, departure

QUARANTINE = "du.in.dvv.transit"


class FakeLog:
    """Topics of one partition each, in memory."""

    def __init__(self) -> None:
        self.topics: dict[str, list[Headed]] = {TOPIC: [], LETTERS.name: []}
        self.firsts: dict[str, int] = {}
        self.ends: dict[str, int] = {}
        self.questions = 0
        self._left: list[tuple[int, list[Headed]]] = []

    async def partitions(self) -> Mapping[str, Sequence[int]]:
        return {name: [0] for name in [*self.topics, *self.ends]}

    async def all_bounds(self, topics: Mapping[str, Sequence[int]]) -> dict[str, dict[int, tuple[int, int]]]:
        self.questions += 1
        ends = {topic: self.ends.get(topic, len(self.topics.get(topic, []))) for topic in topics}
        return {
            topic: {part: (self.firsts.get(topic, 0), ends[topic]) for part in parts} for topic, parts in topics.items()
        }

    def begin(self, topic: str, wanted: Mapping[int, tuple[int, int]]) -> None:
        self._left = [(part, self.topics[topic][first : last + 1]) for part, (first, last) in wanted.items()]

    async def some(self) -> dict[int, list[Headed]]:
        if not self._left:
            return {}
        part, records = self._left.pop(0)
        if len(records) > 2:
            self._left.insert(0, (part, records[2:]))
        return {part: records[:2]}


@pytest.fixture
def log() -> FakeLog:
    return FakeLog()


@pytest.fixture
def follower(engine: Engine, database: Database) -> Follower:
    return Follower(Book(database, JOB), database, [LETTERS, EVENTS], JOB, lambda: 1_000)


def sent(database: Database) -> int:
    with database.snapshot() as connection:
        return sum(day.sent for day in balance(connection, "dvv").days)


async def test_it_waits_for_the_engine(follower: Follower, engine: Engine, database: Database, log: FakeLog) -> None:
    log.topics[TOPIC] = [came(n, departure(n, 0), f"kafka:{place(n)}") for n in range(5)]
    log.firsts[QUARANTINE], log.ends[QUARANTINE] = 5, 7
    engine.apply(TOPIC, log.topics[TOPIC][:3])
    assert await follower.step(log) is None
    assert sent(database) == 3
    engine.apply(TOPIC, log.topics[TOPIC][3:])
    assert await follower.step(log) == {}
    with database.snapshot() as connection:
        (sender,) = balance(connection, "dvv").senders
    assert (sender.sent, sender.accounted, sender.under_way, sender.missing) == (7, 5, 2, 0)


async def test_a_record_that_the_gate_has_passed_and_nobody_has_is_missing(
    follower: Follower, engine: Engine, log: FakeLog
) -> None:
    log.topics[TOPIC] = [came(0, departure(0, 0), f"kafka:{place(0)}")]
    log.topics[LETTERS.name] = [refused(0, place(2))]
    log.firsts[QUARANTINE] = log.ends[QUARANTINE] = 3
    engine.apply(TOPIC, log.topics[TOPIC])
    assert await follower.step(log) == {SENDER: 1}
    log.topics[TOPIC].append(came(1, departure(1, 0), f"kafka:{place(1)}"))
    engine.apply(TOPIC, log.topics[TOPIC])
    assert await follower.step(log) == {}


async def test_on_a_stream_that_never_rests_it_settles_all_the_same(
    follower: Follower, engine: Engine, log: FakeLog
) -> None:
    """The engine is always a little behind the log's end: what was there when the gate was asked is enough."""
    log.topics[TOPIC] = [came(0, departure(0, 0), "")]
    log.ends[QUARANTINE] = log.firsts[QUARANTINE] = 1
    assert await follower.step(log) is None
    engine.apply(TOPIC, log.topics[TOPIC])
    log.topics[TOPIC].append(came(1, departure(1, 0), ""))
    assert await follower.step(log) == {SENDER: 1}


async def test_a_producer_over_http_that_left_a_number_out(follower: Follower, engine: Engine, log: FakeLog) -> None:
    log.topics[TOPIC] = [came(0, departure(0, 0), "http:ab/1")]
    engine.apply(TOPIC, log.topics[TOPIC])
    assert await follower.step(log) == {}
    assert await follower.step(log) == {Sender("dvv", "http", "ab"): 1}


async def test_it_goes_on_behind_what_the_log_has_let_go_of(
    follower: Follower, engine: Engine, database: Database, log: FakeLog
) -> None:
    log.topics[TOPIC] = [came(n, departure(n, 0), "") for n in range(6)]
    engine.apply(TOPIC, log.topics[TOPIC])
    log.firsts[TOPIC] = 4
    assert await follower.step(log) == {}
    assert sent(database) == 2


async def test_a_step_asks_kafka_twice_for_bounds_however_many_topics_there_are(
    follower: Follower, log: FakeLog
) -> None:
    log.ends[QUARANTINE] = log.firsts[QUARANTINE] = 0
    await follower.step(log)
    assert log.questions == 2


def test_every_event_topic_and_every_partners_letters_are_followed() -> None:
    topics = topics_of(load_catalogue())
    assert len({topic.name for topic in topics}) == len(topics)
    assert {topic.partner for topic in topics if topic.letters} >= {"dvv", "wbd", "city", "gebag"}
    read = {topic.name for topic in topics if topic.horizon_ms}
    assert TOPIC in read
