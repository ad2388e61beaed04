"""The archiver on the real broker: every record once and with its verdict, whatever dies."""

from __future__ import annotations

import asyncio
import os
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from functools import partial
from pathlib import Path
from uuid import uuid4

import msgspec
import pytest
from kafka import KafkaAdminClient, TopicPartition
from sqlalchemy import insert

from cityhub.bus.access import KafkaAccess
from cityhub.bus.archive.chain import State
from cityhub.bus.archive.progress import Round
from cityhub.bus.archive.reader import Archive
from cityhub.bus.archive.storage import storage_of
from cityhub.bus.archive.whole_log import WholeLog
from cityhub.bus.archiver import Archiver
from cityhub.bus.errors import LogBroken
from cityhub.bus.log_reader import LogReader
from cityhub.bus.publisher import RecordPublisher
from cityhub.bus.topics import ensure, events
from cityhub.kpi.archiving import ArchiveLease
from cityhub.kpi.store import cursors, schema
from cityhub.kpi.store.database import Database
from cityhub.kpi.store.judged import StoreJudge
from cityhub.sdk.contract import Contracts
from tests.integration.archiver_child import JOB, contracts_over
from tests.unit.bus.archive.world import event_bytes

LIMIT_S = float(os.environ.get("TEST_LIMIT_S", "300"))
PARTS = 3


class World:
    """A topic of its own, and a store whose cursors the test moves as a worker would."""

    def __init__(self, access: KafkaAccess, folder: Path) -> None:
        self.access = access
        self.store, self.archive = folder / "store.db", folder / "archive"
        self.database = Database(self.store)
        spec = events("wbd", f"a{uuid4().hex[:8]}", partitions=PARTS)
        ensure(access, [spec])
        self.topic = spec.name
        self.contracts: Contracts = contracts_over(self.topic)
        self.sent: dict[int, list[bytes]] = {part: [] for part in range(PARTS)}

    async def send(self, values: list[bytes]) -> None:
        """Spread over the partitions by their hash; all that was sent is judged."""
        async with RecordPublisher(self.access, client_id="test") as publisher:
            await publisher.send(self.topic, [(value, value, []) for value in values])
        async with LogReader(self.access, client_id="test") as log:
            bounds = await log.bounds(self.topic, range(PARTS))
            log.begin(self.topic, {part: (0, end - 1) for part, (_, end) in bounds.items() if end})
            self.sent = {part: [] for part in range(PARTS)}
            while found := await log.some():
                for part, records in found.items():
                    self.sent[part] += [record.value for record in records]

    def judge(self) -> None:
        """Cursors at the end of what was sent; every thousandth record is refused."""
        with self.database.begin() as connection:
            for part, values in self.sent.items():
                position = cursors.position(connection, JOB, self.topic, part)
                connection.execute(
                    schema.cursor.update().where(schema.cursor.c.id == position.writer).values(off=len(values) - 1)
                )
                for off in range(0, len(values), 1000):
                    if off > position.offset:
                        verdict = {"reason": "contract", "detail": "…", "event_id": "", "appended_ms": 0}
                        at = {"topic": self.topic, "part": part, "off": off}
                        connection.execute(insert(schema.verdict).values(**at, **verdict))

    def log_of_events(self) -> list[bytes]:
        return [value for values in self.sent.values() for value in values]

    def has_come_to(self, moment: str | None, before: set[Path]) -> bool:
        """Whether a new file of the archive looks so; None = all is archived."""
        if moment is None:
            return self.archived() == len(self.log_of_events())
        return bool(set(self.archive.glob(moment)) - before)

    def state(self) -> State:
        return Archive(storage_of(self.archive), self.contracts).state(self.topic)

    def archived(self) -> int:
        return sum(end.last + 1 for end in self.state().ends.values())

    def expect_all(self) -> None:
        """The archive holds the log, record by record, with its verdicts."""
        archive = Archive(storage_of(self.archive), self.contracts)
        for part, values in self.sent.items():
            pieces = list(archive.records(self.topic, part, 0, len(values) - 1))
            found = [record.value for records, _ in pieces for record in records]
            assert [_said(value) for value in found if value] == [_said(value) for value in values]
            refused = sorted(off for _, refusals in pieces for off in refusals)
            assert refused == list(range(0, len(values), 1000))

    def archiver(self, tell: Callable[[Round], None] = lambda _: None) -> Archiver:
        return Archiver(
            lambda: LogReader(self.access, client_id="test-archiver"),
            storage_of(self.archive),
            self.contracts,
            StoreJudge(self.database, JOB),
            alone=ArchiveLease(self.database).alone,
            upkeep=lambda _, __: False,
            tell=tell,
            every_s=0.2,
        )

    def child(self, log: Path) -> subprocess.Popen[bytes]:
        argv = [sys.executable, "-m", "tests.integration.archiver_child", str(self.store), str(self.archive)]
        environment = {**os.environ, "KAFKA_PASSWORD": self.access.password}
        with log.open("ab") as out:
            return subprocess.Popen([*argv, self.access.bootstrap, self.topic], env=environment, stdout=out, stderr=out)


def _said(value: bytes) -> object:
    found: dict[str, object] = msgspec.json.decode(value)
    return found | {"recordedtime": None, "time": None}


@pytest.fixture
def world(kafka_access: KafkaAccess, tmp_path: Path) -> Iterator[World]:
    made = World(kafka_access, tmp_path)
    yield made
    made.database.close()


def until(what: Callable[[], object], why: str) -> None:
    end = time.monotonic() + LIMIT_S
    while not what():
        assert time.monotonic() < end, why
        time.sleep(0.02)


async def test_what_was_judged_is_archived_and_nothing_else(world: World) -> None:
    await world.send([event_bytes(number) for number in range(3_000)])
    world.judge()
    await world.send([event_bytes(number) for number in range(3_000, 3_100)])  # not judged yet
    stop, turns = asyncio.Event(), list[Round]()

    def tell(told: Round) -> None:
        turns.append(told)
        if len(turns) == 2:
            world.judge()
        if world.archived() == 3_100:
            stop.set()

    await asyncio.wait_for(world.archiver(tell).run(stop), LIMIT_S)
    assert len(turns) >= 3
    world.expect_all()


async def test_a_log_that_was_cut_is_read_from_its_first_record_on(world: World) -> None:
    """A partition is cut in the middle of what was archived: the rest comes from the log, what is not archived too."""
    await world.send([event_bytes(number) for number in range(3_000)])
    world.judge()
    stop = asyncio.Event()
    await asyncio.wait_for(world.archiver(lambda _: stop.set()).run(stop), LIMIT_S)
    await world.send([event_bytes(number) for number in range(3_000, 3_100)])
    cut = {part: len(values) // 2 for part, values in world.sent.items()}
    admin = KafkaAdminClient(**world.access.kafka_python(), client_id="test")
    admin.delete_records({TopicPartition(world.topic, part): first for part, first in cut.items()})
    admin.close()

    async with LogReader(world.access, client_id="test") as log:
        with pytest.raises(LogBroken, match=f"{world.topic}/0 does not hold offset 0 any more"):
            await log.read(world.topic, 0, 0)
        assert (await log.read(world.topic, 0, cut[0]))[0].offset == cut[0]
        whole = WholeLog(log, Archive(storage_of(world.archive), world.contracts))
        found: dict[int, list[bytes]] = {part: [] for part in world.sent}
        while behind := [part for part, values in world.sent.items() if len(found[part]) < len(values)]:
            for part in behind:  # in turns, as a fill asks
                records = await whole.read(world.topic, part, len(found[part]))
                assert [one.offset for one in records] == [*range(len(found[part]), len(found[part]) + len(records))]
                found[part] += [one.value for one in records]
    assert {part: list(map(_said, values)) for part, values in found.items()} == {
        part: list(map(_said, values)) for part, values in world.sent.items()
    }


async def test_kill_9_during_rounds_leaves_every_record_once(world: World, tmp_path: Path) -> None:
    log = tmp_path / "child.log"
    for moment in ("*/20*/*.parquet", "*/20*/*", "*/log/*", None):
        first = len(world.log_of_events())
        await world.send([event_bytes(number) for number in range(first, first + 8_000)])
        world.judge()
        before = set(world.archive.glob(moment or "*"))
        child = world.child(log)
        try:
            until(partial(world.has_come_to, moment, before), f"nothing new; the archiver said {log.read_text()}")
        finally:
            child.kill()
            child.wait()
    world.expect_all()
