"""Random logs of the simulated city, the stream's buckets of them, and their event frames."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from itertools import islice
from random import Random
from typing import NamedTuple

import polars as pl
from sqlalchemy import select

from cityhub.kpi.definition import Catalogue
from cityhub.kpi.kernel.effect import Evaluator
from cityhub.kpi.kernel.plan import Plan
from cityhub.kpi.kernel.record import LogRecord, Row
from cityhub.kpi.store import schema
from tests.unit.kpi.batch.frames import frame
from tests.unit.kpi.engine import Engine
from tests.unit.kpi.simulator.city import CONTRACTS, IDS, PARTS, TOPIC_OF, definition
from tests.unit.kpi.simulator.log import Log, Partition, Sent
from tests.unit.kpi.simulator.run import store


class World(NamedTuple):
    """Attributes: frames = by event type, of the same log as the engine has applied."""

    engine: Engine
    frames: Mapping[str, pl.DataFrame]

    def plan(self, id_: str) -> Plan:
        return next(plan for plan in self.engine.plans if plan.definition.id == id_)


def world(seed: int, most: int = 60, *, copies: bool = False) -> World:
    """A log with repeated and re-used ids, poison, late events and nights at which clocks change.

    Args:
        copies: whether what stands in one partition is in another of its topic, too.
    """
    rng = Random(seed)  # noqa: S311
    log = Log(rng, tuple(TOPIC_OF), tuple(PARTS), most)
    parts = log.parts | (_copied(log.parts) if copies else {})
    database = store()
    database.empty()
    engine = Engine(database, Catalogue({id_: definition(id_) for id_ in IDS}, CONTRACTS))
    engine.know(PARTS, max(PARTS.values()))
    ahead = {at: iter(records) for at, records in parts.items()}
    while ahead:
        at = rng.choice(list(ahead))
        batch = list(islice(ahead[at], rng.choice((1, 7, 40))))
        if batch:
            engine.apply(at[0], batch, at[1])
        else:
            del ahead[at]
    return World(engine, frames_of(engine, parts))


def _copied(parts: Mapping[Partition, Sequence[Sent]]) -> dict[Partition, list[Sent]]:
    return {(topic, part + 7): list(records) for (topic, part), records in parts.items()}


def frames_of(engine: Engine, parts: Mapping[Partition, Sequence[LogRecord]]) -> dict[str, pl.DataFrame]:
    """The readable events of a log, with the verdicts that the engine stored, shuffled."""
    contracts = engine.catalogue.contracts
    found: dict[str, list[tuple[int, Row, str | None]]] = {type_: [] for type_ in contracts}
    for part, row, reason in _rows(engine, parts):
        found[row.type].append((part, row, reason))
    return {
        type_: frame(contracts[type_], rows).sample(fraction=1, shuffle=True, seed=1) for type_, rows in found.items()
    }


def _rows(engine: Engine, parts: Mapping[Partition, Sequence[LogRecord]]) -> Iterator[tuple[int, Row, str | None]]:
    column = schema.verdict.c
    with engine.database.begin() as connection:
        query = select(column.topic, column.part, column.off, column.reason)
        verdicts = {(topic, part, off): reason for topic, part, off, reason in connection.execute(query)}
    evaluator = Evaluator(engine.plans, engine.catalogue.contracts)
    for (topic, part), records in parts.items():
        for row in evaluator.reader(topic).read(records, 0)[0] if records else ():
            yield part, row, verdicts.get((topic, part, row.record.offset))
