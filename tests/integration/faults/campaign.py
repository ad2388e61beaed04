"""A campaign: traffic and faults on the real broker against real processes, then the checks."""

from __future__ import annotations

import asyncio
import os
import sys
import time
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from contextlib import asynccontextmanager
from functools import partial
from pathlib import Path
from typing import Any
from uuid import uuid4

import msgspec
from msgspec import Struct

from cityhub.bus.topics import VALUES, clock, dead_letters, ensure, events, values
from cityhub.kpi.values import KpiValue
from tests.integration.engine_child import LATENESS_S, catalogue_over
from tests.integration.faults import checks, entities, oracle
from tests.integration.faults.audit import check_audit
from tests.integration.faults.cast import GRACE_S, Cast
from tests.integration.faults.inject import Injector
from tests.integration.faults.journal import Journal
from tests.integration.faults.ledger import Order
from tests.integration.faults.proxy import proxied
from tests.integration.faults.schedule import Fault
from tests.integration.faults.stores import Store
from tests.integration.faults.traffic import PARTITIONS, Traffic
from tests.integration.servers import Kafka

LIMIT_S = float(os.environ.get("TEST_LIMIT_S", "300"))
_CURSORS = "select part, off, records, duplicates, rejected from cursor order by part"
_PROVISIONAL = "select \"end\" from value where label = 'provisional'"
_STORED = "select payload from value"
_UNFINISHED = """select (select count(*) from touched) + (select count(*) from dirty)
    + (select count(*) from value where published < revision)
    + (select count(*) from verdict where payload is not null)"""


class Campaign(Struct, frozen=True, kw_only=True):
    """What to do.

    Attributes:
        program: the module that runs the processes under test and its first arguments, see `Cast`.
        workers: how many run at the start.
        settle: whether to wait until every window that is over is final, which takes a minute after its first event.
        limit_s: how long the engine may take to move on after a fault, and to catch up at the end.
    """

    traffic: Traffic
    faults: tuple[Fault, ...]
    program: tuple[str, ...] = ("tests.integration.faults.child",)
    workers: int = 1
    settle: bool = True
    limit_s: float = LIMIT_S


class Outcome(Struct, frozen=True, kw_only=True):
    """What came of it; good when there is no finding."""

    seed: int
    records: int
    intents: dict[str, int]
    unknown: int
    faults: dict[str, int]
    deaths: int
    lost: int
    double: int
    repeated_letters: int
    slowest_recovery_s: float
    duration_s: float
    findings: list[checks.Finding]

    def summary(self) -> str:
        """The line at the end."""
        faults = ", ".join(f"{kind} {count}" for kind, count in sorted(self.faults.items()))
        intents = ", ".join(f"{intent} {count}" for intent, count in sorted(self.intents.items()))
        return (
            f"seed {self.seed}: {self.records} records ({intents}; {self.unknown} of unknown outcome), "
            f"{sum(self.faults.values())} faults ({faults}), {self.deaths} processes ended, lost {self.lost}, "
            f"double {self.double}, findings {len(self.findings)}, slowest recovery {self.slowest_recovery_s} s, "
            f"{self.duration_s} s"
        )


class Run:
    """One campaign under way."""

    def __init__(self, plan: Campaign, kafka: Kafka, store: Store, folder: Path) -> None:
        self.plan = plan
        self.kafka = kafka
        self.store = store
        self.folder = folder
        self.journal = Journal(folder / "journal.jsonl")
        spec = events("dvv", f"t{uuid4().hex[:8]}", partitions=PARTITIONS)
        self.topic = spec.name
        ensure(kafka.access, [spec, values(), clock(), dead_letters("dvv")])
        self._kpis = ("M01", *entities.KPIS) if plan.traffic.entities else ()
        self.catalogue = catalogue_over(self.topic, *self._kpis)
        self.reader = store.reader(self.catalogue)
        self.ledger_file = folder / "ledger.jsonl"
        self.findings: list[checks.Finding] = []
        self.sent = self.acked = 0
        self._cursors: dict[int, int] = {}
        self._slowest_s = 0.0

    async def perform(self) -> Outcome:
        """Faults while traffic flows, then everything whole again, then the checks."""
        proxy, access = await proxied(self.kafka)
        first = await oracle.log_ends(self.kafka.access, VALUES)
        arguments = (self.store.address, access.bootstrap, self.topic, *self._kpis)
        watch = asyncio.create_task(self._watch_cursors())
        try:
            async with proxy, Cast(self.plan.program, arguments, access.password, self.folder, self.journal) as cast:
                cast.scale("worker", self.plan.workers)
                cast.scale("publisher", 1)
                async with self._ledger() as (allow, finished):
                    await self._strike(Injector(cast, self.kafka, proxy, self.store), allow)
                    await finished()
                cast.set_clocks_right()
                await self._catch_up()
                await asyncio.to_thread(cast.scale, "publisher", 0)  # the clock moves some values: end between rounds
        finally:
            watch.cancel()
        return await self._check(first)

    async def _strike(self, injector: Injector, allow: Callable[[int], None]) -> None:
        faults = self.plan.faults
        for number, fault in enumerate(faults):
            share = self.plan.traffic.total // (len(faults) + 1)
            allow(share * (number + 1))
            middle = share * number + share // 2
            await self._until(partial(self._has_sent, middle), "the ledger sends")
            self.journal.note("fault", number=number, sent=self.sent, **fault._asdict())
            await injector.strike(fault)
            if fault.patient:
                await self._recover(number, fault)
        allow(self.plan.traffic.total)

    def _has_sent(self, count: int) -> bool:
        return self.sent >= count

    async def _recover(self, number: int, fault: Fault) -> None:
        """Wait until everything that was acknowledged by the fault's end is in the store."""
        over, due = time.monotonic(), self.acked
        moved = await self._until(lambda: self._records() >= due, f"{due} records after fault {number}, {fault.kind}")
        after_s = round(time.monotonic() - over, 2)
        self._slowest_s = max(self._slowest_s, after_s)
        self.journal.note("recovered" if moved else "stuck", number=number, after_s=after_s)

    @asynccontextmanager
    async def _ledger(self) -> AsyncIterator[tuple[Callable[[int], None], Callable[[], Awaitable[None]]]]:
        """The ledger process: (permission to send so many, waiting for its end)."""
        order = Order(
            bootstrap=self.kafka.access.bootstrap,
            topic=self.topic,
            file=str(self.ledger_file),
            traffic=self.plan.traffic,
        )
        with (self.folder / "children.log").open("ab") as log:
            process = await asyncio.create_subprocess_exec(
                *(sys.executable, "-m", "tests.integration.faults.ledger", msgspec.json.encode(order).decode()),
                env={**os.environ, "KAFKA_PASSWORD": self.kafka.access.password},
                stdin=asyncio.subprocess.PIPE,
                stdout=asyncio.subprocess.PIPE,
                stderr=log,
            )
        assert process.stdin is not None
        stdin = process.stdin
        counting = asyncio.create_task(self._follow(process))

        async def finished() -> None:
            await counting
            assert self.sent == self.plan.traffic.total, f"the ledger ended after {self.sent} records, see children.log"

        try:
            yield lambda count: stdin.write(b"%d\n" % min(count, self.plan.traffic.total)), finished
        finally:
            stdin.close()
            await process.wait()
            counting.cancel()

    async def _follow(self, process: asyncio.subprocess.Process) -> None:
        assert process.stdout is not None
        async for line in process.stdout:
            self.sent, self.acked = map(int, line.split())

    async def _until(self, holds: Callable[[], bool], what: str) -> bool:
        """Wait for a condition; reaching the limit is a finding, not the end."""
        end = time.monotonic() + self.plan.limit_s
        while not holds():
            if time.monotonic() > end:
                self.findings.append(checks.Finding("I5", f"waited {self.plan.limit_s:.0f} s for: {what}"))
                return False
            await asyncio.sleep(0.1)
        return True

    def _records(self) -> int:
        return sum(row[2] for row in self.store.rows(_CURSORS))

    async def _watch_cursors(self) -> None:
        while True:
            for part, off, *_ in await asyncio.to_thread(self.store.rows, _CURSORS):
                if off < self._cursors.get(part, -1):
                    text = f"the cursor of partition {part} went back from {self._cursors[part]} to {off}"
                    self.findings.append(checks.Finding("I5", text))
                self._cursors[part] = off
            await asyncio.sleep(0.5)

    async def _catch_up(self) -> None:
        ends = await oracle.log_ends(self.kafka.access, self.topic)
        due = [(part, end - 1) for part, end in sorted(ends.items())]
        begun = time.monotonic()
        if await self._until(lambda: [row[:2] for row in self.store.rows(_CURSORS)] == due, f"cursors at {due}"):
            self.journal.note("caught_up", after_s=round(time.monotonic() - begun, 2))
        if self.plan.settle:
            await self._until(self._is_settled, "every window that is over is final")
        await self._until(lambda: self._unfinished() == 0, "everything published")

    def _is_settled(self) -> bool:
        over = time.time() - LATENESS_S
        waiting = self.store.rows(_PROVISIONAL)
        return bool(self._cursors) and self._unfinished() == 0 and all(end >= over for (end,) in waiting)

    def _stored(self) -> list[KpiValue]:
        return [msgspec.json.decode(bytes(row[0]), type=KpiValue) for row in self.store.rows(_STORED)]

    def _unfinished(self) -> int:
        found = self.store.rows(_UNFINISHED)
        return int(found[0][0]) if found else -1

    async def _check(self, first: dict[int, int]) -> Outcome:
        truth = await oracle.truth(self.kafka.access, self.topic, self.ledger_file)
        counts = checks.check_counts(truth, self.reader)
        stories = await checks.published(self.kafka.access, first, truth)
        again, letters = await checks.check_dead_letters(self.kafka.access, truth, self.topic)
        self.findings += [
            *counts.findings,
            *checks.check_published(truth, self._stored(), stories, settled=self.plan.settle),
            *(checks.check_entities(truth, self.reader) if self._kpis else ()),
            *checks.check_cursors(truth, self.store.rows(_CURSORS), self.reader),
            *letters,
            *await check_audit(
                self.kafka.access, self.catalogue, self.store.address, self.topic, self.folder / "archive"
            ),
        ]
        if ignored := self.journal.counts["sigterm_ignored"]:
            text = f"{ignored} times a process did not end within {GRACE_S:.0f} s of SIGTERM, see the journal"
            self.findings.append(checks.Finding("SIGTERM", text))
        for finding in self.findings:
            self.journal.note("finding", invariant=finding.invariant, text=finding.what)
        outcome = Outcome(
            seed=self.plan.traffic.seed,
            records=sum(truth.ends.values()),
            intents=dict(truth.intents),
            unknown=truth.unknown,
            faults=_by_kind(self.plan.faults),
            deaths=self.journal.counts["ended"],
            lost=counts.lost,
            double=counts.double,
            repeated_letters=again,
            slowest_recovery_s=self._slowest_s,
            duration_s=self.journal.elapsed_s,
            findings=self.findings,
        )
        self.journal.note("summary", **{k: v for k, v in msgspec.structs.asdict(outcome).items() if k != "findings"})
        self.journal.close()
        return outcome


def _by_kind(faults: Sequence[Fault]) -> dict[str, int]:
    counts: dict[str, Any] = {}
    for fault in faults:
        counts[fault.kind.value] = counts.get(fault.kind.value, 0) + 1
    return counts
