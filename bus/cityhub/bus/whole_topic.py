"""Reading everything that a topic holds, once: for topics that keep the newest record of each key."""

from __future__ import annotations

from collections.abc import AsyncIterator
from typing import NamedTuple

from aiokafka import AIOKafkaConsumer, TopicPartition
from aiokafka.errors import KafkaError

from cityhub.bus.access import KafkaAccess
from cityhub.bus.errors import BusUnavailable
from cityhub.bus.publisher import as_bus_error

_SILENCE_S = 60
_RECORDS = 2_000


class TopicRecord(NamedTuple):
    """A record; `value` None = a tombstone."""

    key: bytes | None
    value: bytes | None
    headers: dict[str, bytes]


class WholeTopic:
    """A topic from its first record to the last one it holds when reading begins."""

    def __init__(self, access: KafkaAccess, topic: str, *, client_id: str) -> None:
        self._access = access
        self._topic = topic
        self._client_id = client_id

    async def records(self) -> AsyncIterator[TopicRecord]:
        """All records, in log order per partition.

        Raises:
            BusUnavailable: the topic does not exist, or the broker does not answer.
            BusRefused: login or permission is refused.
        """
        consumer = AIOKafkaConsumer(
            self._topic,
            **self._access.aiokafka(),
            client_id=self._client_id,
            enable_auto_commit=False,
            auto_offset_reset="earliest",
        )
        try:
            await consumer.start()
            async for record in self._read(consumer):
                yield record
        except KafkaError as error:
            raise as_bus_error(error, f"cannot read {self._topic}") from error
        finally:
            await consumer.stop()

    async def _read(self, consumer: AIOKafkaConsumer) -> AsyncIterator[TopicRecord]:
        found = consumer.partitions_for_topic(self._topic)
        if not found:
            raise BusUnavailable(f"topic {self._topic} does not exist; `cityhub topics` creates it")
        ends = await consumer.end_offsets([TopicPartition(self._topic, part) for part in found])
        while unread := [tp for tp, end in ends.items() if await consumer.position(tp) < end]:
            batches = await consumer.getmany(*unread, timeout_ms=_SILENCE_S * 1000, max_records=_RECORDS)
            if not batches:
                raise BusUnavailable(f"{self._topic} did not give what it holds within {_SILENCE_S} s")
            for records in batches.values():
                for record in records:
                    yield TopicRecord(record.key, record.value, dict(record.headers))
