"""What tenants write comes before their rooms: each in its own time, and whatever is wrong with it."""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager

import msgspec

from cityhub.bus import metrics
from cityhub.sandbox.errors import RoomUnavailable
from cityhub.sandbox.room.own_events import Came
from cityhub.sandbox.rooms.child import Answer
from cityhub.sandbox.rooms.commands import Arrive, Arrived, Command
from cityhub.sandbox.topics.arriving import Arriving
from tests.unit.sandbox.topics.conftest import until
from tests.unit.sandbox.topics.memory import MemoryBroker

DEMO, OTHER = "sbx.demo.in", "sbx.demo-2.in"


class Rooms:
    """Takes everything; `busy` rooms answer when they are let, `ill` ones so many times not at all."""

    def __init__(self) -> None:
        self.came: dict[str, list[Came]] = {"demo": [], "demo-2": []}
        self.busy: dict[str, asyncio.Event] = {}
        self.ill = Counter[str]()
        self.unsettled: set[str] = set()

    async def ask(self, tenant: str, command: Command) -> Answer:
        assert isinstance(command, Arrive)
        if tenant in self.busy:
            await self.busy[tenant].wait()
        if self.ill[tenant] > 0:
            self.ill[tenant] -= 1
            raise RoomUnavailable("the room was closed")
        self.came[tenant] += command.came
        return Answer(found=msgspec.Raw(msgspec.json.encode(Arrived(len(command.came), {"parse": 1}))))

    def settled(self, tenant: str) -> bool:
        return tenant not in self.unsettled

    def bodies(self, tenant: str = "demo") -> list[bytes]:
        return [one.body for one in self.came[tenant]]


@asynccontextmanager
async def running(broker: MemoryBroker, rooms: Rooms) -> AsyncIterator[Arriving]:
    ask: Callable[[str, Command], Awaitable[Answer]] = rooms.ask
    arriving, stop = Arriving(broker, ask, rooms.settled, retry_s=0.005), asyncio.Event()
    task = asyncio.create_task(arriving.run(stop))
    try:
        yield arriving
    finally:
        stop.set()
        for event in rooms.busy.values():
            event.set()
        await task


def put(
    broker: MemoryBroker, topic: str, *values: bytes | None, headers: list[tuple[str, bytes]] | None = None
) -> None:
    broker.topics.setdefault(topic, []).extend((b"", value, headers or []) for value in values)  # type: ignore[misc]


async def test_every_record_comes_once_in_order_and_moves_the_cursor(broker: MemoryBroker) -> None:
    rooms, values = Rooms(), [b"%d" % number for number in range(950)]
    put(broker, DEMO, *values)
    judged = metrics.SANDBOX_RECORDS.labels("refused", "parse")._value.get()
    async with running(broker, rooms):
        await until(lambda: broker.reader.cursors.get(DEMO) == len(values))
    assert rooms.bodies() == values
    assert [one.offset for one in rooms.came["demo"]] == list(range(950))
    assert metrics.SANDBOX_RECORDS.labels("refused", "parse")._value.get() > judged


async def test_null_and_binary_mode_reach_the_room_as_bytes(broker: MemoryBroker) -> None:
    rooms = Rooms()
    put(broker, DEMO, None, b"\xff\x00")
    put(broker, DEMO, b'{"a":1}', headers=[("ce_id", b"x"), ("content-type", b"application/json")])
    async with running(broker, rooms):
        await until(lambda: len(rooms.came["demo"]) == 3)
    assert rooms.bodies()[:2] == [b"", b"\xff\x00"]
    assert msgspec.json.decode(rooms.bodies()[2])["data"] == {"a": 1}


async def test_a_busy_room_holds_up_nobody_else(broker: MemoryBroker) -> None:
    rooms = Rooms()
    rooms.busy["demo"] = asyncio.Event()
    put(broker, DEMO, b"slow")
    async with running(broker, rooms):
        for number in range(20):
            put(broker, OTHER, b"%d" % number)
            await until(lambda wanted=number + 1: broker.reader.cursors.get(OTHER) == wanted)  # type: ignore[misc]
        put(broker, DEMO, b"later")
        assert rooms.came["demo"] == []
        rooms.busy["demo"].set()
        await until(lambda: rooms.bodies() == [b"slow", b"later"])


async def test_a_room_that_dies_is_asked_again(broker: MemoryBroker) -> None:
    rooms = Rooms()
    rooms.ill["demo"] = 3
    put(broker, DEMO, b"a", b"b")
    async with running(broker, rooms):
        await until(lambda: broker.reader.cursors.get(DEMO) == 2)
    assert rooms.bodies() == [b"a", b"b"]


async def test_a_cursor_that_does_not_move_means_again_and_no_hole(broker: MemoryBroker) -> None:
    rooms = Rooms()
    rooms.busy["demo"] = asyncio.Event()
    put(broker, DEMO, b"a", b"b")
    async with running(broker, rooms):
        await until(lambda: broker.reader._positions.get(DEMO) == 2)
        broker.away = True
        rooms.busy["demo"].set()
        await until(lambda: len(rooms.came["demo"]) >= 4)
        broker.away = False
        await until(lambda: broker.reader.cursors.get(DEMO) == 2)
    assert set(rooms.bodies()) == {b"a", b"b"}


async def test_partitions_that_come_back_meanwhile_give_nothing_twice(broker: MemoryBroker) -> None:
    rooms = Rooms()
    rooms.busy["demo"] = asyncio.Event()
    put(broker, DEMO, b"a")
    async with running(broker, rooms):
        await until(lambda: broker.reader._positions.get(DEMO) == 1)
        broker.reader.rebalance()
        put(broker, DEMO, b"b")
        await until(lambda: broker.reader._positions.get(DEMO) == 2)
        rooms.busy["demo"].set()
        await until(lambda: broker.reader.cursors.get(DEMO) == 2)
    assert rooms.bodies() == [b"a", b"b"]


async def test_what_was_read_of_a_topic_that_is_gone_is_void(broker: MemoryBroker) -> None:
    rooms = Rooms()
    rooms.busy["demo"] = asyncio.Event()
    put(broker, DEMO, *[b"old"] * 100)
    async with running(broker, rooms) as arriving:
        await until(lambda: broker.reader._positions.get(DEMO) == 100)
        rooms.unsettled.add("demo")
        broker.topics[DEMO].clear()
        rooms.busy.pop("demo").set()
        await until(lambda: DEMO not in arriving._busy)
        put(broker, DEMO, b"new")
        rooms.unsettled.clear()
        arriving.made_anew("demo")
        await until(lambda: broker.reader.cursors.get(DEMO) == 1)
    assert rooms.bodies()[-1] == b"new"


async def test_a_topic_that_is_not_settled_is_not_read(broker: MemoryBroker) -> None:
    rooms = Rooms()
    rooms.unsettled.add("demo")
    put(broker, DEMO, b"a")
    async with running(broker, rooms) as arriving:
        put(broker, OTHER, b"b")
        await until(lambda: broker.reader.cursors.get(OTHER) == 1)
        assert rooms.came["demo"] == []
        rooms.unsettled.clear()
        arriving.made_anew("demo")
        await until(lambda: rooms.bodies() == [b"a"])


async def test_without_kafka_it_is_tried_again(broker: MemoryBroker) -> None:
    rooms = Rooms()
    broker.away = True
    put(broker, DEMO, b"a")
    async with running(broker, rooms):
        await asyncio.sleep(0)
        broker.away = False
        await until(lambda: rooms.bodies() == [b"a"])
