"""The ledger's process: follows event topics up to where the engine has judged, and dead letters to their end."""

from __future__ import annotations

import asyncio
import re
import time
from collections.abc import Callable, Mapping, Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, NamedTuple, Protocol

from structlog import get_logger

from cityhub.bus import metrics
from cityhub.bus.access import KafkaAccess
from cityhub.bus.errors import BusError
from cityhub.bus.log_reader import LogReader
from cityhub.bus.pause import pause
from cityhub.bus.publisher import RecordPublisher
from cityhub.bus.quarantine import PATTERN
from cityhub.bus.topics import PARTNERS, dead_letters
from cityhub.bus.vitals import KEEPING, Vitals
from cityhub.kpi.definition import Catalogue
from cityhub.kpi.errors import StoreUnavailable
from cityhub.kpi.ledger.book import KEEP_ORIGINS_MS, Book, Sender, Topic
from cityhub.kpi.observer import Answers, Observer
from cityhub.kpi.store import cursors
from cityhub.kpi.store.clocks import JOB
from cityhub.kpi.store.cursors import CursorMoved
from cityhub.kpi.store.database import Database
from cityhub.kpi.store.decisions import Choice
from cityhub.kpi.store.lease import Lease
from cityhub.kpi.store.tenure import LeaseLost, Tenure

log = get_logger()

EVERY_S = 2.0
_FORGET_EVERY_S = 600.0
_QUARANTINE = re.compile(PATTERN)


class Log(Protocol):
    """What is read; `bus.log_reader.LogReader`. Methods raise BusUnavailable."""

    async def partitions(self) -> Mapping[str, Sequence[int]]: ...
    async def all_bounds(self, topics: Mapping[str, Sequence[int]]) -> dict[str, dict[int, tuple[int, int]]]: ...
    def begin(self, topic: str, wanted: Mapping[int, tuple[int, int]]) -> None: ...
    async def some(self) -> dict[int, list[Any]]: ...


class Goal(NamedTuple):
    """When the ledger has come to the ends, each number that a sender has given out must have a verdict.

    Attributes:
        set_ms: when it was set; senders: (settled, sent) of each, as looked up before the ends. ends: by topic and
            partition.
    """

    set_ms: int
    senders: dict[Sender, tuple[int, int]]
    ends: dict[tuple[str, int], int]


class Stand(NamedTuple):
    """Last records by topic and partition: that are in the ledger, and that the engine has judged."""

    ledger: Mapping[tuple[str, int], int]
    engine: Mapping[tuple[str, int], int]

    def reached(self, topic: Topic, bounds: Mapping[int, tuple[int, int]]) -> dict[int, int]:
        """The last record of each partition that has its verdict."""
        if topic.horizon_ms is None:
            return {part: end - 1 for part, (_, end) in bounds.items()}
        return {part: min(self.engine.get((topic.name, part), -1), end - 1) for part, (_, end) in bounds.items()}


class Follower:
    """Brings the ledger up to date, step by step.

    Args:
        topics: event topics and dead letters; those that do not exist yet are left for later.
        clock_ms: wall clock, for people: since when something is missing.

    Attributes:
        complete_ms: everything appended before is in the ledger, as far as the broker's clock agrees; 0 = not known.
    """

    def __init__(
        self, book: Book, database: Database, topics: Sequence[Topic], job: str, clock_ms: Callable[[], int]
    ) -> None:
        self._book = book
        self._database = database
        self._topics = topics
        self._job = job
        self._clock_ms = clock_ms
        self._goal: Goal | None = None
        self.complete_ms = 0

    async def step(self, source: Log) -> dict[Sender, int] | None:
        """Take down what there is.

        Returns:
            Numbers without a verdict, by sender; None while it is too early to say.
        """
        there = await source.partitions()
        if first := self._goal is None:
            self._goal = Goal(self._clock_ms(), await self._passed(source, there), {})
        topics = [topic for topic in self._topics if topic.name in there]
        bounds = await source.all_bounds({topic.name: there[topic.name] for topic in topics})
        if first:
            ends = {(name, part): end for name, parts in bounds.items() for part, (_, end) in parts.items()}
            self._goal.ends.update(ends)
        stand = self._stand()
        for topic in topics:
            await self._follow(source, topic, bounds[topic.name], stand)
        stands = self._book.cursors()
        if any(stands.get(at, -1) < end - 1 for at, end in self._goal.ends.items()):
            return None
        goal, self._goal = self._goal, None
        self.complete_ms = goal.set_ms
        return self._book.settle(goal.senders, self._clock_ms())

    async def _passed(self, source: Log, there: Mapping[str, Sequence[int]]) -> dict[Sender, tuple[int, int]]:
        """By sender, numbers below which all must have a verdict, and numbers that were given out.

        The gate deletes what it has passed. A producer sends the next number when the one before was answered.
        """
        found = {sender: (end, end) for sender, end in self._book.producers().items()}
        incoming = {name: parts for name, parts in there.items() if _QUARANTINE.match(name)}
        for name, parts in (await source.all_bounds(incoming)).items():
            for part, bounds in parts.items():
                found[Sender(name.split(".")[2], "kafka", f"{name}/{part}")] = bounds
        return found

    def _stand(self) -> Stand:
        with self._database.snapshot() as connection:
            return Stand(self._book.cursors(), cursors.offsets(connection, self._job))

    async def _follow(self, source: Log, topic: Topic, bounds: Mapping[int, tuple[int, int]], stand: Stand) -> None:
        reached = stand.reached(topic, bounds)
        stands = {part: stand.ledger.get((topic.name, part), -1) for part in bounds}
        wanted: dict[int, tuple[int, int]] = {}
        for part, (first, _) in bounds.items():
            if first > stands[part] + 1:
                log.warning("ledger_gap", topic=topic.name, part=part, first=stands[part] + 1, last=first - 1)
            if (start := max(stands[part] + 1, first)) <= reached[part]:
                wanted[part] = start, reached[part]
        if not wanted:
            return
        source.begin(topic.name, wanted)
        while found := await source.some():
            for part, records in found.items():
                if records:
                    await asyncio.to_thread(self._book.enter, topic, part, stands[part], records)
                    stands[part] = records[-1].offset


def topics_of(catalogue: Catalogue) -> list[Topic]:
    """Every topic of the ledger: dead letters first, then events; those that a KPI reads with their horizon."""
    read = set(Choice(catalogue).topics)
    horizons: dict[str, int] = {}
    for contract in catalogue.contracts.values():
        horizons[contract.topic] = max(horizons.get(contract.topic, 0), contract.horizon_s * 1000)
    letters = [Topic(dead_letters(partner).name, letters=True) for partner in PARTNERS]
    return letters + [Topic(name, ms if name in read else None) for name, ms in sorted(horizons.items())]


async def serve(
    access: KafkaAccess,
    store: Path | str,
    stop: asyncio.Event,
    *,
    catalogue: Catalogue,
    vitals: Vitals,
    alive: Callable[[], None],
    answers: Answers = dict,
) -> None:
    """Keep the ledger, and observe the sources, until `stop` is set; trouble with store or broker is retried.

    Args:
        vitals: told of trouble, as `KEEPING`. answers: of feeds that tell when nothing happened.
        alive: called after each step that went well, also of a process that only waits for its turn.
    """
    database = Database(store)
    tenure = Tenure(Lease(database, "ledger"))
    book = Book(database, JOB, tenure.check, catalogue.contracts)
    try:
        async with (
            LogReader(access, client_id="cityhub-ledger") as source,
            RecordPublisher(access, client_id="cityhub-observer") as records,
        ):
            observer = Observer(database, catalogue.contracts, records, answers, tenure.check)
            turns = _Turns(Follower(book, database, topics_of(catalogue), JOB, _now_ms), observer, book, source)
            vitals.begin()
            while not stop.is_set():
                try:
                    if tenure.keep(int(time.monotonic() * 1000), _now_ms()):
                        await turns.one()
                    alive()
                except (BusError, StoreUnavailable, CursorMoved, LeaseLost) as error:
                    vitals.unwell(KEEPING, str(error))
                    log.warning("ledger_waits", reason=str(error), retry_s=EVERY_S)
                await pause(stop, EVERY_S)
        tenure.release()
    finally:
        database.close()


class _Turns:
    """One turn after the other; what is old is forgotten from time to time."""

    def __init__(self, follower: Follower, observer: Observer, book: Book, source: Log) -> None:
        self._follower = follower
        self._observer = observer
        self._book = book
        self._source = source
        self._forgot = 0.0

    async def one(self) -> None:
        missing = await self._follower.step(self._source)
        if missing is not None:
            self._tell(missing)
        await self._observer.run(datetime.fromtimestamp(self._follower.complete_ms / 1000, UTC))
        if time.monotonic() - self._forgot > _FORGET_EVERY_S:
            self._book.forget(_now_ms() - KEEP_ORIGINS_MS)
            self._forgot = time.monotonic()

    def _tell(self, missing: Mapping[Sender, int]) -> None:
        for partner in PARTNERS:
            lost = sum(count for sender, count in missing.items() if sender.partner == partner)
            metrics.MISSING.labels(partner).set(lost)
        for sender, count in missing.items():
            log.error("ledger_differs", partner=sender.partner, door=sender.door, sender=sender.name, missing=count)


def _now_ms() -> int:
    return int(time.time() * 1000)
