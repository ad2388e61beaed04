"""One seed: a log, who works on it, and what goes wrong."""

from __future__ import annotations

from collections.abc import Callable
from functools import cache
from random import Random

from cityhub.kpi.errors import StoreUnavailable
from cityhub.kpi.store.writer import GapInLog, OtherLog
from tests.unit.kpi.simulator import city
from tests.unit.kpi.simulator.actors import Publisher, Topics, Worker
from tests.unit.kpi.simulator.engine import CURSED_DIGESTS, engine
from tests.unit.kpi.simulator.expected import digest_of
from tests.unit.kpi.simulator.faults import Died, Fault, FaultyDatabase, How
from tests.unit.kpi.simulator.log import CURSED, Log, Partition, Sent
from tests.unit.kpi.simulator.outcome import Outcome

PROFILES = (
    ("R01",),
    ("S01",),
    ("W01",),
    ("L01",),
    ("D01",),
    ("J01",),
    ("J01",),
    ("C01",),
    ("R01", "W01"),
    ("D01", "C01"),
    ("P01",),
    ("P01",),
)
LEASE_OUT_MS = 16_000
PUBLISHED_EVERY = 16
"""Of so many seeds one has publishers: they take most of the time."""
Say = Callable[[str], None]


class Violation(Exception):  # noqa: N818 - a finding
    """The engine did what it must not."""


class Simulation:
    """One seed under way.

    Attributes:
        visible: how many records of each partition are in the log by now.
        now_ms: the broker's clock.
    """

    def __init__(self, seed: int, say: Say) -> None:
        self.rng = Random(seed)  # noqa: S311 - a seeded simulation
        self.say = say
        ids = self.rng.choice(PROFILES)
        self.engine = engine(ids)
        self.publishes = seed % PUBLISHED_EVERY == 0
        types = {source.type for plan in self.engine.plans for source in plan.definition.sources.values()}
        if city.QUANTITIES in self.engine.topics:
            types.add(city.REFERENCE)
        self.log = Log(self.rng, tuple(sorted(types)), self.engine.topics, 20 if self.publishes else 11)
        CURSED_DIGESTS.clear()
        for records in self.log.parts.values():
            CURSED_DIGESTS.update(digest_of(s.sample) for s in records if s.sample and s.sample.subject == CURSED)
        self.visible = dict.fromkeys(self.log.parts, 0)
        self._appended = 0
        self.now_ms = self.log.start_ms
        self.kafka = dict.fromkeys(self.log.parts, 0)
        self.database = store()
        self.database.empty()
        self.workers = [Worker(self.database, self.engine, self.kafka) for _ in range(2)]
        self.topics = Topics(self.rng.random, self._between)
        plans = self.engine.plans
        self.publishers = [Publisher(self.database, plans, self.topics) for _ in range(2)] if self.publishes else []
        for at in self.log.parts:  # before it reads anything a worker makes all cursors: labels and cells need them
            self.workers[0].writer.position(*at)
        self._busy: set[int] = set()
        say(f"{ids} {'published' if self.publishes else ''}: {len(self.log.order)} records")

    def run(self) -> Outcome:
        """Everything until the log is drained."""
        try:
            self.database.between = self._between
            for _ in range(self.rng.randint(8, 14) if self.publishers else self.rng.randint(3, 7)):
                self._step()
        finally:
            self.database.between = _nothing
        self._drain()
        return Outcome(
            self.database, self.engine.plans, self.log, self.topics if self.publishes else None, self.settled
        )

    def _step(self) -> None:
        luck = self.rng.random()
        if self.publishers and luck > 0.8:
            self._publish()
        elif luck < 0.25 or not self._appended:
            self._append(self.rng.randint(1, 5))
        elif luck < 0.70:
            self._work()
        elif luck < 0.76:
            self._offer()
        elif luck < 0.82:
            self._complete()
        elif luck < 0.95:
            self._work()
        else:
            self.now_ms += LEASE_OUT_MS

    def _append(self, count: int) -> None:
        for at in self.log.order[self._appended : self._appended + count]:
            self.now_ms = max(self.now_ms, self.log.parts[at][self.visible[at]].timestamp)
            self.visible[at] += 1
        self._appended = min(self._appended + count, len(self.log.order))

    def _between(self) -> None:
        """Now and then another process acts between two transactions of one."""
        if len(self._busy) == 1 and self.rng.random() < (0.3 if self.publishers else 0.12):
            with self.database.failing(None):
                self._append(self.rng.randint(0, 2))
                self._work()
                if self.publishers and self.rng.random() < 0.4:
                    self._take_over()

    def _take_over(self) -> None:
        """The one process stands still for so long that another becomes the publisher."""
        free = [publisher for publisher in self.publishers if id(publisher) not in self._busy]
        for _ in range(2):  # it must have seen the lease stand still
            self.now_ms += LEASE_OUT_MS
            self._acting(free[0], free[0].attempt, "another publisher")

    def _fault(self) -> Fault | None:
        if len(self._busy) or self.rng.random() > 0.3:
            return None
        how = self.rng.choice(tuple(How))
        if self.rng.random() < 0.4:
            return Fault(how, commit=self.rng.randint(1, 3), committed=self.rng.random() < 0.6)
        return Fault(how, statement=self.rng.randint(1, 30))

    def _acting(self, actor: Worker | Publisher, act: Callable[[], None], what: str) -> None:
        """Let an actor act; it may die of it, or find the store away."""
        fault = self._fault()
        self.say(f"{'  ' * len(self._busy)}{what} {fault or ''}")
        self._busy.add(id(actor))
        try:
            with self.database.failing(fault):
                act()
        except Died:
            self.say("  died")
            actor.restart()
        except StoreUnavailable as error:
            self.say(f"  {error}")
        except (GapInLog, OtherLog) as error:
            raise Violation(f"{what}: {error!r}") from error
        finally:
            self._busy.discard(id(actor))

    def _work(self) -> None:
        """A worker takes a partition, fetches, or applies what it has in hand."""
        at = self.rng.choice(list(self.visible))
        free = [number for number, worker in enumerate(self.workers) if id(worker) not in self._busy]
        if not free or not self.visible[at]:
            return
        number = self.rng.choice(free)
        worker = self.workers[number]
        if at not in worker.next or self.rng.random() < 0.12:
            self._acting(worker, lambda: worker.assign(at), f"worker {number} gets {at}")
        start = worker.next.get(at, self.visible[at])
        if start < self.visible[at] and self.rng.random() < 0.8:
            count = self.rng.choice((1, 2, 3, 5, 20))
            worker.fetch(at, self.log.parts[at][start : min(start + count, self.visible[at])])
        if worker.fetched.get(at) and self.rng.random() < 0.9:
            first = worker.fetched[at][0]
            self._acting(
                worker, lambda: worker.apply(at), f"worker {number} applies {at} {first[0].offset}+{len(first)}"
            )

    def _offer(self) -> None:
        """What must be refused: a batch behind a gap, a batch of another log."""
        at = self.rng.choice(list(self.visible))
        worker = Worker(self.database, self.engine, self.kafka)
        stands = worker.writer.cursors().get(at, -1)
        records = self.log.parts[at][: self.visible[at]]
        if stands + 2 < len(records):
            self._refused(worker, at, records[stands + 2 :], GapInLog)
        elif 0 <= stands < len(records):
            other = records[stands]._replace(value=(records[stands].value or b"") + b" ")
            self._refused(worker, at, [*records[max(0, stands - 1) : stands], other, *records[stands + 1 :]], OtherLog)

    def _refused(self, worker: Worker, at: Partition, batch: list[Sent], error: type[Exception]) -> None:
        self.say(f"{at} is offered what must be refused: {error.__name__}")
        between, self.database.between = self.database.between, _nothing
        try:
            worker.writer.apply(*at, batch)
        except error:
            pass
        else:
            raise Violation(f"{at}: a batch from {batch[0]} was applied, which calls for {error.__name__}")
        finally:
            self.database.between = between

    def _complete(self) -> None:
        at = self.rng.choice(list(self.visible))
        worker = self.workers[1]
        self._acting(
            worker, lambda: worker.writer.mark_complete(*at, self.visible[at] - 1, self.now_ms), f"{at} may be complete"
        )

    def _publish(self) -> None:
        number = self.rng.randrange(2)
        publisher = self.publishers[number]
        if id(publisher) not in self._busy:
            self._acting(publisher, publisher.attempt, f"publisher {number}")

    def _drain(self) -> None:
        """The faults are over: what is in the log gets into the store, and from there into the topics."""
        self._append(len(self.log.order))
        worker = self.rng.choice(self.workers)
        late = self.rng.choice((0, 11 * city.MINUTE_MS, 2 * city.HOUR_MS))
        self.settled = self.now_ms + late
        for at, records in self.log.parts.items():
            if not records and not self.publishers:
                continue
            if at not in worker.next or self.rng.random() < 0.3:
                worker.assign(at)
            self._finish(worker, at, records)
            if self.publishers:
                worker.writer.mark_complete(*at, len(records) - 1, self.settled)
        if self.publishers:
            self.topics.heal()
            publisher = self.rng.choice(self.publishers)
            for _ in range(2):  # a successor must have seen the lease stand still
                self.now_ms = max(self.now_ms, self.settled) + LEASE_OUT_MS
                publisher.attempt()

    def _finish(self, worker: Worker, at: Partition, records: list[Sent]) -> None:
        """Apply what the worker has in hand, and then the rest."""
        batches = [*worker.fetched.pop(at, []), records[worker.next[at] :]]
        for batch in filter(None, batches):
            worker.writer.apply(*at, batch)


def _nothing() -> None:
    pass


@cache
def store() -> FaultyDatabase:
    """The process's store; seeds empty it."""
    return FaultyDatabase()
