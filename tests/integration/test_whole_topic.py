"""Reading a topic once, from the real broker: all of it, and an end."""

from __future__ import annotations

import asyncio

import pytest

from cityhub.bus import topics
from cityhub.bus.access import KafkaAccess
from cityhub.bus.errors import BusUnavailable
from cityhub.bus.publisher import RecordPublisher
from cityhub.bus.whole_topic import WholeTopic

LIMIT_S = 120


async def test_everything_is_read_once_and_empty_partitions_do_not_hold_it_up(kafka_access: KafkaAccess) -> None:
    spec = topics.TopicSpec("du.test.whole.v1", 4, (("cleanup.policy", "compact"),))
    topics.ensure(kafka_access, [spec])
    whole = WholeTopic(kafka_access, spec.name, client_id="test-whole")
    assert [record async for record in whole.records()] == []
    async with RecordPublisher(kafka_access, client_id="test") as publisher:
        sent = [(b"k%d" % (number % 7), b"v%d" % number, [("revision", b"%d" % number)]) for number in range(5_000)]
        await publisher.send(spec.name, sent)
    async with asyncio.timeout(LIMIT_S):
        found = [record async for record in whole.records()]
    assert {record.value for record in found} == {value for _, value, _ in sent}
    assert len(found) == len(sent)
    newest = {record.key: int(record.headers["revision"]) for record in found}
    assert newest == {b"k%d" % (number % 7): number for number in range(4_993, 5_000)}


async def test_a_topic_that_does_not_exist_is_named(kafka_access: KafkaAccess) -> None:
    with pytest.raises(BusUnavailable, match=r"du\.test\.nowhere"):
        async for _ in WholeTopic(kafka_access, "du.test.nowhere.v1", client_id="test-whole").records():
            pass
