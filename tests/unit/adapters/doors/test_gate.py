"""The gate says what the HTTP door says, and the same again after a death at any step."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from typing import NamedTuple

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from msgspec.structs import replace

from cityhub.adapters.doors.gate import Gate
from cityhub.bus.errors import BusUnavailable
from cityhub.bus.publisher import Outgoing
from cityhub.bus.quarantine import Stretch
from cityhub.sdk import codec
from tests.unit.adapters.doors.test_http import TOPIC
from tests.unit.adapters.doors.world import CONTRACTS, NOW, Broker, World, event, largest

IN = "du.in.wbd.bins"
STRUCTURED = [("content-type", codec.STRUCTURED.encode())]


class Record(NamedTuple):
    offset: int
    timestamp: int
    key: bytes | None
    value: bytes | None
    headers: Sequence[tuple[str, bytes | None]]


def log(*values: bytes | None, headers: Sequence[tuple[str, bytes | None]] = STRUCTURED) -> list[Record]:
    at = int(NOW.timestamp() * 1000)
    return [Record(number, at, None, value, headers) for number, value in enumerate(values)]


class Log:
    """One partition with a cursor, read three records at a time; ends the gate when everything was passed on."""

    def __init__(self, records: list[Record], stop: asyncio.Event, topic: str = IN) -> None:
        self.records, self.stop, self.topic = records, stop, topic
        self.cursor = self.at = 0

    async def some(self) -> list[Stretch]:
        if self.cursor == len(self.records):
            self.stop.set()
        found = self.records[self.at : self.at + 3]
        self.at += len(found)
        return [Stretch(self.topic, 0, found)] if found else []

    async def done(self, stretch: Stretch) -> None:
        self.cursor = stretch.records[-1].offset + 1

    async def again(self, stretch: Stretch) -> None:
        self.at = stretch.records[0].offset


class Unsteady(Broker):
    """Fails at the calls that it is told; a failed call has written the first half of its records."""

    def __init__(self, fails: Sequence[int]) -> None:
        super().__init__()
        self.calls, self.fails = 0, set(fails)

    async def send(self, topic: str, records: Sequence[Outgoing]) -> list[tuple[int, int]]:
        self.calls += 1
        if self.calls in self.fails:
            await super().send(topic, records[: len(records) // 2])
            raise BusUnavailable("cut")
        return await super().send(topic, records)


async def passed(records: list[Record], broker: Broker, topic: str = IN) -> Broker:
    stop = asyncio.Event()
    await Gate(Log(records, stop, topic), broker, CONTRACTS, retry_s=0).run(stop)
    return broker


MIXED = [
    codec.encode(event(1)),
    codec.encode(event(2, fill=1.2)),
    None,
    b"{",
    codec.encode(event(3)),
    codec.encode(event(4, fill=0.5, mac="aa")),
    codec.encode(event(1)),
    codec.encode(event(5)),
]


@pytest.mark.parametrize("value", MIXED)
async def test_kafka_and_http_say_the_same(value: bytes | None) -> None:
    broker = await passed(log(value), Broker())
    world = World()
    await world.post(value or b"")
    assert [one.partitionkey for one in broker.events(TOPIC)] == [
        one.partitionkey for one in world.broker.events(TOPIC)
    ]
    told, over_http = broker.letters(), world.broker.letters()
    names = ("dlq_reason", "dlq_error", "dlq_attribute", "dlq_sha256", "dlq_kept", "dlq_bytes")
    assert [(kept, [headers.get(name) for name in names]) for kept, headers in told] == [
        (kept, [headers.get(name) for name in names]) for kept, headers in over_http
    ]
    assert all(headers["dlq_topic"] == IN and headers["dlq_origin"] == f"{IN}/0/0" for _, headers in told)


async def test_binary_mode_of_the_kafka_binding() -> None:
    said, body = codec.encode_binary(replace(event(), synthetic=True))
    headers = [(name.replace("ce-", "ce_"), text.encode()) for name, text in said.items()]
    broker = await passed(log(body, headers=headers), Broker())
    assert broker.events(TOPIC) == [replace(event(), synthetic=True)]
    assert dict(broker.topics[TOPIC][0][2])["cityhub_origin"] == b"kafka:du.in.wbd.bins/0/0"


async def test_another_partners_events_are_refused_by_the_topic_they_came_in() -> None:
    broker = await passed(log(codec.encode(event())), Broker(), "du.in.dvv.transit")
    assert [headers["dlq_reason"] for _, headers in broker.letters("dvv")] == ["foreign_partner"]


@settings(max_examples=150, deadline=None)
@given(st.lists(st.integers(1, 30), max_size=12))
def test_every_record_has_exactly_one_outcome_however_often_writing_fails(fails: list[int]) -> None:
    due = asyncio.run(passed(log(*MIXED), Broker()))
    found = asyncio.run(passed(log(*MIXED), Unsteady(fails)))

    def outcomes(broker: Broker) -> set[tuple[str, str]]:
        accepted = {("accepted", one.id) for one in broker.events(TOPIC)}
        return accepted | {(headers["dlq_reason"], headers["dlq_origin"]) for _, headers in broker.letters()}

    assert outcomes(found) == outcomes(due)
    assert len(outcomes(due)) == len(set(MIXED))


async def test_a_record_that_grows_beyond_the_limit_by_its_key_does_not_stop_the_gate() -> None:
    broker = await passed(log(largest(), codec.encode(event())), Broker())
    assert [headers["dlq_reason"] for _, headers in broker.letters()] == ["size"]
    assert broker.events(TOPIC) == [event()]
