"""Does the log still hold what the store has read? A recreated or cut topic must never look like a replay."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Iterable, Mapping
from contextlib import asynccontextmanager
from typing import NamedTuple

from aiokafka import AIOKafkaConsumer, TopicPartition
from aiokafka.errors import KafkaError
from kafka import KafkaAdminClient
from kafka.errors import KafkaError as PlainKafkaError

from cityhub.bus.access import KafkaAccess
from cityhub.bus.errors import BusUnavailable, LogBroken
from cityhub.bus.publisher import as_bus_error

_READ_S = 60


class TopicState(NamedTuple):
    """A topic as the broker has it: Kafka's own id, which another topic of that name would not have."""

    id: str
    partitions: int


def topic_states(access: KafkaAccess, topics: Iterable[str]) -> dict[str, TopicState]:
    """What the broker says of topics.

    Raises:
        BusUnavailable: a topic does not exist (yet) or the broker does not answer.
    """
    wanted = list(topics)
    try:
        admin = KafkaAdminClient(**access.kafka_python(), client_id="cityhub-log-proof", request_timeout_ms=60_000)
        try:
            told = admin.describe_topics(wanted)
        finally:
            admin.close()
    except PlainKafkaError as error:
        raise BusUnavailable(f"cannot ask for topics: {type(error).__name__}: {error}") from error
    found = {one["name"]: TopicState(str(one["topic_id"]), len(one["partitions"])) for one in told}
    if missing := [topic for topic in wanted if topic not in found or not found[topic].partitions]:
        raise BusUnavailable(f"topic {', '.join(missing)} does not exist; `cityhub topics` creates it")
    return found


async def records_at(access: KafkaAccess, positions: Mapping[tuple[str, int], int]) -> dict[tuple[str, int], bytes]:
    """The records at the given offsets, to be compared with what the store remembers of them.

    Args:
        positions: (topic, partition) → offset, all ≥ 0.

    Raises:
        LogBroken: an offset lies outside the log; the message says what to do.
        BusUnavailable: the broker does not answer.
    """
    wanted = {TopicPartition(*at): offset for at, offset in positions.items()}
    if not wanted:
        return {}
    async with _consumer(access) as consumer:
        firsts, ends = await consumer.beginning_offsets(list(wanted)), await consumer.end_offsets(list(wanted))
        for tp, offset in wanted.items():
            _check_holds(tp, offset, firsts[tp], ends[tp])
        there = [tp for tp, offset in wanted.items() if offset >= firsts[tp]]
        consumer.assign(there)  # all at once: they are fetched side by side
        for tp in there:
            consumer.seek(tp, wanted[tp])
        records = [await asyncio.wait_for(consumer.getone(tp), _READ_S) for tp in there]
    return {(record.topic, record.partition): record.value or b"" for record in records}


def _check_holds(tp: TopicPartition, offset: int, first: int, end: int) -> None:
    """Raise unless the log reaches to the offset; retention may have removed that record, but nothing after it."""
    if offset >= end or offset + 1 < first:
        raise LogBroken(
            f"{tp.topic}/{tp.partition} holds offsets {first} to {end - 1}, but the store has read up to {offset}: the "
            "topic was recreated or cut. Restore the topic, or move the store away to compute everything anew from "
            "what the log holds"
        )


@asynccontextmanager
async def _consumer(access: KafkaAccess) -> AsyncIterator[AIOKafkaConsumer]:
    consumer = AIOKafkaConsumer(**access.aiokafka(), client_id="cityhub-log-proof", enable_auto_commit=False)
    try:
        await consumer.start()
        await asyncio.sleep(0)  # a consumer that stops before its tasks ran fails
        yield consumer
    except TimeoutError as error:
        raise BusUnavailable(f"a record that the log says it holds did not arrive within {_READ_S} s") from error
    except KafkaError as error:
        raise as_bus_error(error, "cannot look into the log") from error
    finally:
        await consumer.stop()
