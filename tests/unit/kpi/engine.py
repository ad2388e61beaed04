"""A whole engine over a store, without a broker: the test is the log."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from pathlib import Path

import msgspec
from sqlalchemy import select

from cityhub.kpi.definition import Catalogue
from cityhub.kpi.kernel.effect import Evaluator
from cityhub.kpi.kernel.layout import plan_of
from cityhub.kpi.kernel.record import LogRecord
from cityhub.kpi.store import schema
from cityhub.kpi.store.database import Database
from cityhub.kpi.store.publishing import Publishing
from cityhub.kpi.store.writer import KpiWriter
from cityhub.kpi.values import KpiValue, WindowKind
from tests.unit.kpi.few import few

JOB = "test"


class Engine:
    """A worker's and a publisher's side of one store.

    Args:
        catalogue: default: one KPI of each class.
    """

    def __init__(self, where: str | Path | Database, catalogue: Catalogue | None = None, job: str = JOB) -> None:
        self.job = job
        self.catalogue = catalogue or few()
        self.database = where if isinstance(where, Database) else Database(where)
        self.plans = [plan_of(definition) for definition in self.catalogue]
        self.writer = self.another_worker()
        self.publishing = Publishing(self.database, self.plans, job, lambda _: None)

    def another_worker(self) -> KpiWriter:
        return KpiWriter(self.database, Evaluator(self.plans, self.catalogue.contracts), self.job)

    def know(self, topics: Iterable[str], partitions: int = 1) -> None:
        """Make the cursors, as a worker does at its start."""
        for topic in topics:
            for part in range(partitions):
                self.writer.position(topic, part)

    def apply(self, topic: str, log: Sequence[LogRecord], part: int = 0, batch: int = 10_000) -> None:
        for first in range(0, len(log), batch):
            self.writer.apply(topic, part, log[first : first + batch])

    def publish(self, now_ms: int = 0) -> None:
        self.publishing.refresh(now_ms)
        while self.publishing.behind:
            self.publishing.refresh(now_ms)

    def values(self, kpi: str, window: WindowKind, scope: str = "city", dims: str = "{}") -> list[KpiValue]:
        """Published values, oldest first."""
        row = schema.value.c
        where = (row.kpi == kpi) & (row.window == window.value) & (row.scope == scope) & (row.dims == dims)
        with self.database.begin() as connection:
            found = connection.execute(select(row.payload).where(where).order_by(row.anchor)).scalars()
            return [msgspec.json.decode(payload, type=KpiValue) for payload in found]

    def buckets(self) -> set[tuple[object, ...]]:
        """Buckets over all writers, by what they stand for."""
        return self._sums(schema.bucket, ("start",)) | self._sums(schema.bin_, ("start", "histogram", "bin"))

    def _sums(self, table: object, keys: tuple[str, ...]) -> set[tuple[object, ...]]:
        row, series = table.c, schema.series.c  # type: ignore[attr-defined]
        names = [column.name for column in row if column.name not in {"family", "series", "writer", *keys}]
        query = select(
            series.kpi, series.layer, series.scope, series.dims, *(row[name] for name in (*keys, *names))
        ).join_from(schema.series, table, series.id == row.series)  # type: ignore[arg-type]
        sums: dict[tuple[object, ...], list[int]] = {}
        fixed = 4 + len(keys)
        with self.database.begin() as connection:
            for found in connection.execute(query):
                mine = sums.setdefault(tuple(found[:fixed]), [0] * len(names))
                sums[tuple(found[:fixed])] = [one + int(two) for one, two in zip(mine, found[fixed:], strict=True)]
        merged = {}
        for key, numbers in sums.items():
            limbs = dict(zip(names, numbers, strict=True))
            digest = sum(limbs.pop(f"d{index}") << (32 * index) for index in range(4) if f"d{index}" in limbs)
            merged[key] = (*limbs.values(), digest % (1 << 128))
        return {(*key, *numbers) for key, numbers in merged.items() if any(numbers)}

    def verdicts(self) -> list[tuple[int, str]]:
        row = schema.verdict.c
        with self.database.begin() as connection:
            query = select(row.off, row.reason).order_by(row.topic, row.part, row.off)
            return [(off, reason) for off, reason in connection.execute(query)]

    def counters(self, topic: str, part: int = 0) -> tuple[int, int, int]:
        """Records, duplicates, rejected."""
        row = schema.cursor.c
        where = (row.topic == topic) & (row.part == part)
        with self.database.begin() as connection:
            found = connection.execute(select(row.records, row.duplicates, row.rejected).where(where)).one()
            return found[0], found[1], found[2]
