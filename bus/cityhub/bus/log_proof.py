"""Does the log still hold what the store has read? A recreated or cut topic must never look like a replay."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping

from aiokafka import AIOKafkaConsumer, TopicPartition
from aiokafka.errors import KafkaError

from cityhub.bus.access import KafkaAccess
from cityhub.bus.errors import BusUnavailable, LogBroken
from cityhub.bus.publisher import as_bus_error

_READ_S = 60


async def partitions_of(access: KafkaAccess, topic: str) -> int:
    """Number of partitions.

    Raises:
        BusUnavailable: the topic does not exist (yet) or the broker does not answer.
    """
    consumer = _consumer(access)
    try:
        await consumer.start()
        found = consumer.partitions_for_topic(topic) or await _refreshed(consumer, topic)
    except KafkaError as error:
        raise as_bus_error(error, f"cannot look up {topic}") from error
    finally:
        await consumer.stop()
    if not found:
        raise BusUnavailable(f"topic {topic} does not exist; `cityhub topics` creates it")
    return len(found)


async def records_at(access: KafkaAccess, positions: Mapping[tuple[str, int], int]) -> dict[tuple[str, int], bytes]:
    """The records at the given offsets, to be compared with what the store remembers of them.

    Args:
        positions: (topic, partition) → offset, all ≥ 0.

    Raises:
        LogBroken: an offset lies outside the log; the message says what to do.
        BusUnavailable: the broker does not answer.
    """
    consumer = _consumer(access)
    found: dict[tuple[str, int], bytes] = {}
    try:
        await consumer.start()
        for (topic, part), offset in positions.items():
            tp = TopicPartition(topic, part)
            consumer.assign([tp])
            first, end = (await consumer.beginning_offsets([tp]))[tp], (await consumer.end_offsets([tp]))[tp]
            if offset >= end or offset + 1 < first:
                raise LogBroken(
                    f"{topic}/{part} holds offsets {first} to {end - 1}, but the store has read up to {offset}: the "
                    "topic was recreated or cut. Restore the topic, or move the store away to compute everything anew "
                    "from what the log holds"
                )
            if offset >= first:
                consumer.seek(tp, offset)
                record = await asyncio.wait_for(consumer.getone(tp), _READ_S)
                found[topic, part] = record.value
    except TimeoutError as error:
        raise BusUnavailable(f"a record that the log says it holds did not arrive within {_READ_S} s") from error
    except KafkaError as error:
        raise as_bus_error(error, "cannot prove the log") from error
    finally:
        await consumer.stop()
    return found


def _consumer(access: KafkaAccess) -> AIOKafkaConsumer:
    return AIOKafkaConsumer(**access.aiokafka(), client_id="cityhub-log-proof", enable_auto_commit=False)


async def _refreshed(consumer: AIOKafkaConsumer, topic: str) -> set[int]:
    await consumer.topics()
    return consumer.partitions_for_topic(topic) or set()
