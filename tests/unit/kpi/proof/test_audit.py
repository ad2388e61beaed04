"""Stream and batch at a common cut agree bit for bit, and where somebody changed a number it is found and named."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path

import pytest
from sqlalchemy import update

from cityhub.bus.archive.storage import storage_of
from cityhub.bus.archive.upkeep import retain
from cityhub.bus.errors import ArchiveMissing
from cityhub.kpi.audited import Audit
from cityhub.kpi.proof import taking_over
from cityhub.kpi.proof.audit import audit
from cityhub.kpi.proof.auditing import audited as audit_of_what_is_left
from cityhub.kpi.proof.auditing import lines
from cityhub.kpi.proof.stored import snapshot
from cityhub.kpi.proof.taking_over import audit_version
from cityhub.kpi.store import schema
from cityhub.kpi.store.backfill import NotYet, Refused
from tests.unit.kpi.engine import JOB
from tests.unit.kpi.few import ONE_OF_EACH
from tests.unit.kpi.proof.week import DAYS, START
from tests.unit.kpi.proof.world import World


def audited(world: World, kpi: str) -> Audit:
    return audit(world.plans[kpi], snapshot(world.engine.database, world.plans.values(), JOB), world.archive)


@pytest.fixture(scope="module")
def audits(tmp_path_factory: pytest.TempPathFactory) -> dict[str, list[Audit]]:
    """Of each KPI three, in the course of a week."""
    world = World(tmp_path_factory.mktemp("week"))
    found: dict[str, list[Audit]] = {kpi: [] for kpi in ONE_OF_EACH}
    for share in (0.3, 0.7, 1.0):
        world.count(share)
        for kpi, mine in found.items():
            mine.append(audited(world, kpi))
    return found


@pytest.mark.parametrize("kpi", ONE_OF_EACH)
def test_a_week_with_everything_that_goes_wrong_agrees(audits: dict[str, list[Audit]], kpi: str) -> None:
    assert [found.differences for found in audits[kpi]] == [()] * 3
    assert all(found.clean and found.buckets and found.events for found in audits[kpi])


def test_the_cut_is_the_snapshots_however_far_the_archive_is(tmp_path: Path) -> None:
    world = World(tmp_path)
    world.count(0.5)
    before = snapshot(world.engine.database, world.plans.values(), JOB)
    world.count()

    assert audit(world.plans["M01"], before, world.archive).clean
    after = snapshot(world.engine.database, world.plans.values(), JOB)
    assert not audit(world.plans["M01"], after._replace(buckets=before.buckets), world.archive).clean


def test_a_changed_number_is_named_with_its_events(tmp_path: Path) -> None:
    world = World(tmp_path)
    world.count()
    row = schema.bucket.c
    with world.engine.database.begin() as connection:
        connection.execute(update(schema.bucket).values(v0=row.v0 + 1).where(row.n > 0))

    found = audited(world, "M01")

    assert found.mismatches
    first = found.differences[0]
    assert (first.column, int(first.stored) - int(first.recomputed)) == ("v0", 1)
    assert first.events
    assert first.events[0].topic == "du.evt.dvv.transit.v1"


def test_an_archive_that_is_behind_is_said(tmp_path: Path) -> None:
    world = World(tmp_path)
    world.count(0.5)
    cut = snapshot(world.engine.database, world.plans.values(), JOB)
    world.count()
    ahead = cut._replace(vector={"du.evt.dvv.transit.v1": {0: 100_000}})

    with pytest.raises(ArchiveMissing, match="archived up to offset"):
        audit(world.plans["M01"], ahead, world.archive)


def test_a_version_takes_over_only_if_the_archive_agrees(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    world = World(tmp_path)
    world.count()
    plan, vector = world.plans["M01"], world.engine.writer.cursors()
    where = (tmp_path / "store.db", str(world.folder), world.catalogue.contracts, plan)

    assert audit_version(*where, vector) == []
    with world.engine.database.begin() as connection:
        connection.execute(update(schema.bucket).values(n=schema.bucket.c.n + 1).where(schema.bucket.c.n > 0))
    assert "numbers DIFFER" in audit_version(*where, vector)[0]
    monkeypatch.setattr(taking_over, "_LOOK_S", 0)
    words = r"waits for the archive: du\.evt\.dvv\.transit\.v1: not archived as far as it has counted"
    with pytest.raises(NotYet, match=words):
        audit_version(*where, {**vector, ("du.evt.dvv.transit.v1", 0): 10**6})
    file = next(path for path in world.folder.rglob("*.parquet") if "transit" in str(path))
    content = file.read_bytes()
    file.write_bytes(content[:-1])
    with pytest.raises(NotYet, match=f"waits for the archive: .*{file.name} is not the file that was written"):
        audit_version(*where, vector)
    file.unlink()
    with pytest.raises(NotYet, match=f"waits for the archive: .*{file.name} is missing"):
        audit_version(*where, vector)


def test_no_version_takes_over_what_the_archive_has_let_go_of(tmp_path: Path) -> None:
    world = World(tmp_path)
    world.count()
    storage, topic = storage_of(world.folder), "du.evt.dvv.transit.v1"
    end_ms = int((START + timedelta(days=DAYS)).timestamp() * 1000)
    retain(storage, world.archive.state(topic), 3, end_ms)
    where = (tmp_path / "store.db", str(world.folder), world.catalogue.contracts, world.plans["M01"])

    with pytest.raises(Refused, match=rf"it cannot be computed a second time: {topic}: days before .* were let go"):
        audit_version(*where, world.engine.writer.cursors())


def test_days_that_are_left_are_audited_where_days_add_up(tmp_path: Path) -> None:
    world = World(tmp_path)
    world.count()
    end_ms = int((START + timedelta(days=DAYS)).timestamp() * 1000)
    for topic in {read.topic for kpi in ("M01", "I11") for read in world.plans[kpi].definition.sources.values()}:
        retain(storage_of(world.folder), world.archive.state(topic), 3, end_ms)
    cut = snapshot(world.engine.database, world.plans.values(), JOB)

    found = audit_of_what_is_left(world.plans["M01"], cut, world.archive)
    assert found.clean, found
    assert found.since is not None
    assert 0 < found.buckets < cut.buckets["M01"].sums.height
    assert "records since 2026-10-2" in next(lines(found))
    stateful = audit_of_what_is_left(world.plans["I11"], cut, world.archive)
    assert "were let go, so what lies before cannot be computed again" in stateful.trouble

    row = schema.bucket.c
    with world.engine.database.begin() as connection:
        connection.execute(update(schema.bucket).values(v0=row.v0 + 1).where(row.start >= found.since))
    changed = snapshot(world.engine.database, world.plans.values(), JOB)
    assert audit_of_what_is_left(world.plans["M01"], changed, world.archive).mismatches


def test_days_that_did_not_change_are_not_computed_again_and_a_changed_number_is_found(tmp_path: Path) -> None:
    world, work = World(tmp_path), tmp_path / "work"
    world.count(0.8)
    plan = world.plans["M01"]
    assert audit_of_what_is_left(plan, snapshot(world.engine.database, [plan], JOB), world.archive, work).clean
    before = {file.name: file.stat().st_mtime_ns for file in work.iterdir()}
    world.count()
    cut = snapshot(world.engine.database, [plan], JOB)
    assert audit_of_what_is_left(plan, cut, world.archive, work).clean

    after = {file.name: file.stat().st_mtime_ns for file in work.iterdir()}
    days = {file.day for file in world.archive.state("du.evt.dvv.transit.v1").files.values()}
    assert len(after) == len(days)
    assert before.items() & after.items()
    assert before.keys() - after.keys()
    ahead = cut._replace(vector={"du.evt.dvv.transit.v1": {0: 100_000}})
    assert "archived up to offset" in audit_of_what_is_left(plan, ahead, world.archive, work).trouble
    with world.engine.database.begin() as connection:
        connection.execute(update(schema.bucket).values(v0=schema.bucket.c.v0 + 1).where(schema.bucket.c.n > 0))
    found = audit_of_what_is_left(plan, snapshot(world.engine.database, [plan], JOB), world.archive, work)
    assert found.differences[0].column == "v0"
    assert found.differences[0].events
