"""The archiver: what the store has judged goes from the log into the archive, each record once and with its verdict.

Its only memory is the archive's own end, so it can be killed at any moment. It reads up to the store's cursors and no
further: a record has its verdict, or none, once the cursor has passed it, and neither changes any more.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable, Iterable, Mapping
from contextlib import AbstractAsyncContextManager
from typing import Any, NamedTuple, Protocol

from structlog import get_logger

from cityhub.bus.archive.chain import State
from cityhub.bus.archive.columns import Refusals
from cityhub.bus.archive.progress import Round
from cityhub.bus.archive.storage import Storage
from cityhub.bus.archive.writer import TopicWriter, record_hash
from cityhub.bus.errors import ArchiveDamaged, ArchiveError, ArchiveMissing, ArchiveTaken, BusUnavailable, LogBroken
from cityhub.bus.pause import pause
from cityhub.sdk.contract import Contracts

log = get_logger()

COMMIT_RECORDS = 200_000
"""Records that wait in memory for their commit, but for what one fetch brings more."""
TURN_RECORDS = 100_000
"""Of one partition, before the next topic has its turn."""
EVERY_S = 60.0
_RETRY_S = 2.0
_ANEW = "restore the topic, or move the topic's archive away: a new one begins with what the log holds"
_BROKEN = (LogBroken, ArchiveDamaged, ArchiveMissing)
"""A person decides; other topics go on."""


class Judged(NamedTuple):
    """What the store says of a topic, in one snapshot.

    Attributes:
        reached: last judged offset per partition, −1 = none.
        refusals: verdicts per partition, on the records that were asked for.
    """

    reached: Mapping[int, int]
    refusals: Mapping[int, Refusals]


class Judge(Protocol):
    """Knows which records were judged, and how."""

    async def judged(self, topic: str, ends: Mapping[int, int], limit: int) -> Judged:
        """Verdicts on the `limit` records after each of `ends` (last archived offset per partition).

        Raises:
            BusUnavailable: it cannot tell now.
        """
        ...


class Log(Protocol):
    """Where records are read; `bus.log_reader.LogReader` is the real one, which says what is raised."""

    async def bounds(self, topic: str, parts: Iterable[int]) -> dict[int, tuple[int, int]]: ...

    def begin(self, topic: str, wanted: Mapping[int, tuple[int, int]]) -> None: ...

    async def some(self) -> dict[int, list[Any]]: ...


class Archiver:
    """One process's archiver.

    Args:
        open_log: a connection to the broker, made anew after trouble.
        contracts: all, retired ones too; their topics are archived.
        alone: holds off other writers of the archive; enters as False while another one is at work.
        upkeep: called after a topic's turn, with its state and the time; whether it wrote commits.
        tell: is told after every turn.
        every_s: between two turns; where a backlog is left, the next one begins at once.
    """

    def __init__(
        self,
        open_log: Callable[[], AbstractAsyncContextManager[Log]],
        storage: Storage,
        contracts: Contracts,
        judge: Judge,
        *,
        alone: Callable[[], AbstractAsyncContextManager[bool]],
        upkeep: Callable[[State, int], bool],
        tell: Callable[[Round], None],
        every_s: float = EVERY_S,
    ) -> None:
        self._open_log = open_log
        self._storage = storage
        self._contracts = contracts
        self._judge = judge
        self._alone = alone
        self._upkeep = upkeep
        self._tell = tell
        self._every_s = every_s
        self._committed_ms = 0
        self._writers: dict[str, TopicWriter] = {}

    async def run(self, stop: asyncio.Event) -> None:
        """Archive until `stop` is set; archive, store or broker that are away are waited for.

        Raises:
            LogBroken: the log is not the one that was archived, or has lost records.
            ArchiveDamaged, ArchiveMissing: the archive is not what was written.
            BusRefused: the broker refuses login or permission.
        """
        while not stop.is_set():
            try:
                async with self._open_log() as records:
                    self._writers.clear()
                    await self._turns(records, stop)
            except _BROKEN:
                raise
            except (BusUnavailable, ArchiveError) as error:
                log.warning("archiving_deferred", error=str(error), retry_s=_RETRY_S)
                await pause(stop, _RETRY_S)

    async def _turns(self, records: Log, stop: asyncio.Event) -> None:
        while not stop.is_set():
            async with self._alone() as alone:
                more = alone and await self._turn(records, stop)
            if not more:
                await pause(stop, self._every_s if alone else _RETRY_S)

    async def _turn(self, records: Log, stop: asyncio.Event) -> bool:
        """Every topic once; whether a backlog is left."""
        behind: dict[str, int] = {}
        broken: dict[str, Exception] = {}
        for topic in sorted({contract.topic for contract in self._contracts.values()}):
            if stop.is_set():
                return False
            try:
                behind[topic] = await self._archive(topic, records, stop)
            except _BROKEN as error:
                broken[topic] = error
        left = {topic: count for topic, count in behind.items() if count}
        self._tell(Round(now_ms(), self._committed_ms, left, {topic: str(one) for topic, one in broken.items()}))
        for one in broken.values():
            raise one
        return bool(left)

    async def _archive(self, topic: str, records: Log, stop: asyncio.Event) -> int:
        """A topic's turn. Returns: how many of the records that were judged when it began are left."""
        writer = self._writers.get(topic) or await self._open(topic, records)
        judged, ends = await self._judged(writer, records)
        wanted = {
            part: (ends[part] + 1, min(last, ends[part] + TURN_RECORDS))
            for part, last in judged.reached.items()
            if last > ends.get(part, last)
        }
        try:
            if wanted:
                records.begin(topic, wanted)
                await self._copy(writer, records, judged.refusals, stop)
            if await asyncio.to_thread(self._upkeep, writer.state, now_ms()):
                await asyncio.to_thread(writer.restart)
        except ArchiveTaken as error:
            log.warning("archive_taken", topic=topic, error=str(error))
            await asyncio.to_thread(writer.restart)
        return sum(
            max(0, last + 1 - (writer.next_offset(part) or ends[part] + 1))
            for part, last in judged.reached.items()
            if part in ends
        )

    async def _open(self, topic: str, records: Log) -> TopicWriter:
        """A topic's writer; the log must hold the record at which its archive ends, or at least the next one.

        Raises:
            LogBroken: it does not.
        """
        writer = await asyncio.to_thread(TopicWriter, self._storage, topic, self._contracts.of_topic(topic))
        ends = writer.state.ends
        there: dict[int, tuple[int, int]] = {}
        for part, (first, end) in (await records.bounds(topic, ends) if ends else {}).items():
            _check_bounds(f"{topic}/{part}", ends[part].last, first, end)
            if first <= ends[part].last:
                there[part] = (ends[part].last, ends[part].last)
        records.begin(topic, there)
        while found := await records.some():
            for part, (record,) in found.items():
                if record_hash(record.value or b"") != ends[part].hash:
                    raise LogBroken(
                        f"{topic}/{part} holds another record at offset {record.offset} than was archived: the topic "
                        f"was recreated; {_ANEW}"
                    )
        self._writers[topic] = writer
        return writer

    async def _judged(self, writer: TopicWriter, records: Log) -> tuple[Judged, dict[int, int]]:
        """What the store says, and after which offset each partition goes on; a new one begins with the log."""
        topic = writer.state.topic
        ends = {part: end.last for part, end in writer.state.ends.items()}
        judged = await self._judge.judged(topic, ends, TURN_RECORDS)
        if fresh := [part for part, last in judged.reached.items() if part not in ends and last >= 0]:
            ends |= {part: first - 1 for part, (first, _) in (await records.bounds(topic, fresh)).items()}
            judged = await self._judge.judged(topic, ends, TURN_RECORDS)
        return judged, ends

    async def _copy(
        self, writer: TopicWriter, records: Log, refusals: Mapping[int, Refusals], stop: asyncio.Event
    ) -> None:
        """What the log was told to read, in commits of bounded size; a stop ends it after any stretch."""
        while not stop.is_set() and (found := await records.some()):
            for part, stretch in found.items():
                await asyncio.to_thread(writer.add, part, stretch, refusals.get(part, {}))
            if writer.waiting >= COMMIT_RECORDS:
                await self._commit(writer)
        await self._commit(writer)

    async def _commit(self, writer: TopicWriter) -> None:
        if count := writer.waiting:
            self._committed_ms = now_ms()
            state = await asyncio.to_thread(writer.commit, self._committed_ms)
            log.info("archived", topic=state.topic, records=count, commit=state.number)


def _check_bounds(where: str, archived: int, first: int, end: int) -> None:
    if first > archived + 1:
        raise LogBroken(
            f"{where}: the log begins at offset {first}, the archive ends at {archived}: records {archived + 1} to "
            f"{first - 1} are lost to it; {_ANEW}"
        )
    if end <= archived:
        raise LogBroken(
            f"{where}: the log ends at offset {end - 1}, the archive at {archived}: the topic was recreated or cut; "
            f"{_ANEW}"
        )


def now_ms() -> int:
    """This machine's clock, for people and for grace periods; it decides nothing that is archived."""
    return int(time.time() * 1000)
