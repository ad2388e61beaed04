"""Plain records: the same offsets, times and values as aiokafka's own, however often the reading is interrupted."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest
from aiokafka.client import AIOKafkaClient
from aiokafka.consumer.fetcher import Fetcher, FetchResult, PartitionRecords
from aiokafka.consumer.subscription_state import SubscriptionState
from aiokafka.record.default_records import DefaultRecord, DefaultRecordBatchBuilder
from aiokafka.record.memory_records import MemoryRecords
from aiokafka.structs import ConsumerRecord, TopicPartition

from cityhub.bus.plain_records import PlainFetcher, PlainRecords

AT = TopicPartition("du.evt.dvv.transit.v1", 3)
BATCHES, PER_BATCH = 3, 7


class State:
    """What a fetch result asks of a partition's state: its position."""

    active = True
    paused = False

    def __init__(self, position: int) -> None:
        self.position = position

    def state_value(self, _: TopicPartition) -> State:
        return self

    def consumed_to(self, position: int) -> None:
        self.position = position


def fetched(kind: type[PartitionRecords], start: int) -> FetchResult:
    """What a fetch from an offset within the first batch brings."""
    data = b""
    for number in range(BATCHES):
        builder = DefaultRecordBatchBuilder(2, 3, False, -1, -1, 0, 1 << 20)  # lz4
        for index in range(PER_BATCH):
            at = number * PER_BATCH + index
            builder.append(index, 1_000 + at, b"key", f"value {at}".encode(), [])
        batch = builder.build()
        data += (number * PER_BATCH).to_bytes(8) + bytes(batch[8:])
    records = kind(AT, MemoryRecords(data), [], start, None, None, False, 0)
    return FetchResult(AT, partition_records=records, assignment=State(start), backoff=0)


def drained(result: FetchResult, at_once: int) -> list[Any]:
    found = []
    while result.has_more():
        found += result.getall(at_once)
    return found


@pytest.mark.parametrize("at_once", [1, 4, 7, 100])
@pytest.mark.parametrize("start", [0, 5])
def test_the_same_records_however_they_are_taken(at_once: int, start: int) -> None:
    theirs, ours = fetched(PartitionRecords, start), fetched(PlainRecords, start)
    wrapped, plain = drained(theirs, at_once), drained(ours, at_once)
    assert [(r.offset, r.timestamp, r.timestamp_type, r.value) for r in plain] == [
        (r.offset, r.timestamp, r.timestamp_type, r.value) for r in wrapped
    ]
    assert [r.offset for r in plain] == list(range(start, BATCHES * PER_BATCH))
    assert {type(r) for r in wrapped} == {ConsumerRecord}
    assert {type(r) for r in plain} == {DefaultRecord}
    assert ours._assignment.position == theirs._assignment.position == BATCHES * PER_BATCH


def test_a_fetch_leaves_plain_records(monkeypatch: pytest.MonkeyPatch) -> None:
    fetcher = PlainFetcher.__new__(PlainFetcher)
    fetcher._records = {}

    async def fetch(self: Fetcher, *_: object) -> bool:
        self._records[AT] = fetched(PartitionRecords, 0)
        return True

    monkeypatch.setattr(Fetcher, "_proc_fetch_request", fetch)
    assert asyncio.run(fetcher._proc_fetch_request("assignment", 1, "request"))
    assert type(drained(fetcher._records[AT], 10)[0]) is DefaultRecord


class Nobody(AIOKafkaClient):  # type: ignore[misc] # untyped library
    """Brokers of which none answers: who asks for a leader is told so at once."""

    asked: list[float]

    def force_metadata_update(self) -> asyncio.Future[bool]:
        loop = asyncio.get_running_loop()
        self.asked.append(loop.time())
        done = loop.create_future()
        done.set_result(False)
        return done


async def test_where_no_broker_answers_it_asks_with_pauses() -> None:
    """Some hundred questions a second would take the processor that the broker needs to come back."""
    client, wanted, pause_s = Nobody(), SubscriptionState(), 0.02
    client.asked = []
    wanted.assign_from_user({AT})
    fetcher = PlainFetcher(client, wanted, retry_backoff_ms=pause_s * 1000)
    try:
        while len(client.asked) < 5:  # noqa: ASYNC110 - the fetcher has no event for it
            await asyncio.sleep(0)
    finally:
        await fetcher.close()
    assert client.asked[4] - client.asked[0] > 3 * pause_s
