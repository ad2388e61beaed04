"""The gate as a process on the real broker: killed again and again, every record has exactly one outcome."""

from __future__ import annotations

import time
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from uuid import uuid4

import pytest

from cityhub.bus import topics
from cityhub.bus.access import KafkaAccess
from cityhub.bus.log_reader import LogReader
from cityhub.bus.publisher import RecordPublisher
from cityhub.bus.whole_topic import TopicRecord, WholeTopic
from cityhub.sdk import codec
from tests.integration.bin_levels import level
from tests.integration.hub_processes import LIMIT_S, HubProcess
from tests.integration.servers import Kafka

EVENTS = topics.events("wbd", "bin")
LETTERS = topics.dead_letters("wbd")
RECORDS, BAD, KILLS = 6_000, 40, 4


@pytest.fixture
def gate(kafka: Kafka) -> Iterator[HubProcess]:
    """What other tests have left in their own topics goes to dead letters, too."""
    topics.ensure(kafka.access, [EVENTS, *map(topics.dead_letters, ("dvv", "gebag", "wbd"))])
    process = HubProcess(kafka.installation, "gate")
    yield process
    process.kill()


async def test_every_record_has_one_outcome_however_often_the_gate_is_killed(
    gate: HubProcess, kafka_access: KafkaAccess
) -> None:
    incoming, source = topics.quarantine("wbd", f"g{uuid4().hex[:8]}"), f"//wbd/{uuid4().hex}"
    topics.ensure(kafka_access, [incoming])
    events = [codec.encode(level(source, number)) for number in range(RECORDS)]
    bad = [b"no event %d" % number for number in range(BAD)]
    every = RECORDS // BAD
    mixed = [one for at in range(BAD) for one in (*events[at * every : (at + 1) * every], bad[at])]
    async with RecordPublisher(kafka_access, client_id="test") as publisher:
        await publisher.send(incoming.name, [(b"%d" % at, one, []) for at, one in enumerate(mixed)])

    async with LogReader(kafka_access, client_id="test") as log:

        async def left() -> int:
            found = await log.bounds(incoming.name, range(incoming.partitions))
            return sum(end - first for first, end in found.values())

        for turn in range(KILLS):
            before = await left()
            gate.start()
            await _until(left, max(0, before - 1), gate)
            gate.kill()
            assert turn or await left() < len(mixed)
        gate.start()
        await _until(left, 0, gate)

    passed = [codec.decode(one.value or b"") async for one in _records(kafka_access, EVENTS.name)]
    ids = {one.id for one in passed if one.source == source}
    assert ids == {codec.decode(one).id for one in events}
    letters = [one.headers async for one in _records(kafka_access, LETTERS.name)]
    origins = {one["dlq_origin"] for one in letters if one.get("dlq_origin", b"").startswith(incoming.name.encode())}
    assert len(origins) == BAD


async def _until(left: Callable[[], Awaitable[int]], at_most: int, gate: HubProcess) -> None:
    end = time.monotonic() + LIMIT_S
    while await left() > at_most:
        assert gate.lives(), "the gate ended by itself"
        assert time.monotonic() < end, "the gate does not go on"


async def _records(access: KafkaAccess, topic: str) -> AsyncIterator[TopicRecord]:
    async for record in WholeTopic(access, topic, client_id="test").records():
        yield record
