"""`du.in.<partner>.<stream>` and `sbx.<tenant>.in`: what others' own Kafka clients wrote, read once and then deleted.

A consumer group shares the partitions among readers. Its committed offset is their cursor: it moves after everything
up to it was judged and acknowledged, so that a reader that is killed judges some records again, with the same outcome.
"""

from __future__ import annotations

from types import TracebackType
from typing import Any, NamedTuple, Self

from aiokafka import AIOKafkaConsumer, TopicPartition
from aiokafka.admin import AIOKafkaAdminClient, RecordsToDelete
from aiokafka.errors import KafkaError

from cityhub.bus.access import KafkaAccess
from cityhub.bus.publisher import as_bus_error
from cityhub.bus.wary_records import WaryFetcher

GROUP = "cityhub-gate"
PATTERN = r"^du\.in\.[a-z]+\..+$"
SANDBOX_GROUP = "cityhub-sandbox"
SANDBOX_PATTERN = r"^sbx\.[a-z0-9-]+\.in$"
_NEW_TOPICS_MS = 10_000
_WAIT_MS = 500
_RECORDS = 1_000


class Stretch(NamedTuple):
    """Records of one partition, in offset order; each has offset, timestamp (epoch ms), key, value and headers."""

    topic: str
    part: int
    records: list[Any]


class Quarantine:
    """A member of a group, as an async context manager. Methods raise BusUnavailable or BusRefused.

    Args:
        pattern: names of the topics that the group reads. wary: batches are looked at first, see `wary_records`.
    """

    def __init__(self, access: KafkaAccess, group: str = GROUP, pattern: str = PATTERN, *, wary: bool = False) -> None:
        self._wary = wary
        self._group = group
        self._pattern = pattern
        self._held: set[TopicPartition] = set()
        self._consumer = AIOKafkaConsumer(
            **access.aiokafka(),
            group_id=group,
            client_id=group,
            enable_auto_commit=False,
            auto_offset_reset="earliest",
            metadata_max_age_ms=_NEW_TOPICS_MS,
            max_partition_fetch_bytes=4 * 1024 * 1024,
        )
        self._admin = AIOKafkaAdminClient(**access.aiokafka(), client_id=group)

    async def __aenter__(self) -> Self:
        try:
            await self._consumer.start()
            if self._wary:
                self._consumer._fetcher.__class__ = WaryFetcher
            self._consumer.subscribe(pattern=self._pattern)
            await self._admin.start()
        except KafkaError as error:
            await self._close()
            raise as_bus_error(error, f"{self._group} cannot start reading") from error
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
            raise as_bus_error(error, f"{self._group} cannot read") from error
        return [Stretch(tp.topic, tp.partition, records) for tp, records in found.items()]

    async def done(self, stretch: Stretch) -> None:
        """Move the cursor behind a stretch, and delete what it has passed: nothing else may be read from there."""
        tp = TopicPartition(stretch.topic, stretch.part)
        behind = stretch.records[-1].offset + 1
        try:
            await self._consumer.commit({tp: behind})
            await self._admin.delete_records({tp: RecordsToDelete(before_offset=behind)})
        except KafkaError as error:
            what = f"the cursor of {self._group} in {stretch.topic}/{stretch.part} did not move"
            raise as_bus_error(error, what) from error
        if tp in self._held:
            self._go_on(tp, behind)

    async def again(self, stretch: Stretch) -> None:
        """Give a stretch once more, if this reader still has its partition."""
        self._go_on(TopicPartition(stretch.topic, stretch.part), stretch.records[0].offset)

    def hold(self, stretch: Stretch) -> None:
        """Give nothing more of its partition until the stretch is done, or given again."""
        tp = TopicPartition(stretch.topic, stretch.part)
        self._held.add(tp)
        if tp in self._consumer.assignment():
            self._consumer.pause(tp)

    def begin_again(self, topic: str) -> None:
        """A topic of one partition was made anew: what was held of it is void."""
        self._go_on(TopicPartition(topic, 0), 0)

    def _go_on(self, tp: TopicPartition, offset: int) -> None:
        self._held.discard(tp)
        if tp in self._consumer.assignment():
            self._consumer.seek(tp, offset)
            self._consumer.resume(tp)

    async def _close(self) -> None:
        await self._consumer.stop()
        await self._admin.close()
