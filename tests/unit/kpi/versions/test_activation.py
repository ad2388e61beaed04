"""A version takes over at exactly one place of the log: nothing is counted by neither or both; nothing live moves."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from importlib.resources import files
from pathlib import Path
from typing import Any

import msgspec
import pytest

from cityhub.hub.commands.proof import audit
from cityhub.kpi.batch import compare
from cityhub.kpi.definition import Catalogue, load_catalogue
from cityhub.kpi.errors import DefinitionError, NotActivated, UnknownKpi, VersionMissing
from cityhub.kpi.kernel.layout import plan_of
from cityhub.kpi.kernel.plan import Plan
from cityhub.kpi.proof.stored import stored_buckets
from cityhub.kpi.store import decisions, schema
from cityhub.kpi.store.backfill import Backfill, Refused
from cityhub.kpi.store.database import Database
from cityhub.kpi.store.decisions import Choice
from cityhub.kpi.store.publishing import Publishing
from cityhub.kpi.store.renewal import KeptValue, decode_value
from cityhub.kpi.store.writer import KpiWriter
from cityhub.kpi.values import Decision, State
from tests.unit.kpi.engine import Engine
from tests.unit.kpi.proof.week import Arrived, Week, types_of

JOB = "test"
TEXTS = {
    "M01": ("mobilitaet", "[$delay_s, -60, 300]", "[$delay_s, -60, 120]"),
    "I11": ("infrastruktur", "{ge: [$fill, 0.9]}", "{ge: [$fill, 0.4]}"),
    "W01": ("wohnen", "[$modernised, true]", "[$modernised, false]"),
}


def definitions(folder: Path, kpi: str, versions: Sequence[int]) -> Catalogue:
    field, was, becomes = TEXTS[kpi]
    text = files("cityhub.kpi").joinpath(f"definitions/{field}/{kpi}.yaml").read_text("utf-8")
    (folder / field).mkdir(parents=True, exist_ok=True)
    for version in versions:
        changed = text if version == 1 else text.replace(was, becomes).replace("version: 1", f"version: {version}")
        (folder / field / f"{kpi}.v{version}.yaml").write_text(changed, "utf-8")
    return load_catalogue(folder)


class Hub:
    """Workers and a publisher over a store whose decisions choose versions."""

    def __init__(self, folder: Path, kpi: str, per_type: int = 150) -> None:
        self.kpi = kpi
        first = definitions(folder / "old", kpi, [1])
        self.catalogue = definitions(folder / "new", kpi, [1, 2])
        self.database = Database(folder / "store.db")
        with self.database.begin() as connection:
            decisions.begin(connection, first, 0)
        names = plan_of(first[kpi]).references
        types = types_of({kpi: first[kpi]})
        self.logs = Week(first.contracts, types, seed=5, per_type=per_type, references=names).logs
        self.applied = dict.fromkeys(self.logs, 0)
        self.choice = Choice(self.catalogue)
        self.writer, self.other = self.worker(), self.worker()
        for topic, part in self.logs:
            self.writer.position(topic, part)
            self.other.position(topic, part)
        self.publishing = Publishing(self.database, self.choice.plans, JOB, lambda _: None)

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

    def publish(self) -> None:
        self.publishing.refresh(0)
        while self.publishing.behind:
            self.publishing.refresh(0)

    def decide(self, version: int = 2) -> Decision:
        with self.database.begin() as connection:
            wanted = self.catalogue.version(self.kpi, version)
            return decisions.want(connection, wanted, who="Leitung", why="stricter", now_ms=1)

    def backfill(self, decision: Decision, audit: Callable[..., list[str]] | None = None) -> Iterator[None]:
        def read(topic: str, part: int, first: int) -> Sequence[Arrived]:
            return self.logs[topic, part][first : first + 40]

        return Backfill(
            self.database,
            JOB,
            self.plan(decision.version),
            self.catalogue.contracts,
            decision,
            read=read,
            fence=lambda _: None,
            audit=audit,
        ).steps()

    def buckets(self, version: int) -> Any:
        with self.database.begin() as connection:
            return stored_buckets(connection, self.plan(version))

    def values(self, version: int) -> dict[tuple[Any, ...], KeptValue]:
        row = schema.value.c
        query = schema.value.select().where(row.kpi == self.kpi, row.version == version)
        with self.database.begin() as connection:
            found = connection.execute(query).mappings().all()
        return {
            (one["window"], one["anchor"], one["scope"], one["dims"]): decode_value(one["payload"]) for one in found
        }

    def states(self) -> list[State]:
        with self.database.begin() as connection:
            return [one.state for one in decisions.decisions_of(connection, self.kpi)]


def alone(folder: Path, hub: Hub, version: int) -> Engine:
    """An engine that has counted the same records by one version from the beginning."""
    definition = hub.catalogue.version(hub.kpi, version)
    engine = Engine(folder / f"alone{version}.db", Catalogue({hub.kpi: definition}, hub.catalogue.contracts))
    for (topic, part), log in hub.logs.items():
        engine.know([topic], partitions=part + 1)
        if hub.applied[topic, part]:
            engine.apply(topic, log[: hub.applied[topic, part]], part)
    engine.publish()
    return engine


def numbers(values: Mapping[tuple[Any, ...], KeptValue]) -> dict[tuple[Any, ...], tuple[Any, ...]]:
    return {
        at: (one.value, one.n, one.numerator, one.denominator, one.digest, one.coverage) for at, one in values.items()
    }


def same_buckets(engine: Engine, hub: Hub, version: int) -> bool:
    with engine.database.begin() as connection:
        return compare(hub.plan(version), stored_buckets(connection, hub.plan(version)), hub.buckets(version)) == []


@pytest.mark.parametrize("kpi", list(TEXTS))
def test_every_event_counts_once_in_the_new_version(tmp_path: Path, kpi: str) -> None:
    hub = Hub(tmp_path, kpi)
    hub.count(40)
    hub.publish()
    decision = hub.decide()
    for number, _ in enumerate(hub.backfill(decision)):
        if number % 3 == 0:
            hub.count(5)
    assert hub.states() == [State.INITIAL, State.ACTIVE]
    hub.count(10_000)
    hub.publish()

    engine = alone(tmp_path, hub, 2)
    assert same_buckets(engine, hub, 2)
    assert hub.buckets(2).sums.height
    due = {
        (row.window.value, int(row.start.timestamp()), row.scope): (row.value, row.n)
        for row in engine.values(kpi, hub.plan(2).definition.windows[0])
    }
    shown = {
        (at[0], int(one.start.timestamp()), at[2]): (one.value, one.n)
        for at, one in hub.values(2).items()
        if at[3] == "{}"
    }
    assert due
    assert {at: number for at, number in shown.items() if at in due} == due


def test_nothing_live_moves_before_and_the_old_version_stays_readable(tmp_path: Path) -> None:
    hub = Hub(tmp_path, "M01")
    hub.count(60)
    hub.publish()
    live, buckets = hub.values(1), hub.buckets(1)
    assert live

    steps = hub.backfill(hub.decide())
    for _ in steps:
        hub.publish()
        if hub.states()[-1] is State.WANTED:
            assert hub.values(1) == live
            assert not hub.values(2)
    assert compare(hub.plan(1), buckets, hub.buckets(1)) == []
    assert hub.values(1) == live
    hub.publish()
    assert hub.values(2).keys() == live.keys()
    assert numbers(hub.values(2)) != numbers(live)
    assert hub.values(1) == live


def test_a_fill_that_is_killed_after_any_step_goes_on(tmp_path: Path) -> None:
    hub = Hub(tmp_path, "I11", per_type=60)
    hub.count(50)
    decision = hub.decide()
    for _ in range(200):
        if next(hub.backfill(decision), "done") == "done":
            break
        if hub.states()[-1] is State.ACTIVE:
            break
        hub.count(1)
    else:
        steps = hub.backfill(decision)
        for _ in steps:
            pass
    hub.count(10_000)
    assert same_buckets(alone(tmp_path, hub, 2), hub, 2)


def test_an_audit_that_disagrees_refuses_the_version_and_removes_it(tmp_path: Path) -> None:
    hub = Hub(tmp_path, "M01", per_type=40)
    hub.count(30)
    hub.publish()
    before = hub.values(1)

    with pytest.raises(Refused, match="the audit disagrees: n of STB01 differs"):
        for _ in hub.backfill(hub.decide(), audit=lambda *_: ["n of STB01 differs"]):
            pass

    assert hub.states() == [State.INITIAL, State.REFUSED]
    assert hub.buckets(2).sums.height == 0
    hub.count(10_000)
    hub.publish()
    assert hub.values(1).keys() >= before.keys()
    assert not hub.values(2)


def test_decisions_that_make_no_sense_are_refused(tmp_path: Path) -> None:
    hub = Hub(tmp_path, "M01", per_type=10)
    with pytest.raises(NotActivated, match="M01 is counted by version 1 already"):
        hub.decide(1)
    hub.decide()
    with pytest.raises(NotActivated, match="version 2 of M01 is being activated"):
        hub.decide()
    with pytest.raises(UnknownKpi, match="no version 3 of M01; known: 1, 2"):
        hub.decide(3)


def test_a_chosen_version_without_its_file_is_never_another_one(tmp_path: Path) -> None:
    catalogue = definitions(tmp_path, "M01", [1])
    with pytest.raises(VersionMissing, match=r"the store counts M01 by version 2.*M01\.v2\.yaml back"):
        catalogue.choosing({"M01": 2})


def test_two_files_of_one_version_or_one_meaning_are_refused(tmp_path: Path) -> None:
    definitions(tmp_path, "M01", [1])
    text = (tmp_path / "mobilitaet" / "M01.v1.yaml").read_text("utf-8")
    (tmp_path / "mobilitaet" / "M01.yaml").write_text(text, "utf-8")
    with pytest.raises(DefinitionError, match=r"M01"):
        load_catalogue(tmp_path)
    (tmp_path / "mobilitaet" / "M01.yaml").write_text(text.replace("version: 1", "version: 2"), "utf-8")
    with pytest.raises(DefinitionError, match=r"M01"):
        load_catalogue(tmp_path)


def test_an_audit_by_hand_is_of_the_version_that_counts(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """A newer file that nobody has decided on has counted nothing, and is no mismatch."""
    hub = Hub(tmp_path, "M01", per_type=10)
    code = audit(tmp_path / "store.db", str(tmp_path / "archive"), hub.catalogue, ["M01"], as_json=True)

    (told,) = msgspec.json.decode(capsys.readouterr().out)
    assert (code, told["version"], told["trouble"], told["mismatches"]) == (0, 1, "", 0)
