"""`du.in.<partner>.<stream>`: what partners' own Kafka clients wrote, read by the gate and then deleted.

A consumer group shares the partitions among gates. Its committed offset is the gate's cursor: it moves after everything
up to it was judged and acknowledged, so that a gate that is killed judges some records again, with the same outcome.
"""

from __future__ import annotations

from types import TracebackType
from typing import Any, NamedTuple, Self

from aiokafka import AIOKafkaConsumer, TopicPartition
from aiokafka.admin import AIOKafkaAdminClient, RecordsToDelete
from aiokafka.errors import KafkaError

from cityhub.bus.access import KafkaAccess
from cityhub.bus.publisher import as_bus_error

GROUP = "cityhub-gate"
PATTERN = r"^du\.in\.[a-z]+\..+$"
_NEW_TOPICS_MS = 10_000
_WAIT_MS = 500
_RECORDS = 1_000


class Stretch(NamedTuple):
    """Records of one partition, in offset order; each has offset, timestamp (epoch ms), key, value and headers."""

    topic: str
    part: int
    records: list[Any]


class Quarantine:
    """A member of the gates' group, as an async context manager. Methods raise BusUnavailable or BusRefused."""

    def __init__(self, access: KafkaAccess) -> None:
        self._access = access
        self._consumer = AIOKafkaConsumer(
            **access.aiokafka(),
            group_id=GROUP,
            client_id=GROUP,
            enable_auto_commit=False,
            auto_offset_reset="earliest",
            metadata_max_age_ms=_NEW_TOPICS_MS,
            max_partition_fetch_bytes=4 * 1024 * 1024,
        )
        self._admin = AIOKafkaAdminClient(**access.aiokafka(), client_id=GROUP)

    async def __aenter__(self) -> Self:
        try:
            await self._consumer.start()
            self._consumer.subscribe(pattern=PATTERN)
            await self._admin.start()
        except KafkaError as error:
            await self._close()
            raise as_bus_error(error, "the gate cannot start reading") from error
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, value: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self._close()

    async def some(self) -> list[Stretch]:
        """The next records of every partition that has any; none when nothing comes within half a second."""
        try:
            found = await self._consumer.getmany(timeout_ms=_WAIT_MS, max_records=_RECORDS)
        except KafkaError as error:
            raise as_bus_error(error, "the gate cannot read") from error
        return [Stretch(tp.topic, tp.partition, records) for tp, records in found.items()]

    async def done(self, stretch: Stretch) -> None:
        """Move the cursor behind a stretch, and delete what it has passed: nothing else may be read from there."""
        tp = TopicPartition(stretch.topic, stretch.part)
        behind = stretch.records[-1].offset + 1
        try:
            await self._consumer.commit({tp: behind})
            await self._admin.delete_records({tp: RecordsToDelete(before_offset=behind)})
        except KafkaError as error:
            raise as_bus_error(error, f"the gate's cursor in {stretch.topic}/{stretch.part} did not move") from error

    async def again(self, stretch: Stretch) -> None:
        """Give a stretch once more, if this gate still has its partition."""
        tp = TopicPartition(stretch.topic, stretch.part)
        if tp in self._consumer.assignment():
            self._consumer.seek(tp, stretch.records[0].offset)

    async def _close(self) -> None:
        await self._consumer.stop()
        await self._admin.close()
