"""Cells in the store: what all partitions have passed is forgotten, on both databases, and nothing else is."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor

import pytest
from msgspec import Struct
from msgspec.structs import replace
from sqlalchemy import delete, func, select, text

from cityhub.kpi.definition import Catalogue
from cityhub.kpi.errors import StoreUnavailable
from cityhub.kpi.kernel.cells import Change, Observation
from cityhub.kpi.kernel.effect import Arrival, CellId
from cityhub.kpi.kernel.record import Reason
from cityhub.kpi.store import schema
from cityhub.kpi.store.cells import Cells
from cityhub.kpi.store.database import Database
from cityhub.kpi.store.writer import KpiWriter
from tests.integration.postgres import Postgres
from tests.unit.kpi.cells.world import HOUR_MS, ms
from tests.unit.kpi.engine import JOB, Engine
from tests.unit.kpi.samples import Record
from tests.unit.kpi.simulator import city
from tests.unit.kpi.simulator.city import CLOSED, HORIZON_MS, MAIN, OPENED, OTHER
from tests.unit.kpi.simulator.log import Sample

START = ms("2026-11-20 09:00")
HORIZON = HORIZON_MS[OPENED]
FAMILY = "J01/1/0"


class Town:
    """Cases that are opened in two partitions and closed in another topic; the test is the log."""

    def __init__(self, database: Database) -> None:
        self.engine = Engine(database, Catalogue({"J01": city.definition("J01")}, city.CONTRACTS))
        self.engine.know([MAIN], partitions=2)
        self.engine.know([OTHER])
        self._next = {(MAIN, 0): 0, (MAIN, 1): 0, (OTHER, 0): 0}

    def append(
        self, topic: str, part: int, clock_ms: int, *cases: str, t: int | None = None, by: KpiWriter | None = None
    ) -> None:
        """A batch of events, one of each case.

        Args:
            by: the worker that applies it; it tries again while others are in its way.
        """
        at = self._next[topic, part]
        type_ = OPENED if topic == MAIN else CLOSED
        log = []
        for number, case in enumerate(cases, at):
            data = {"case": case, "line": None}
            sample = Sample(type_, "//sim/one", f"{topic}{part}-{number}", "a", t or clock_ms, "", True, data)
            log.append(Record(number, clock_ms, sample.body(0)))
        done = False
        while not done:
            try:
                done = (by or self.engine.writer).apply(topic, part, log) == len(log)
            except StoreUnavailable:
                assert by is not None
        self._next[topic, part] += len(cases)

    def sums(self) -> dict[str, int]:
        """All slots over all buckets."""
        with self.engine.database.begin() as connection:
            names = [f"v{number}" for number in range(5)]
            row = connection.execute(select(*(func.sum(schema.bucket.c[name]) for name in names))).one()
        return dict(zip(("closed", "unmatched", "holds", "open", "since"), map(int, row), strict=True))


def cells(database: Database) -> int:
    with database.begin() as connection:
        return connection.execute(select(func.count()).select_from(schema.cell)).scalar_one()


@pytest.fixture
def town(database: Database) -> Town:
    return Town(database)


def test_closed_cases_are_forgotten_once_the_slowest_partition_has_passed_them(town: Town, database: Database) -> None:
    town.append(MAIN, 0, START, "old")
    town.append(OTHER, 0, START + HOUR_MS, "old")
    late = START + HOUR_MS + HORIZON + 1
    town.append(OTHER, 0, late, "x")
    town.append(MAIN, 0, late, "a")
    assert cells(database) == 3, "nothing was read of a partition: nothing is forgotten"
    town.append(MAIN, 1, late - 1, "b")
    town.append(MAIN, 0, late, "c")
    assert cells(database) == 5, "an event of 10:00 sharp can still come from the slow partition"
    town.append(MAIN, 1, late, "d")
    town.append(MAIN, 0, late, "e")
    assert cells(database) == 6, "a to e and x: the old one is gone"
    assert town.sums() | {"since": 0} == {"closed": 1, "unmatched": 1, "holds": 1, "open": 5, "since": 0}


@pytest.mark.parametrize("touched", [False, True])
def test_a_late_event_at_the_edge_of_the_slow_partitions_horizon_counts(town: Town, touched: bool) -> None:
    """A decision came before its application, which the slow partition brings at the very last moment."""
    town.append(MAIN, 1, START, "other")
    town.append(OTHER, 0, START - HORIZON + HOUR_MS, "late")
    town.append(OTHER, 0, START + HORIZON, "x")
    town.append(MAIN, 0, START + HORIZON, "a", "b", "c")
    if touched:
        town.append(OTHER, 0, START + HORIZON, "late")
    assert town.sums()["closed"] == 0
    town.append(MAIN, 1, START, "late", t=START - HORIZON)
    assert town.engine.verdicts() == []
    assert town.sums()["closed"] == 1
    town.append(MAIN, 1, START + 1, "late", t=START - HORIZON)
    assert town.engine.verdicts() == [(2, Reason.BEYOND_HORIZON)]


def test_rows_are_bounded_by_what_is_still_of_use(town: Town, database: Database) -> None:
    """Ten cases an hour for four days, each closed at once; six hours of them can matter."""
    most = []
    for hour in range(4 * 24):
        at = START + hour * HOUR_MS
        cases = [f"{hour}-{number}" for number in range(10)]
        town.append(MAIN, 0, at, *cases[:5])
        town.append(MAIN, 1, at, *cases[5:])
        town.append(OTHER, 0, at + 1, *cases)
        most.append(cells(database))
    assert max(most[24:]) <= 2 * 10 * (HORIZON // HOUR_MS + 2)
    assert town.sums()["closed"] == 4 * 24 * 10


def test_workers_meet_in_cells_that_come_and_go(town: Town) -> None:
    """Each works on a partition of its own, at its own pace; every case is opened and closed once."""

    def work(topic: str, part: int) -> None:
        worker = town.engine.another_worker()
        for hour in range(40):
            cases = [f"{hour}-{number}" for number in range(12) if topic == OTHER or number % 2 == part]
            town.append(topic, part, START + hour * HOUR_MS + (topic == OTHER), *cases, by=worker)

    with ThreadPoolExecutor(3) as workers:
        for done in [workers.submit(work, *at) for at in ((MAIN, 0), (MAIN, 1), (OTHER, 0))]:
            done.result()
    assert town.engine.verdicts() == []
    assert town.sums() == {"closed": 480, "unmatched": 0, "holds": 480, "open": 0, "since": 0}


def test_an_event_that_a_cell_cannot_bear_leaves_no_cell(
    town: Town, database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    evaluator = town.engine.writer._evaluator
    number, plan = evaluator.cells[FAMILY]
    monkeypatch.setitem(evaluator.cells, FAMILY, (number, replace(plan, kind=Fragile(width=plan.kind.width))))
    town.append(MAIN, 0, START, "bad")
    assert town.engine.verdicts() == [(0, "processing")]
    assert cells(database) == 0


class Fragile(Struct):
    """A kind of cell that bears nothing."""

    width: int

    def change(self, *_: object) -> Change:
        raise OverflowError("too much")


def test_a_cell_that_another_worker_drops_meanwhile_is_made_again(postgres: Postgres) -> None:
    """The row is there when missing ones are made, and gone when it is locked: what comes to it must not be lost."""
    database = Database(postgres.create())
    town = Town(database)
    town.append(MAIN, 0, START, "m")
    found = Cells(town.engine.writer._evaluator, JOB)
    (cell,) = _states(database)
    closing = Arrival(START, Observation("then", START, 1, True, "", (), ()))

    def merge() -> None:
        with database.begin() as connection:
            found.merge(connection, {cell: [closing]})

    with ThreadPoolExecutor(1) as worker:
        with database.begin() as connection:
            connection.execute(select(schema.cell.c.key).with_for_update())
            merging = worker.submit(merge)
            while not _waiting(database):
                assert not merging.done()
            connection.execute(delete(schema.cell))
        merging.result()
    assert _states(database).keys() == {cell}
    database.close()


def _waiting(database: Database) -> int:
    """How many sessions wait for a lock; what one transaction sees of that never changes."""
    query = "select count(*) from pg_stat_activity where datname = current_database() and wait_event_type = 'Lock'"
    with database.begin() as connection:
        return int(connection.execute(text(query)).scalar_one())


def _states(database: Database) -> dict[CellId, bytes]:
    with database.begin() as connection:
        rows = connection.execute(select(schema.cell.c.plan, schema.cell.c.key, schema.cell.c.state))
        return {CellId(family, bytes(key)): bytes(state) for family, key, state in rows}
