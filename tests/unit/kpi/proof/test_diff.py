"""Diff: exactly the windows that two engines, each with one version, publish differently; nothing live moves."""

from __future__ import annotations

import hashlib
from importlib.resources import files
from pathlib import Path
from typing import Any

import msgspec
import pytest

from cityhub.kpi.definition import Catalogue, parse_definition
from cityhub.kpi.errors import BatchError
from cityhub.kpi.kernel.layout import plan_of
from cityhub.kpi.kernel.plan import Plan
from cityhub.kpi.proof.diff import Moved, Pair, diff
from cityhub.kpi.proof.stored import snapshot
from tests.unit.kpi.engine import Engine
from tests.unit.kpi.proof.week import DAYS, START
from tests.unit.kpi.proof.world import World

_dims = msgspec.json.Encoder(order="sorted").encode
FROM = int(START.timestamp()) - 40 * 86_400
TO = FROM + (DAYS + 80) * 86_400
CHANGES = {
    "M01": ("mobilitaet", "[$delay_s, -60, 300]", "[$delay_s, -60, 180]"),
    "I11": ("infrastruktur", "{ge: [$fill, 0.9]}", "{ge: [$fill, 0.5]}"),
}


@pytest.fixture(scope="module")
def world(tmp_path_factory: pytest.TempPathFactory) -> World:
    found = World(tmp_path_factory.mktemp("diff"), per_type=150)
    found.count()
    found.engine.publish()
    return found


def changed(world: World, kpi: str) -> Plan:
    """The next version, with another threshold."""
    field, was, becomes = CHANGES[kpi]
    text = files("cityhub.kpi").joinpath(f"definitions/{field}/{kpi}.yaml").read_text("utf-8")
    assert was in text
    text = text.replace(was, becomes).replace("version: 1", "version: 2")
    return plan_of(parse_definition(text, "draft.yaml", world.catalogue.contracts))


def compared(world: World, new: Plan, **more: Any) -> list[Moved]:
    kpi = new.definition.id
    cut = snapshot(world.engine.database, world.plans.values(), world.engine.job, with_buckets=False)
    return diff(Pair(world.plans[kpi], new, cut.vector, cut.clocks[kpi]), world.archive, FROM, TO, **more)


def shown(engine: Engine, kpi: str) -> dict[tuple[str, ...], Any]:
    other = World.__new__(World)
    other.engine = engine
    return {
        (value.window.value, value.start.isoformat(), value.scope, _dims(value.dimensions).decode()): (
            *(value.value, value.n, value.numerator, value.denominator, value.beside, value.named, value.coverage),
        )
        for value in other.published(kpi)
    }


@pytest.mark.parametrize("kpi", ["M01", "I11"])
def test_the_windows_are_those_that_another_engine_publishes_otherwise(world: World, tmp_path: Path, kpi: str) -> None:
    new = changed(world, kpi)
    engine = Engine(tmp_path / "other.db", Catalogue({kpi: new.definition}, world.catalogue.contracts))
    topics = {source.topic for source in new.definition.sources.values()}
    engine.know(topics, partitions=2)
    for (topic, part), log in world.logs.items():
        if topic in topics:
            engine.apply(topic, log, part)
    engine.publish()
    before, after = shown(world.engine, kpi), shown(engine, kpi)
    due = {name for name in before.keys() | after.keys() if before.get(name) != after.get(name)}

    found = compared(world, new, details=3)

    names = {(one.window, one.start.isoformat(), one.scope, one.dimensions) for one in found}
    assert names == due
    assert len(found) == len(names) > 5


def test_a_moved_window_names_the_events_that_moved_it(world: World) -> None:
    (first, *_) = compared(world, changed(world, "M01"), details=1)

    assert first.old is not None
    assert first.new is not None
    assert first.old.numerator - first.new.numerator == first.events == len(first.named)
    assert first.named[0].topic == "du.evt.dvv.transit.v1"
    record = world.logs[first.named[0].topic, first.named[0].part][first.named[0].off]
    assert first.named[0].id.encode() in (record.value or b"")


def test_nothing_live_moves(world: World) -> None:
    def everything() -> dict[Path, str]:
        files_there = [file for file in world.folder.parent.rglob("*") if file.is_file() and "-" not in file.suffix]
        return {file: hashlib.sha256(file.read_bytes()).hexdigest() for file in files_there}

    before, buckets = everything(), world.engine.buckets()

    compared(world, changed(world, "M01"))

    assert world.engine.buckets() == buckets
    assert everything() == before
    assert len(before) > 20


def test_the_same_definition_differs_nowhere_and_other_kpis_are_refused(world: World) -> None:
    assert compared(world, world.plans["M01"]) == []
    with pytest.raises(BatchError, match="I08 and M01 are different KPIs"):
        diff(Pair(world.plans["I08"], world.plans["M01"], {}, 0), world.archive, FROM, TO)
