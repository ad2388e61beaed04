"""What the whole catalogue costs: loading it, an event that one KPI uses, and auditing a day of the simulated city.

Run by `make bench`; CPU seconds. Only answers are asserted.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import TypeVar

from cityhub.kpi.definition import Catalogue, load_catalogue
from cityhub.kpi.proof.audit import audit
from cityhub.kpi.proof.stored import snapshot, stored_buckets
from cityhub.sandbox.city.streams import STREAMS, events_between
from cityhub.sdk import codec
from cityhub.sdk.contract import load_contracts
from cityhub.sdk.event import Event, make_event
from tests.bench.lines import new_run
from tests.unit.kpi.engine import JOB, Engine
from tests.unit.kpi.proof.week import Arrived
from tests.unit.kpi.proof.world import World

ResultT = TypeVar("ResultT")
EVENTS, ROUNDS, BATCH = 20_000, 5, 4_000
DAY = datetime(2026, 11, 19, 23, tzinfo=UTC)


def test_loading_and_the_hot_path(tmp_path: Path) -> None:
    lines = new_run("catalogue", events=EVENTS)
    contracts, contracts_s = _timed(load_contracts)
    every, definitions_s = _timed(lambda: load_catalogue(contracts=contracts))
    lines.write("load", contracts_s=contracts_s, definitions_s=definitions_s, definitions=len(list(every)))
    one = Catalogue({"I13": every["I13"]}, every.contracts)
    log = _log(_run(number) for number in range(EVENTS))
    for number in range(ROUNDS):
        alone_s, counted = _drained(tmp_path / f"one{number}.db", one, log)
        all_s, same = _drained(tmp_path / f"all{number}.db", every, log)
        assert counted == same == EVENTS
        lines.write("hot-path", round=number, alone_s=alone_s, all_s=all_s, ratio=round(all_s / alone_s, 3))


def test_audit_of_a_simulated_day(tmp_path: Path) -> None:
    lines = new_run("catalogue-audit")
    world = World(tmp_path, load_catalogue(), per_type=0)
    told: dict[str, list[Event]] = {}
    for stream in STREAMS:
        for event in events_between(7, stream, DAY, DAY + timedelta(days=1), world.catalogue.contracts):
            told.setdefault(world.catalogue.contracts[event.type].topic, []).append(event)
    count = sum(map(len, told.values()))
    for topic, events in told.items():
        world.feed(topic, 0, _log(sorted(events, key=lambda event: event.time)))
    cut, snapshot_s = _timed(lambda: snapshot(world.engine.database, world.plans.values(), JOB))
    audits, audit_s = _timed(lambda: [audit(plan, cut, world.archive) for plan in world.plans.values()])
    assert all(one.clean for one in audits)
    assert sum(one.events for one in audits) > 0
    lines.write("audit", events=count, kpis=len(audits), snapshot_s=snapshot_s, audit_s=audit_s)


def _log(events: Iterable[Event]) -> list[Arrived]:
    """Records that arrive two seconds after they happened."""
    return [Arrived(n, int(one.time.timestamp() * 1000) + 2_000, codec.encode(one)) for n, one in enumerate(events)]


def _drained(where: Path, catalogue: Catalogue, log: list[Arrived]) -> tuple[float, int]:
    """CPU seconds for a log of one topic, and the events counted."""
    engine = Engine(where, catalogue)
    topic = "du.evt.wbd.operation.v1"
    engine.know([topic])
    began = time.process_time()
    engine.apply(topic, log, batch=BATCH)
    spent = time.process_time() - began
    with engine.database.begin() as connection:
        (plan,) = [plan for plan in engine.plans if plan.definition.id == "I13"]
        return spent, int(stored_buckets(connection, plan).sums["n"].sum())


def _run(number: int) -> Event:
    at = DAY + timedelta(seconds=number * 3)
    return make_event(
        type_="de.duisburg.wbd.irrigation.run-finished.v1",
        source="//test/wbd",
        natural_key=(str(number),),
        version="1",
        subject=f"bed-{number % 50}",
        time=at,
        recorded_at=at,
        data={"litres": 300 + number % 40, "baseline_litres": 420},
        synthetic=True,
    )


def _timed(work: Callable[[], ResultT]) -> tuple[ResultT, float]:
    began = time.process_time()
    return work(), round(time.process_time() - began, 3)
