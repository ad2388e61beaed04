"""A room's log in its tenant's topics: in order, without holes, once, whatever ends when."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager

import pytest

from cityhub.bus import metrics
from cityhub.sandbox.room.log import TenantLog
from cityhub.sandbox.rooms.tenants import Tenants
from cityhub.sandbox.topics.passing import Passing
from tests.unit.sandbox.topics.conftest import until
from tests.unit.sandbox.topics.memory import MemoryBroker, MemoryKeys

KINDS = ("event", "value", "refused")


def write(log: TenantLog, count: int) -> None:
    """So many entries of each kind, in turn."""
    for number in range(count):
        log.append([("du.evt.x", "de.duisburg.x.v1", 1_000, b'{"n":%d}' % number)], b"{}")
        log.tell("value", [("M07", 1_000, b'{"v":%d}' % number)])
        log.tell("refused", [("parse", 1_000, b'{"r":%d}' % number)])


@pytest.fixture
def log(tenants: Tenants) -> Iterator[TenantLog]:
    tenants.room("demo").mkdir(parents=True)
    made = TenantLog(tenants.room("demo") / "log.db")
    yield made
    made.close()


@asynccontextmanager
async def running(tenants: Tenants, broker: MemoryBroker, keys: MemoryKeys | None = None) -> AsyncIterator[Passing]:
    passing, stop = Passing(tenants, keys or MemoryKeys(), broker), asyncio.Event()
    task = asyncio.create_task(passing.run(stop))
    try:
        yield passing
    finally:
        stop.set()
        await task


def cursors(broker: MemoryBroker, kind: str, tenant: str = "demo") -> list[int]:
    names = {"event": "events", "value": "values", "refused": "refused"}
    return [int(dict(one[2])["cursor"]) for one in broker.topics.get(f"sbx.{tenant}.{names[kind]}", [])]


def whole(log: TenantLog, broker: MemoryBroker) -> bool:
    return all(
        cursors(broker, kind) == [one.number for one in log.after(0, kinds=[kind], limit=5_000)] for kind in KINDS
    )


async def test_everything_goes_to_its_topic_with_key_form_cursor_and_time(
    tenants: Tenants, broker: MemoryBroker, log: TenantLog
) -> None:
    write(log, 400)
    async with running(tenants, broker) as passing:
        await until(lambda: whole(log, broker))
        write(log, 3)
        await until(lambda: whole(log, broker))
        assert passing.settled("demo")
        await until(lambda: metrics.SANDBOX_BEHIND._value.get() == 0)
    key, value, headers = broker.topics["sbx.demo.events"][0]
    assert (key, value) == (b"de.duisburg.x.v1", b'{"n":0}')
    assert dict(headers) == {
        "content-type": b"application/cloudevents+json",
        "cursor": b"1",
        "at": b"1970-01-01T00:00:01Z",
    }
    assert dict(broker.topics["sbx.demo.values"][0][2])["content-type"] == b"application/json"
    assert broker.topics["sbx.demo-2.events"] == []


@pytest.mark.parametrize("after", range(0, 60, 7))
async def test_writing_fails_anywhere_and_nothing_is_missing_or_double(
    tenants: Tenants, broker: MemoryBroker, log: TenantLog, after: int
) -> None:
    write(log, 15)
    broker.fail_after = after
    async with running(tenants, broker) as passing:
        await until(lambda: passing.trouble or whole(log, broker))
        broker.fail_after = None
        await until(lambda: whole(log, broker))
        await until(lambda: not passing.trouble)


async def test_killed_between_writing_and_remembering(tenants: Tenants, broker: MemoryBroker, log: TenantLog) -> None:
    write(log, 5)
    async with running(tenants, broker):
        await until(lambda: whole(log, broker))
    file = tenants.room("demo") / "kafka.json"
    file.write_bytes(b'{"made":0,"passed":4}')
    write(log, 2)
    async with running(tenants, broker):
        await until(lambda: whole(log, broker))


async def test_what_retention_has_deleted_is_not_written_again(
    tenants: Tenants, broker: MemoryBroker, log: TenantLog
) -> None:
    write(log, 5)
    async with running(tenants, broker):
        await until(lambda: whole(log, broker))
    for records in broker.topics.values():
        records.clear()
    last = log.newest()
    write(log, 1)
    async with running(tenants, broker):
        await until(lambda: all(cursors(broker, kind) for kind in KINDS))
    assert [cursors(broker, kind) for kind in KINDS] == [[last + 1], [last + 2], [last + 3]]


async def test_a_room_that_forgets_has_empty_topics(tenants: Tenants, broker: MemoryBroker, log: TenantLog) -> None:
    write(log, 5)
    async with running(tenants, broker) as passing:
        await until(lambda: whole(log, broker))
        with passing.emptied("demo"):
            log.empty(b"{}")
            assert not passing.settled("demo")
        log.tell("value", [("M07", 0, b"new")])
        await until(lambda: passing.settled("demo") and whole(log, broker))
    assert [one[1] for one in broker.topics["sbx.demo.values"]] == [b"new"]
    assert broker.topics["sbx.demo.events"] == []


async def test_closed_it_has_no_topics_and_opened_again_all_of_the_log(
    tenants: Tenants, broker: MemoryBroker, log: TenantLog
) -> None:
    write(log, 2)
    keys = MemoryKeys()
    async with running(tenants, broker, keys):
        await until(lambda: whole(log, broker))
        assert keys.kafka == {"demo", "demo-2"}
        tenants.open_kafka(tenants.one("demo", None), wanted=False)
        await until(lambda: "demo" not in keys.kafka and not (tenants.room("demo") / "kafka.json").exists())
        assert {name.split(".")[1] for name in broker.topics} == {"demo-2"}
        tenants.open_kafka(tenants.one("demo", None), wanted=True)
        await until(lambda: whole(log, broker))


async def test_a_door_is_closed_before_anybody_was_in_the_room(tenants: Tenants, broker: MemoryBroker) -> None:
    async with running(tenants, broker) as passing:
        await until(lambda: passing.settled("demo"))
        tenants.open_kafka(tenants.one("demo", None), wanted=False)
        await until(lambda: {name.split(".")[1] for name in broker.topics} == {"demo-2"})
        tenants.open_kafka(tenants.one("demo", None), wanted=True)
        tenants.open_kafka(tenants.one("demo", None), wanted=False)
        tenants.open_kafka(tenants.one("demo", None), wanted=True)
        await until(lambda: passing.settled("demo"))


async def test_without_kafka_it_waits_and_says_so(tenants: Tenants, broker: MemoryBroker, log: TenantLog) -> None:
    broker.away = True
    write(log, 2)
    async with running(tenants, broker) as passing:
        await until(lambda: "demo" in passing.trouble)
        assert "does not answer" in passing.trouble["demo"]
        assert not passing.settled("demo")
        broker.away = False
        await until(lambda: whole(log, broker) and passing.settled("demo"))
        assert "demo" not in passing.trouble


async def test_a_file_that_cannot_be_read_means_topics_made_anew(
    tenants: Tenants, broker: MemoryBroker, log: TenantLog
) -> None:
    write(log, 2)
    async with running(tenants, broker):
        await until(lambda: whole(log, broker))
    (tenants.room("demo") / "kafka.json").write_bytes(b"")
    made = broker.made
    async with running(tenants, broker) as passing:
        await until(lambda: passing.settled("demo") and whole(log, broker))
    assert broker.made == made + 1


async def test_removed_nothing_is_left_and_it_does_not_come_back(
    tenants: Tenants, broker: MemoryBroker, log: TenantLog
) -> None:
    write(log, 2)
    async with running(tenants, broker) as passing:
        await until(lambda: whole(log, broker))
        tenants.end(tenants.one("demo", None), tenants.one("demo", None).created)
        await passing.remove("demo")
        assert {name.split(".")[1] for name in broker.topics} == {"demo-2"}
        passing.look()
        assert "demo" not in passing._tasks
