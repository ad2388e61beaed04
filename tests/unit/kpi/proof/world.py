"""The same log counted by the stream and archived: what proofs are made of, without a broker."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import msgspec
import polars as pl
from sqlalchemy import select

from cityhub.bus.archive.columns import Refusal
from cityhub.bus.archive.reader import Archive
from cityhub.bus.archive.storage import storage_of
from cityhub.bus.archive.writer import TopicWriter
from cityhub.kpi.definition import Catalogue
from cityhub.kpi.kernel.plan import Plan
from cityhub.kpi.kernel.windows import window_at
from cityhub.kpi.proof.evidence import EventSource, Evidence, Question
from cityhub.kpi.proof.service import Proofs
from cityhub.kpi.proof.signature import new_key
from cityhub.kpi.proof.stored import snapshot
from cityhub.kpi.reader import anchor_of
from cityhub.kpi.store import schema
from cityhub.kpi.store.renewal import KeptValue, decode_value
from cityhub.kpi.store.sheet import Cut
from cityhub.kpi.store.sql_reader import SqlReader
from cityhub.kpi.values import KpiValue
from tests.unit.kpi.engine import JOB, Engine
from tests.unit.kpi.few import few
from tests.unit.kpi.proof.week import Arrived, Week, types_of

KEY = new_key()


class Remembering:
    """Frames of an archive that does not grow, read once."""

    def __init__(self, archive: Archive) -> None:
        self._archive = archive
        self._frames: dict[str, pl.DataFrame] = {}

    def frame(self, type_: str, **cut: Any) -> pl.DataFrame:
        name = f"{type_} {cut}"
        if name not in self._frames:
            self._frames[name] = self._archive.frame(type_, **cut)
        return self._frames[name]


class World:
    """Attributes: engine = worker and publisher; archive = all that was counted.

    Args:
        told: KPIs whose events the week holds in number, of others few; default: all of the catalogue.
    """

    def __init__(
        self,
        folder: Path,
        catalogue: Catalogue | None = None,
        *,
        seed: int = 1,
        per_type: int = 120,
        job: str = JOB,
        told: Catalogue | None = None,
    ) -> None:
        self.catalogue = catalogue or few()
        definitions = {one.id: one for one in told or self.catalogue}
        self.engine = Engine(folder / "store.db", self.catalogue, job)
        self.plans: dict[str, Plan] = {plan.definition.id: plan for plan in self.engine.plans}
        names = tuple(sorted({name for kpi in definitions for name in self.plans[kpi].references}))
        types = types_of(definitions)
        seldom = [type_ for type_ in types_of({one.id: one for one in self.catalogue}) if type_ not in types]
        contracts = self.catalogue.contracts
        week = Week(contracts, types, seed=seed, per_type=per_type, references=names, seldom=seldom)
        self.logs = week.logs
        self.folder = folder / "archive"
        self.store = folder / "store.db"
        self._writers: dict[str, TopicWriter] = {}
        for topic in sorted({topic for topic, _ in self.logs}):
            self.engine.know([topic], partitions=2)

    def count(self, share: float = 1.0) -> None:
        """Count and archive the log up to a share of each partition, in batches."""
        for (topic, part), log in sorted(self.logs.items()):
            self.feed(topic, part, log[self.next_offset(topic, part) : int(len(log) * share)])

    def feed(self, topic: str, part: int, records: list[Arrived]) -> None:
        """Count some records in small batches, and archive them in larger ones."""
        for first in range(0, len(records), 50):
            self.engine.writer.apply(topic, part, records[first : first + 50])
        refusals, writer = self._refusals(topic, part), self.writer(topic)
        for first in range(0, len(records), 400):
            writer.add(part, records[first : first + 400], refusals)
            writer.commit(0)

    def next_offset(self, topic: str, part: int) -> int:
        return self.writer(topic).next_offset(part) or 0

    def writer(self, topic: str) -> TopicWriter:
        if topic not in self._writers:
            contracts = self.catalogue.contracts.of_topic(topic)
            self._writers[topic] = TopicWriter(storage_of(self.folder), topic, contracts)
        return self._writers[topic]

    @property
    def archive(self) -> Archive:
        return Archive(storage_of(self.folder), self.catalogue.contracts)

    def evidence(self, value: KpiValue, source: EventSource | None = None) -> Evidence:
        """What is behind a published value, over everything that was counted."""
        return Evidence(self.question(value), source or self.archive)

    @property
    def reader(self) -> SqlReader:
        """The read service over the store."""
        return SqlReader(self.store, self.catalogue)

    @property
    def proofs(self) -> Proofs:
        """The proof service over store and archive."""
        return Proofs(self.store, self.folder, self.catalogue, key=KEY, job=self.engine.job)

    def question(self, value: KpiValue) -> Question:

        window = window_at(value.window, int(anchor_of(value).timestamp()))
        dims = msgspec.json.encode(value.dimensions, order="sorted").decode()
        plan = self.plans[value.kpi_id]
        cut = snapshot(self.engine.database, [plan], self.engine.job, with_buckets=False)
        return Question(plan, window, Cut(value.scope, dims), cut.vector, cut.clocks[value.kpi_id])

    def published(self, kpi: str) -> list[KeptValue]:
        """Every value of a KPI, of all windows and cuts."""
        row = schema.value.c
        with self.engine.database.begin() as connection:
            return [decode_value(payload) for payload in connection.scalars(select(row.payload).where(row.kpi == kpi))]

    def _refusals(self, topic: str, part: int) -> dict[int, Refusal]:
        row = schema.verdict.c
        query = select(row.off, row.reason, row.detail).where(row.topic == topic, row.part == part)
        with self.engine.database.begin() as connection:
            return {off: Refusal(reason, detail) for off, reason, detail in connection.execute(query)}
