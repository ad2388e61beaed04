"""The worker's watch: it ends a process that does no good, and settles quiet partitions."""

from __future__ import annotations

import asyncio
import gc
import time
from collections.abc import Awaitable, Callable, Mapping, Sequence

from faust.types import TP
from msgspec import Struct
from structlog import get_logger

from cityhub.bus import metrics
from cityhub.bus.batch_consumer import BatchApp
from cityhub.bus.broker_clock import BrokerClock
from cityhub.bus.errors import BusUnavailable, LogBroken
from cityhub.bus.vitals import COUNTING, JOINED, Vitals

log = get_logger()

STALL_S = 120.0
"""No progress for this long while the log holds more: the process ends, so that a healthy one takes over."""
EVERY_S = 5.0
_ASK_S = 30.0

Cursors = Callable[[], Awaitable[Mapping[tuple[str, int], int]]]
"""Last applied offset of every partition of the job."""
Complete = Callable[[str, int, int, int], Awaitable[None]]
"""(topic, partition, log's end, time): everything appended before the time lies before that end, and is applied."""


class Goal(Struct, frozen=True):
    """The log's end as it was after an instant of the broker's clock: reaching it proves that all before is counted."""

    end: int
    asked_ms: int


class Seen(Struct, frozen=True):
    """A partition's cursor, and since when (monotonic seconds) it has not moved although the log holds more."""

    offset: int
    since: float


class Watch:
    """Looks every few seconds at the whole job, whoever its partitions are assigned to.

    Args:
        cursors: the store's answer. complete: tells the store up to when a partition is complete.
        vitals: told with every look, as `COUNTING` and `JOINED`.
    """

    def __init__(
        self,
        app: BatchApp,
        clock: BrokerClock,
        topics: Sequence[str],
        cursors: Cursors,
        complete: Complete,
        *,
        vitals: Vitals | None = None,
    ) -> None:
        self._vitals = vitals or Vitals()
        self._app = app
        self._clock = clock
        self._topics = topics
        self._cursors = cursors
        self._complete = complete
        self._goals: dict[tuple[str, int], Goal] = {}
        self._seen: dict[tuple[str, int], Seen] = {}
        self._completed: dict[tuple[str, int], int] = {}

    async def run(self) -> None:
        """Look until cancelled.

        Raises:
            BusUnavailable: a partition that nobody else can be working on stands still; start the process again.
            LogBroken: the log ends before the store's cursor.
        """
        while True:
            try:
                asked_ms = await asyncio.wait_for(self._clock.now_ms(), _ASK_S)
                cursors = {key: offset for key, offset in (await self._cursors()).items() if key[0] in self._topics}
                ends = await asyncio.wait_for(self._ends(cursors), _ASK_S)
            except Exception as error:  # noqa: BLE001 - the client reconnects by itself; meanwhile nothing is known
                self._vitals.unwell(COUNTING, f"the log's end is not known: {error!r}")
                log.warning("log_end_unknown", error=repr(error))
            else:
                await self.judge(ends, cursors, asked_ms, time.monotonic())
                self._vitals.well(COUNTING)
                if self._app.consumer_generation_id:  # a spare worker is a member, too, and has no partitions
                    self._vitals.well(JOINED)
            gc.collect()  # it is switched off while batches run
            await asyncio.sleep(EVERY_S)

    async def judge(
        self, ends: Mapping[tuple[str, int], int], cursors: Mapping[tuple[str, int], int], asked_ms: int, now: float
    ) -> None:
        """Compare what the log holds with what the store has; errors as `run`.

        Args:
            asked_ms: broker's time, asked before the ends. now: monotonic seconds.
        """
        mine = {(tp.topic, tp.partition) for tp in self._app.consumer.assignment() if tp.topic in self._topics}
        self._measure(ends, cursors, len(mine))
        for key, end in ends.items():
            offset = cursors.get(key, -1)
            if offset >= end:
                raise LogBroken(
                    f"{key[0]}/{key[1]} ends at offset {end - 1}, but the store has read up to {offset}: it was cut "
                    "or recreated. Restore the topic, or move the store away to compute everything anew"
                )
            self._check_progress(key, offset, end, now, mine=key in mine or not mine)
            goal = self._goals.get(key)
            if offset + 1 == end:
                goal = Goal(end, asked_ms)
            if goal is not None and offset + 1 >= goal.end:
                await self._complete(*key, goal.end, goal.asked_ms)
                self._completed[key] = goal.asked_ms
                goal = None
            self._goals[key] = goal or Goal(end, asked_ms)

    def _measure(
        self, ends: Mapping[tuple[str, int], int], cursors: Mapping[tuple[str, int], int], assigned: int
    ) -> None:
        metrics.PARTITIONS.set(assigned)
        for topic in {topic for topic, _ in ends}:
            keys = [key for key in ends if key[0] == topic]
            metrics.LAG.labels(topic).set(sum(ends[key] - 1 - cursors.get(key, -1) for key in keys))
            if all(key in self._completed for key in keys):
                metrics.COMPLETE.labels(topic).set(min(self._completed[key] for key in keys) / 1000)

    def _check_progress(self, key: tuple[str, int], offset: int, end: int, now: float, *, mine: bool) -> None:
        before = self._seen.get(key)
        if before is None or before.offset != offset or offset + 1 >= end:
            self._seen[key] = Seen(offset, now)
        elif mine and now - before.since > STALL_S:
            raise BusUnavailable(
                f"no progress in {key[0]}/{key[1]} for {STALL_S:.0f} s at {offset}, the log ends at {end}"
            )

    async def _ends(self, partitions: Mapping[tuple[str, int], int]) -> dict[tuple[str, int], int]:
        found = await self._app.consumer.highwaters(*(TP(*key) for key in partitions))
        return {(tp.topic, tp.partition): end for tp, end in found.items()}
