"""Who works on the store: workers and publishers over the real classes, each as a process that can die."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable, Coroutine, Sequence
from typing import Any

from cityhub.bus.errors import BusUnavailable
from cityhub.bus.topics import VALUES
from cityhub.bus.whole_topic import TopicRecord
from cityhub.kpi.kernel.effect import Evaluator
from cityhub.kpi.kernel.plan import Plan
from cityhub.kpi.publisher import KpiPublisher, Record, publisher
from cityhub.kpi.store.database import Database
from cityhub.kpi.store.writer import KpiWriter
from tests.unit.kpi.simulator.faults import Died
from tests.unit.kpi.simulator.log import Partition, Sent

JOB = "sim"


class Worker:
    """What `cityhub.kpi.worker` does with a writer, without Faust.

    Attributes:
        fetched: batches in hand, by partition, in their order; a zombie goes on with them.
        next: offset to fetch next of the partitions it has.
    """

    def __init__(self, database: Database, evaluator: Evaluator, kafka: dict[Partition, int]) -> None:
        self._make: Callable[[], KpiWriter] = lambda: KpiWriter(database, evaluator, JOB)
        self._kafka = kafka
        self.restart()

    def restart(self) -> None:
        """Another process in its place; it has no partition yet."""
        self.writer = self._make()
        self.fetched: dict[Partition, list[list[Sent]]] = {}
        self.next: dict[Partition, int] = {}

    def assign(self, at: Partition) -> None:
        """Start where the store stands; its cursor's own record is read once more."""
        start = self.start(at)
        self.fetched.pop(at, None)
        self.next[at] = start

    def start(self, at: Partition) -> int:
        return max(self.writer.position(*at).offset, 0)

    def fetch(self, at: Partition, records: Sequence[Sent]) -> None:
        """Take records in hand; they are applied later."""
        self.fetched.setdefault(at, []).append(list(records))
        self.next[at] = records[-1].offset + 1

    def apply(self, at: Partition) -> None:
        """Apply the oldest batch in hand; it is acknowledged once it is in the store."""
        batch = self.fetched[at][0]
        self.writer.apply(*at, batch)
        self.acknowledge(at, batch)

    def acknowledge(self, at: Partition, batch: Sequence[Sent]) -> None:
        self.fetched[at].pop(0)
        self._kafka[at] = batch[-1].offset + 1


class Topics:
    """The topics that publishers write. Attributes: records of the value topic and of the dead letters, in order."""

    def __init__(self, chance: Callable[[], float], between: Callable[[], None]) -> None:
        self._chance = chance
        self._between = between
        self.values: list[Record] = []
        self.letters: list[tuple[str, Record]] = []

    def heal(self) -> None:
        """From now on nothing fails."""
        self._chance = _never
        self._between = _nothing

    async def send(self, topic: str, records: Sequence[Record]) -> None:
        """May fail before or after the broker has them."""
        self._between()
        luck = self._chance()
        if luck < 0.03:
            raise BusUnavailable("the broker is away")
        if topic == VALUES:
            self.values += records
        else:
            self.letters += [(topic, record) for record in records]
        if luck < 0.06:
            raise BusUnavailable("the broker's answer is lost")
        if luck < 0.08:
            raise Died

    async def read(self) -> AsyncIterator[TopicRecord]:
        for key, value, headers in list(self.values):
            yield TopicRecord(key, value, dict(headers))


class Publisher:
    """A publisher process."""

    def __init__(self, database: Database, plans: Sequence[Plan], topics: Topics) -> None:
        self._make: Callable[[], KpiPublisher] = lambda: publisher(database, plans, JOB, topics, topics.read)
        self.restart()

    def restart(self) -> None:
        self.process = self._make()

    def attempt(self) -> None:
        drive(self.process.attempt())


def _never() -> float:
    return 1.0


def _nothing() -> None:
    pass


def drive(work: Coroutine[Any, Any, None]) -> None:
    """Run to its end what waits for nothing but its turn."""
    try:
        while True:
            work.send(None)
    except StopIteration:
        pass
