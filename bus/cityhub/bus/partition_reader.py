"""Reading the log of single partitions from any offset on, beside whoever consumes it."""

from __future__ import annotations

from collections.abc import Sequence
from types import TracebackType
from typing import Any, Self

from aiokafka import AIOKafkaConsumer, TopicPartition
from aiokafka.errors import KafkaError, OffsetOutOfRangeError

from cityhub.bus.access import KafkaAccess
from cityhub.bus.errors import LogBroken
from cityhub.bus.publisher import as_bus_error

_WAIT_MS = 1_000
_RECORDS = 2_000


class PartitionReader:
    """Use as an async context manager. It belongs to no consumer group and commits nothing."""

    def __init__(self, access: KafkaAccess, *, client_id: str) -> None:
        self._consumer = AIOKafkaConsumer(
            **access.aiokafka(), client_id=client_id, enable_auto_commit=False, auto_offset_reset="none"
        )
        self._next: dict[TopicPartition, int] = {}
        self._last: dict[TopicPartition, Sequence[Any]] = {}

    async def __aenter__(self) -> Self:
        """Raises: BusUnavailable, BusRefused."""
        try:
            await self._consumer.start()
        except KafkaError as error:
            await self._consumer.stop()
            raise as_bus_error(error, "cannot read the log") from error
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, value: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self._consumer.stop()

    async def read(self, topic: str, part: int, first: int) -> Sequence[Any]:
        """Some records from an offset on, in order and without holes; none when nothing comes within a second.

        What is read again is kept: one batch per partition.

        Returns:
            Records with `offset`, `timestamp` (append time, epoch ms) and `value`.

        Raises:
            LogBroken: the log does not hold that offset any more.
            BusUnavailable: the broker does not answer.
        """
        tp = TopicPartition(topic, part)
        last = self._last.get(tp, ())
        if last and last[0].offset <= first <= last[-1].offset:
            return last[first - last[0].offset :]
        try:
            self._seek(tp, first)
            fetched = await self._consumer.getmany(tp, timeout_ms=_WAIT_MS, max_records=_RECORDS)
        except OffsetOutOfRangeError as error:
            raise LogBroken(
                f"{topic}/{part} does not hold offset {first} any more: what was removed from the log cannot be counted"
            ) from error
        except KafkaError as error:
            raise as_bus_error(error, f"cannot read {topic}") from error
        found: Sequence[Any] = fetched.get(tp, ())
        if found:
            self._last[tp], self._next[tp] = found, found[-1].offset + 1
        return found

    def _seek(self, tp: TopicPartition, first: int) -> None:
        if tp not in self._next:
            self._next[tp] = first
            self._consumer.assign(list(self._next))  # forgets where the others stood
            for known, offset in self._next.items():
                self._consumer.seek(known, offset)
        elif self._next[tp] != first:
            self._consumer.seek(tp, first)
            self._next[tp] = first
