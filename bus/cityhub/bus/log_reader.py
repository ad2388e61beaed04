"""Reading logs beside whoever consumes them, without a consumer group: whoever reads remembers where it stands."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from types import TracebackType
from typing import Any, Self

from aiokafka import AIOKafkaConsumer, TopicPartition
from aiokafka.errors import KafkaError, OffsetOutOfRangeError

from cityhub.bus.access import KafkaAccess
from cityhub.bus.errors import BusUnavailable, LogBroken
from cityhub.bus.plain_records import PlainFetcher
from cityhub.bus.publisher import as_bus_error

_SILENCE_S = 60
_WAIT_MS = 1_000
_RECORDS = 2_000


class LogReader:
    """A consumer, as an async context manager. All methods raise BusUnavailable while the broker does not answer.

    Either bounded stretches are read, with `begin` and `some`, or partitions from anywhere on, with `read`.
    """

    def __init__(self, access: KafkaAccess, *, client_id: str) -> None:
        self._consumer = AIOKafkaConsumer(
            **access.aiokafka(), client_id=client_id, enable_auto_commit=False, auto_offset_reset="none"
        )
        self._left: dict[TopicPartition, int] = {}
        self._next: dict[TopicPartition, int] = {}
        self._last: dict[TopicPartition, Sequence[Any]] = {}

    async def __aenter__(self) -> Self:
        try:
            with _translated("cannot start reading"):
                await self._consumer.start()
        except BaseException:
            await self._consumer.stop()
            raise
        self._consumer._fetcher.__class__ = PlainFetcher
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, value: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self._consumer.stop()

    async def partitions(self) -> dict[str, list[int]]:
        """Every topic that this log-in may see, with its partitions.

        Asking one that is not there for its bounds takes until a time-out.
        """
        with _translated("cannot ask for topics"):
            cluster = await self._consumer._client.fetch_all_metadata()
        return {name: sorted(cluster.partitions_for_topic(name) or ()) for name in cluster.topics()}

    async def bounds(self, topic: str, parts: Iterable[int]) -> dict[int, tuple[int, int]]:
        """By partition, the first offset that the log still holds and the one that the next record will get."""
        return (await self.all_bounds({topic: parts}))[topic]

    async def all_bounds(self, topics: Mapping[str, Iterable[int]]) -> dict[str, dict[int, tuple[int, int]]]:
        """As `bounds`, of many topics with two questions."""
        tps = [TopicPartition(topic, part) for topic, parts in topics.items() for part in parts]
        with _translated(f"cannot ask for the bounds of {', '.join(topics)}"):
            firsts = await self._consumer.beginning_offsets(tps)
            ends = await self._consumer.end_offsets(tps)
        found: dict[str, dict[int, tuple[int, int]]] = {topic: {} for topic in topics}
        for tp in tps:
            found[tp.topic][tp.partition] = firsts[tp], ends[tp]
        return found

    async def at_time(self, topic: str, parts: Iterable[int], epoch_ms: int) -> dict[int, int | None]:
        """By partition, the first offset that was appended then or later; None = there is none yet."""
        asked = {TopicPartition(topic, part): epoch_ms for part in parts}
        with _translated(f"cannot ask {topic} for a time"):
            found = await self._consumer.offsets_for_times(asked)
        return {tp.partition: None if at is None else at.offset for tp, at in found.items()}

    def begin(self, topic: str, wanted: Mapping[int, tuple[int, int]]) -> None:
        """Read a topic from now on, and nothing else.

        Args:
            wanted: by partition, the first and the last offset, which the log holds.
        """
        self._left = {TopicPartition(topic, part): last for part, (_, last) in wanted.items()}
        self._consumer.assign(list(self._left))
        for part, (first, _) in wanted.items():
            self._consumer.seek(TopicPartition(topic, part), first)

    async def some(self) -> dict[int, list[Any]]:
        """The next records by partition, in offset order (each a `columns.LogRecord`); none when all were read.

        Raises:
            BusUnavailable: the log does not hold them any more, or the broker is silent; `bounds` tells.
        """
        found: dict[int, list[Any]] = {}
        while self._left and not found:
            with _translated("cannot read the log"):
                batches = await self._consumer.getmany(*self._left, timeout_ms=_SILENCE_S * 1000)
            if not batches:
                raise BusUnavailable(f"{next(iter(self._left)).topic} did not give what it holds in {_SILENCE_S} s")
            for tp, records in batches.items():
                last = self._left[tp]
                if records[-1].offset >= last:
                    del self._left[tp]
                    self._consumer.pause(tp)
                found[tp.partition] = [record for record in records if record.offset <= last]
        return found

    async def read(self, topic: str, part: int, first: int) -> Sequence[Any]:
        """Some records from an offset on, in order and without holes; none when nothing comes within a second.

        What may be read again is kept: one batch per partition.

        Raises:
            LogBroken: the log does not hold that offset any more.
        """
        tp = TopicPartition(topic, part)
        last = self._last.get(tp, ())
        if last and last[0].offset <= first <= last[-1].offset:
            return last[first - last[0].offset :]
        self._seek(tp, first)
        with _translated(f"cannot read {topic}"):
            try:
                fetched = await self._consumer.getmany(tp, timeout_ms=_WAIT_MS, max_records=_RECORDS)
            except OffsetOutOfRangeError as error:
                raise LogBroken(f"{topic}/{part} does not hold offset {first} any more") from error
        found: Sequence[Any] = fetched.get(tp, ())
        if found:
            self._last[tp], self._next[tp] = found, found[-1].offset + 1
        return found

    async def read_any(self, topic: str, firsts: Mapping[int, int]) -> dict[int, Sequence[Any]]:
        """Some records of any of these partitions, each from its offset on; none when nothing comes within a second.

        Raises:
            LogBroken: the log does not hold one of the offsets any more.
        """
        tps = {TopicPartition(topic, part): first for part, first in firsts.items()}
        for tp, first in tps.items():
            self._seek(tp, first)
        with _translated(f"cannot read {topic}"):
            try:
                found = await self._consumer.getmany(*tps, timeout_ms=_WAIT_MS, max_records=_RECORDS)
            except OffsetOutOfRangeError as error:
                raise LogBroken(f"{topic} does not hold all of {dict(firsts)} any more") from error
        self._next |= {tp: records[-1].offset + 1 for tp, records in found.items() if records}
        return {tp.partition: records for tp, records in found.items() if records}

    def _seek(self, tp: TopicPartition, first: int) -> None:
        if tp not in self._next:
            self._next[tp] = first
            self._consumer.assign(list(self._next))  # forgets where the others stood
            for known, offset in self._next.items():
                self._consumer.seek(known, offset)
        elif self._next[tp] != first:
            self._consumer.seek(tp, first)
            self._next[tp] = first


@contextmanager
def _translated(what: str) -> Iterator[None]:
    try:
        yield
    except KafkaError as error:
        raise as_bus_error(error, what) from error
