"""Workers and a publisher over a store whose decisions choose versions; the test is the log."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from importlib.resources import files
from pathlib import Path
from typing import Any

from sqlalchemy import Connection

from cityhub.kpi.batch import compare
from cityhub.kpi.definition import Catalogue, load_catalogue
from cityhub.kpi.kernel.bucket import DIGEST_MOD
from cityhub.kpi.kernel.layout import plan_of
from cityhub.kpi.kernel.plan import Plan
from cityhub.kpi.proof.stored import stored_buckets
from cityhub.kpi.store import decisions, schema
from cityhub.kpi.store.backfill import Audit, Backfill
from cityhub.kpi.store.database import Database
from cityhub.kpi.store.decisions import Choice
from cityhub.kpi.store.publishing import Publishing
from cityhub.kpi.store.renewal import KeptValue, decode_value
from cityhub.kpi.store.writer import KpiWriter
from cityhub.kpi.values import Decision, State
from tests.unit.kpi.engine import JOB, Engine
from tests.unit.kpi.exact import exact
from tests.unit.kpi.proof.week import Arrived, Week, types_of

APPLICATIONS = """
  submitted: {type: de.duisburg.city.application.submitted.v1}
beside:
  applications: {name: {de: Anträge, en: applications}, unit: "1", count: submitted}
measure:"""
TEXTS = {
    "M01": ("mobilitaet", "[$delay_s, -60, 300]", "[$delay_s, -60, 120]"),
    "M04": ("mobilitaet", "within_m: 150", "within_m: 60"),
    "I08": ("infrastruktur", "scopes: [city, borough]", "scopes: [city]"),
    "I11": ("infrastruktur", "{ge: [$fill, 0.9]}", "{ge: [$fill, 0.4]}"),
    "E01": ("e-government", "[0s, {minus", "[3600s, {minus"),
    "E05": ("e-government", "{ge: [$level, 3]}", "{ge: [$level, 2]}"),
    "E07": ("e-government", "at: [0.5, 0.9]", "at: [0.5, 0.8]"),
    "E11": ("e-government", "[month, year]", "[month, school-year]"),
    "W01": ("wohnen", "\nmeasure:", APPLICATIONS),
}
"""Field, words of version 1 and what stands in their place later: W01 hears of a topic that was not read before."""
Number = tuple[str, int, str, str]
"""Window, anchor, scope and dimensions."""


def definitions(folder: Path, kpi: str, versions: Sequence[int], change: tuple[str, str] | None = None) -> Catalogue:
    field, *usual = TEXTS[kpi]
    was, becomes = change or usual
    text = files("cityhub.kpi").joinpath(f"definitions/{field}/{kpi}.yaml").read_text("utf-8")
    assert was in text
    (folder / field).mkdir(parents=True, exist_ok=True)
    for version in versions:
        words = was if version == 1 else becomes.replace("120", f"12{version}")
        changed = text.replace(was, words).replace("version: 1", f"version: {version}")
        (folder / field / f"{kpi}.v{version}.yaml").write_text(changed, "utf-8")
    return exact(load_catalogue(folder))


class Hub:
    """Version 1 counts, version 2 has a file.

    Args:
        change: words of version 1, and what stands in their place in version 2; default: as in `TEXTS`.

    Attributes:
        applied: records of each partition that are counted. batch: records that the log gives at once.
    """

    def __init__(
        self,
        folder: Path,
        kpi: str,
        per_type: int = 150,
        *,
        where: str | Path | None = None,
        change: tuple[str, str] | None = None,
    ) -> None:
        self.kpi, self.batch = kpi, 40
        first = definitions(folder / "old", kpi, [1], change)
        self.catalogue = definitions(folder / "new", kpi, [1, 2], change)
        self.database = Database(where or folder / "store.db")
        with self.database.begin() as connection:
            decisions.begin(connection, first, 0)
        names = plan_of(first[kpi]).references
        types = types_of({str(one.version): one for one in self.catalogue.versions(kpi)})
        self.logs = Week(first.contracts, types, seed=5, per_type=per_type, references=names).logs
        self.applied = dict.fromkeys(self.logs, 0)
        self.writer, self.other = self.worker(), self.worker()
        for topic, part in self.logs:
            self.writer.position(topic, part)
        self.publishing = Publishing(self.database, Choice(self.catalogue).plans, JOB, lambda _: None)

    def worker(self) -> KpiWriter:
        choice = Choice(self.catalogue)
        with self.database.begin() as connection:
            return KpiWriter(self.database, choice.evaluator(connection), JOB, choice.evaluator)

    def plan(self, version: int) -> Plan:
        return plan_of(self.catalogue.version(self.kpi, version))

    def count(self, records: int) -> None:
        """Apply some more of each partition, odd ones by the other worker."""
        for (topic, part), log in self.logs.items():
            first = self.applied[topic, part]
            batch = log[first : first + records]
            if batch:
                (self.other if part % 2 else self.writer).apply(topic, part, batch)
            self.applied[topic, part] = first + len(batch)

    def clock_ms(self) -> int:
        """When the newest of the records that are counted was appended."""
        return max(log[self.applied[at] - 1].timestamp for at, log in self.logs.items() if self.applied[at])

    def publish(self, now_ms: int = 0) -> None:
        self.publishing.refresh(now_ms)
        while self.publishing.behind:
            self.publishing.refresh(now_ms)

    def only(self, version: int) -> Catalogue:
        """The catalogue without the files of other versions."""
        return Catalogue({self.kpi: self.catalogue.version(self.kpi, version)}, self.catalogue.contracts)

    def decide(self, version: int = 2) -> Decision:
        with self.database.begin() as connection:
            wanted = self.catalogue.version(self.kpi, version)
            return decisions.want(connection, wanted, who="Leitung", why="stricter", now_ms=1)

    def read(self, topic: str, part: int, first: int) -> Sequence[Arrived]:
        """Some of the log, whether it was counted already or not."""
        return self.logs[topic, part][first : first + self.batch]

    def backfill(
        self,
        decision: Decision,
        audit: Audit | None = None,
        fence: Callable[[Connection], None] = lambda _: None,
    ) -> Iterator[None]:
        plan, contracts = self.plan(decision.version), self.catalogue.contracts
        made = Backfill(self.database, JOB, plan, contracts, decision, read=self.read, fence=fence, audit=audit)
        return made.steps()

    def activate(self) -> None:
        for _ in self.backfill(self.decide()):
            pass

    def buckets(self, version: int) -> Any:
        with self.database.begin() as connection:
            return stored_buckets(connection, self.plan(version))

    def payloads(self, version: int) -> dict[Number, bytes]:
        """Published values of a version, as they are kept."""
        return _payloads(self.database, self.kpi, version)

    def values(self, version: int) -> dict[Number, KeptValue]:
        return {at: decode_value(payload) for at, payload in self.payloads(version).items()}

    def decisions(self) -> list[Decision]:
        with self.database.begin() as connection:
            return decisions.decisions_of(connection, self.kpi)

    def states(self) -> list[State]:
        return [one.state for one in self.decisions()]

    def rows(self, version: int) -> dict[str, int]:
        """How many rows stand for a version, by table; those of the tables that hold none are left out."""
        series, row = schema.series.c, schema.cell.c
        mine = schema.series.select().where(series.kpi == self.kpi, series.version == version)
        with self.database.begin() as connection:
            numbers = [one.id for one in connection.execute(mine)]
            found = {"series": len(numbers)}
            for table in (schema.bucket, schema.bin_, schema.dirty, schema.rollup):
                found[table.name] = len(connection.execute(table.select().where(table.c.series.in_(numbers))).all())
            cells = schema.cell.select().where(row.plan.startswith(f"{self.kpi}/{version}/"))
            seen = schema.seen.select().where(schema.seen.c.job.startswith(f"kpi/{self.kpi}/{version}/"))
            found |= {"cell": len(connection.execute(cells).all()), "seen": len(connection.execute(seen).all())}
        return {name: count for name, count in found.items() if count}


def alone(folder: Path, hub: Hub, version: int) -> Engine:
    """An engine that has counted the same records by one version from the beginning, and has published."""
    definition = hub.catalogue.version(hub.kpi, version)
    engine = Engine(folder / f"alone{version}.db", Catalogue({hub.kpi: definition}, hub.catalogue.contracts))
    for (topic, part), log in hub.logs.items():
        engine.know([topic], partitions=part + 1)
        if hub.applied[topic, part]:
            engine.apply(topic, log[: hub.applied[topic, part]], part)
    engine.publish()
    return engine


def values_of(engine: Engine, kpi: str, version: int) -> dict[Number, KeptValue]:
    return {at: decode_value(payload) for at, payload in _payloads(engine.database, kpi, version).items()}


def rollups(database: Database, version: int) -> dict[tuple[int, int], tuple[int, ...]]:
    """Totals by series and day: events, synthetic ones, digest, slots."""
    row, series = schema.rollup.c, schema.series.c
    query = schema.rollup.select().join(schema.series, series.id == row.series).where(series.version == version)
    with database.begin() as connection:
        found = connection.execute(query).mappings().all()
    limbs = range(schema.LIMBS)
    return {
        (one["series"], one["start"]): (
            sum(one[f"d{limb}"] << (32 * limb) for limb in limbs) % DIGEST_MOD,
            *(one[name] for name in schema.SUMS if not name.startswith("d")),
        )
        for one in found
    }


def numbers(values: Mapping[Number, KeptValue]) -> dict[Number, tuple[Any, ...]]:
    """What is not said of labels and revisions."""
    return {
        at: (one.value, one.n, one.synthetic_n, one.numerator, one.denominator, one.digest, one.coverage, one.beside)
        for at, one in values.items()
    }


def same_buckets(engine: Engine, hub: Hub, version: int) -> bool:
    with engine.database.begin() as connection:
        return compare(hub.plan(version), stored_buckets(connection, hub.plan(version)), hub.buckets(version)) == []


def _payloads(database: Database, kpi: str, version: int) -> dict[Number, bytes]:
    row = schema.value.c
    query = schema.value.select().where(row.kpi == kpi, row.version == version)
    with database.begin() as connection:
        found = connection.execute(query).mappings().all()
    return {(one["window"], one["anchor"], one["scope"], one["dims"]): bytes(one["payload"]) for one in found}
