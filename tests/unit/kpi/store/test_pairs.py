"""Pairs in the store: a cell of many rows that the partitions of three topics share."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta
from functools import cache
from random import Random

import msgspec
import pytest
from msgspec.structs import replace
from sqlalchemy import select, text

from cityhub.kpi.definition import Catalogue, load_catalogue
from cityhub.kpi.errors import StoreUnavailable
from cityhub.kpi.kernel.effect import Evaluator
from cityhub.kpi.store import schema
from cityhub.kpi.store.cells import Cells
from cityhub.kpi.store.database import Database
from cityhub.kpi.store.writer import KpiWriter
from cityhub.sandbox.city.streams import STREAMS, events_between
from cityhub.sdk import codec
from cityhub.sdk.event import Event
from tests.unit.kpi import oracle
from tests.unit.kpi.engine import JOB, Engine
from tests.unit.kpi.samples import Record

NOW = datetime(2026, 11, 20, 11, tzinfo=UTC)
CATALOGUE = Catalogue({"M04": load_catalogue()["M04"]})
PARTNERS = ("city", "dvv", "wbd")
Log = dict[tuple[str, int], list[Record]]


@cache
def works(days: int) -> tuple[Event, ...]:
    """What the simulated city tells of its roadworks in the last days, as far as the KPI reads it."""
    streams = [stream for stream in STREAMS if stream.name.startswith("roadworks")]
    start, read = NOW - timedelta(days=days), CATALOGUE["M04"].topics
    told = (one for stream in streams for one in events_between(1, stream, start, NOW, CATALOGUE.contracts))
    return tuple(one for one in told if one.type in read)


def log_of(events: Sequence[Event], partitions: int = 1, seed: int = 0) -> Log:
    """Their records: in any order within the horizon, a work always in the same partition."""
    rng, log = Random(seed), Log()  # noqa: S311 - a seeded order
    for one in rng.sample(events, len(events)) if seed else events:
        topic = CATALOGUE.contracts[one.type].topic
        part = log.setdefault((topic, sum(one.subject.encode()) % partitions), [])
        part.append(Record(len(part), int(NOW.timestamp()) * 1000, codec.encode(one)))
    return log


def rows(database: Database) -> dict[tuple[str, bytes], bytes]:
    with database.begin() as connection:
        found = connection.execute(select(schema.cell.c.plan, schema.cell.c.key, schema.cell.c.state))
        return {(plan, bytes(key)): bytes(state) for plan, key, state in found}


def pairs_of(engine: Engine) -> Counter[oracle.Place]:
    found: Counter[oracle.Place] = Counter()
    for _, layer, scope, dims, start, _, _, pairs, *_ in engine.buckets():
        found[layer, start, scope, tuple(msgspec.json.decode(dims).values())] += pairs  # type: ignore[index, arg-type]
    return Counter({place: pairs for place, pairs in found.items() if pairs})


def meant(events: Sequence[Event]) -> Counter[oracle.Place]:
    """The oracle's answer."""
    told = []
    for one in events:
        data = one.data
        begin, end = (int(datetime.fromisoformat(data[name]).timestamp()) * 1000 for name in ("valid_from", "valid_to"))
        spot = (round(data["lat"] * 10**6), round(data["lon"] * 10**6))
        terms = (data["owner"], *spot, begin, end, int(data["status"] != "closed"), end)
        told.append(
            {
                "entity": one.subject,
                "t": int(one.time.timestamp() * 1000),
                "digest": int(one.id.replace("-", ""), 16),
                "synthetic": one.synthetic,
                "scope": one.borough,
                "dims": (data["mode"],),
                "terms": terms,
            }
        )
    sums = oracle.pairs(told, "1h", within_m=150, expires=True).sums
    return Counter({place: amounts["pairs"] for place, amounts in sums.items() if amounts["pairs"]})


def test_any_order_batches_partitions_and_restarts_give_the_same_bytes(
    database: Database, tmp_path_factory: pytest.TempPathFactory
) -> None:
    events = works(40)
    plain = Engine(tmp_path_factory.mktemp("plain") / "store.db", CATALOGUE)
    for (topic, part), log in log_of(events).items():
        plain.know([topic])
        plain.apply(topic, log, part)
    assert pairs_of(plain) == meant(events)
    engine, rng = Engine(database, CATALOGUE), Random(5)  # noqa: S311 - as above
    logs = log_of(events, partitions=3, seed=7)
    for topic, part in logs:
        engine.writer.position(topic, part)
    standing = dict.fromkeys(logs, 0)
    while left := [at for at in logs if standing[at] < len(logs[at])]:
        at = rng.choice(left)
        if rng.random() < 0.2:
            engine.writer = engine.another_worker()
        count = rng.choice((1, 5, 50))
        standing[at] += engine.writer.apply(*at, logs[at][standing[at] : standing[at] + count])
    assert engine.verdicts() == []
    assert engine.buckets() == plain.buckets()
    assert rows(engine.database) == rows(plain.database)
    plain.database.close()


def apply_all(writer: KpiWriter, at: tuple[str, int], log: list[Record]) -> None:
    """A record at a time; what is in the way is tried again, as workers do."""
    done = 0
    while done < len(log):
        try:
            writer.apply(*at, log[done : done + 1])
        except StoreUnavailable:
            continue
        done += 1


def side_by_side(database: Database, events: Sequence[Event]) -> Engine:
    engine = Engine(database, CATALOGUE)
    logs = log_of(events)
    for topic, _ in logs:
        engine.know([topic])
    with ThreadPoolExecutor(len(logs)) as pool:
        list(pool.map(lambda at: apply_all(engine.another_worker(), at, logs[at]), logs))
    return engine


def test_workers_of_three_partners_do_not_overlook_each_other(database: Database) -> None:
    events = works(12)
    engine = side_by_side(database, events)
    assert len(meant(events)) > 5
    assert pairs_of(engine) == meant(events)


@pytest.mark.parametrize("store_url", ["postgresql"], indirect=True)
def test_who_comes_second_waits_for_what_the_first_one_knows(database: Database) -> None:
    """Two works that are a pair, by two workers at once; neither touches a row of the other's entity."""
    engine = Engine(database, CATALOGUE)
    (first, one), (second, other) = (((topic, 0), log) for (topic, _), log in log_of(_neighbours()).items())
    for topic, _ in (first, second):
        engine.know([topic])
    engine.writer.apply(*first, one[:1])  # so that the row that is locked exists
    evaluator = Evaluator(engine.plans, CATALOGUE.contracts)
    seen, _ = evaluator.reader(first[0]).read(one[1:], 0)
    with ThreadPoolExecutor(1) as pool:
        with database.begin() as connection:
            Cells(evaluator, JOB).merge(connection, evaluator.effect(seen).cells)
            waiting = pool.submit(engine.another_worker().apply, *second, other)
            while not waiting.done() and not _somebody_waits(database):
                pass
        waiting.result()
    assert sorted(pairs_of(engine).values()) == [-1, 1]


def _neighbours() -> list[Event]:
    """A work of the city far away, then one of the city and one of DVV on one spot."""
    base = next(one for one in works(40) if one.type.endswith("city.roadwork.published.v1"))
    far = replace(base, data={**base.data, "lat": 51.34, "valid_to": "2027-01-01T00:00:00Z"})
    here = replace(far, id="here", subject="here", data={**far.data, "lat": 51.43})
    there = replace(here, type="de.duisburg.dvv.roadwork.published.v1", subject="there")
    return [far, here, replace(there, data={**here.data, "owner": "dvv"})]


def _somebody_waits(database: Database) -> bool:
    with database.begin() as connection:
        waiting = (
            "select count(*) from pg_stat_activity where wait_event_type = 'Lock' and datname = current_database()"
        )
        return bool(connection.scalar(text(waiting)))
