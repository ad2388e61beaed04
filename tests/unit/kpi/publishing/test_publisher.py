"""The publisher over a sink that behaves as a compacted topic: nothing lost, nothing older than the store."""

from __future__ import annotations

from collections.abc import AsyncIterator, Sequence
from fractions import Fraction

import msgspec
import pytest
from sqlalchemy import delete, insert, update
from structlog.testing import capture_logs

from cityhub.bus.errors import BusUnavailable
from cityhub.bus.topics import VALUES
from cityhub.bus.whole_topic import TopicRecord
from cityhub.kpi import publisher as publisher_module
from cityhub.kpi.commit_watch import CommitWatch
from cityhub.kpi.kernel.readout import Quotient, Slot
from cityhub.kpi.publisher import KpiPublisher, Record, publisher
from cityhub.kpi.store import publishing, schema
from cityhub.kpi.store.database import Database
from cityhub.kpi.values import KpiValue, Label, WindowKind
from tests.unit.kpi.publishing.world import JOB, Definition, Plan, World

NOON = "2026-11-20 12:00"
PLAN = Plan(definition=Definition(windows=(WindowKind.HOUR,)), main=Quotient(Slot(0), Slot(1), times=Fraction(100)))


class Topic:
    """Everything that was sent; the newest record of each key of the value topic."""

    def __init__(self) -> None:
        self.sent: list[tuple[str, Record]] = []
        self.held: dict[bytes | None, Record] = {}
        self.fails = 0

    async def send(self, topic: str, records: Sequence[Record]) -> None:
        if self.fails:
            self.fails -= 1
            raise BusUnavailable("broker away")
        self.sent += [(topic, record) for record in records]
        self.held |= {record[0]: record for record in records if topic == VALUES}

    async def read(self) -> AsyncIterator[TopicRecord]:
        for key, value, headers in list(self.held.values()):
            yield TopicRecord(key, value, dict(headers))

    def revisions(self) -> list[int]:
        return [
            msgspec.json.decode(record[1], type=KpiValue).revision for topic, record in self.sent if topic == VALUES
        ]


@pytest.fixture
def topic() -> Topic:
    return Topic()


@pytest.fixture
def world(database: Database) -> World:
    made = World(database, PLAN)
    made.clock("2026-11-20 12:30")
    made.add(NOON, 1, 2)
    return made


@pytest.fixture(autouse=True)
def _quick_retry(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(publisher_module, "_RETRY_S", 0)


def started(world: World, topic: Topic) -> KpiPublisher:
    return publisher(world.database, world.plans, JOB, topic, topic.read)  # type: ignore[arg-type]


async def test_a_value_is_sent_once_and_again_when_it_changes(world: World, topic: Topic) -> None:
    running = started(world, topic)
    await running.attempt()
    await running.attempt()
    assert topic.revisions() == [1]
    world.add(NOON, 1, 2)
    await running.attempt()
    assert topic.revisions() == [1, 2]
    (_, (key, _, headers)) = topic.sent[-1]
    assert key is not None
    assert msgspec.json.decode(key)[:2] == ["T01", 1]
    assert dict(headers)["revision"] == b"2"
    assert len(topic.held) == 1


async def test_a_broker_that_is_away_delays_but_loses_nothing(world: World, topic: Topic) -> None:
    topic.fails = 2
    running = started(world, topic)
    for _ in range(3):
        await running.attempt()
    assert topic.revisions() == [1]


async def test_only_one_of_two_publishes(world: World, topic: Topic) -> None:
    first, second = started(world, topic), started(world, topic)
    await first.attempt()
    world.add(NOON, 1, 2)
    await second.attempt()
    assert topic.revisions() == [1]
    await first.attempt()
    assert topic.revisions() == [1, 2]


async def test_who_gets_the_lease_back_knows_what_the_other_one_published(world: World, topic: Topic) -> None:
    """A→B→A: B publishes a window that A has never heard of; A lets it settle."""
    first, second = started(world, topic), started(world, topic)
    await first.attempt()
    first._tenure.release()
    world.add("2026-11-20 11:00", 1, 2)
    await second.attempt()
    second._tenure.release()
    world.clock("2026-11-20 12:59")
    await first.attempt()
    found = world.value(WindowKind.HOUR, "2026-11-20 11:00")
    assert found is not None
    assert found.label is Label.FINAL


async def test_a_backlog_is_told_when_it_begins_and_when_it_is_worked_off(
    world: World, topic: Topic, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(publishing, "VALUES_PER_PASS", 1)
    for hour in ("09", "10", "11"):
        world.add(f"2026-11-20 {hour}:00", 1, 2)
    running = started(world, topic)
    with capture_logs() as logs:
        for _ in range(3):
            await running.attempt()
    told = [entry for entry in logs if entry["event"].startswith("publisher_")]
    assert [(entry["event"], entry["changed"], entry.get("passes")) for entry in told] == [
        ("publisher_behind", 1, None),
        ("publisher_caught_up", 4, 4),
    ]


async def test_the_sweep_sends_again_what_the_topic_lost(world: World, topic: Topic) -> None:
    await started(world, topic).attempt()
    with world.database.begin() as connection:
        connection.execute(delete(schema.lease))
    topic.held.clear()
    await started(world, topic).attempt()
    assert topic.revisions() == [1, 1]


async def test_a_store_put_back_from_a_copy_overtakes_what_the_topic_holds(world: World, topic: Topic) -> None:
    running = started(world, topic)
    await running.attempt()
    copies = {table: world.rows(table) for table in (schema.value, schema.bucket, schema.dirty)}
    for _ in range(3):
        world.add(NOON, 1, 2)
        await running.attempt()
    assert topic.revisions() == [1, 2, 3, 4]
    with world.database.begin() as connection:
        connection.execute(delete(schema.lease))
        for table, rows in copies.items():
            connection.execute(delete(table))
            if rows:
                connection.execute(insert(table), [dict(zip(table.c.keys(), row, strict=True)) for row in rows])
    await started(world, topic).attempt()
    assert topic.revisions() == [1, 2, 3, 4, 5]
    (record,) = topic.held.values()
    assert msgspec.json.decode(record[1], type=KpiValue).n == 1


async def test_a_new_store_counts_for_more_than_an_old_one(world: World, topic: Topic) -> None:
    await started(world, topic).attempt()
    (old,) = topic.held.values()
    with world.database.begin() as connection:
        for table in schema.metadata.sorted_tables:
            if table is not schema.meta:
                connection.execute(delete(table))
        connection.execute(delete(schema.meta).where(schema.meta.c.key != "incarnation"))
        connection.execute(update(schema.meta).values(value="another"))
    again = World(world.database, PLAN)
    again.clock("2026-11-20 12:30")
    again.add(NOON, 2, 2)
    await started(again, topic).attempt()
    (new,) = topic.held.values()
    assert dict(new[2])["incarnation"] > dict(old[2])["incarnation"]
    assert dict(new[2])["revision"] == b"1"


async def test_refused_records_are_relayed_with_their_bytes_and_reason(world: World, topic: Topic) -> None:
    row = {"topic": "du.evt.dvv.transit.v1", "part": 3, "off": 7, "reason": "parse", "detail": "no JSON"}
    with world.database.begin() as connection:
        connection.execute(insert(schema.verdict), [{**row, "event_id": "", "appended_ms": 1, "payload": b"\xff{"}])
    running = started(world, topic)
    await running.attempt()
    await running.attempt()
    letters = [record for name, record in topic.sent if name == "du.dlq.dvv"]
    assert [letter[1] for letter in letters] == [b"\xff{"]
    headers = dict(letters[0][2])
    assert (headers["dlq_reason"], headers["dlq_error"]) == (b"parse", b"no JSON")
    assert (headers["dlq_partition"], headers["dlq_offset"]) == (b"3", b"7")


async def test_work_of_other_processes_is_noticed_once(world: World, topic: Topic) -> None:
    if world.database.path is None:
        pytest.skip("only SQLite tells about commits")
    watch = CommitWatch(world.database.path)
    running = started(world, topic)
    assert watch.has_work()
    await running.attempt()
    assert not watch.has_work()
    assert not watch.has_work()
    world.add(NOON, 1, 2)
    assert watch.has_work()
    watch.close()
