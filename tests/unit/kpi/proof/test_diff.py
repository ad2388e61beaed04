"""Diff: exactly the windows that two engines, each with one version, publish differently; nothing live moves."""

from __future__ import annotations

import hashlib
from importlib.resources import files
from pathlib import Path
from random import Random
from typing import Any

import msgspec
import polars as pl
import pytest

from cityhub.kpi.definition import Catalogue, parse_definition
from cityhub.kpi.errors import BatchError
from cityhub.kpi.kernel.effect import REFERENCE_TOPIC
from cityhub.kpi.kernel.layout import plan_of
from cityhub.kpi.kernel.plan import Plan
from cityhub.kpi.kernel.windows import window_at
from cityhub.kpi.proof.diff import MOST_NAMED, Moved, Pair, diff
from cityhub.kpi.proof.evidence import Evidence, Question
from cityhub.kpi.proof.stored import snapshot
from cityhub.kpi.store.sheet import Cut
from cityhub.kpi.values import WindowKind
from tests.unit.kpi.engine import Engine
from tests.unit.kpi.exact import exactly
from tests.unit.kpi.proof.week import DAYS, START
from tests.unit.kpi.proof.world import Remembering, World

_dims = msgspec.json.Encoder(order="sorted").encode
FROM = int(START.timestamp()) - 300 * 86_400
TO = FROM + (DAYS + 340) * 86_400
CHANGES = {
    "M01": ("mobilitaet", "[$delay_s, -60, 300]", "[$delay_s, -60, 180]"),
    "I11": ("infrastruktur", "{ge: [$fill, 0.9]}", "{ge: [$fill, 0.5]}"),
    "E05": ("e-government", "{of: changed,", "{of: changed, where: {ge: [$level, 1]},"),
    "E07": ("e-government", "then: decided", "then: {of: decided, where: {ne: [$channel, online]}}"),
    "E11": ("e-government", "{of: submitted,", "{of: submitted, where: {ne: [$pseudonym, pseudonym-1]},"),
    "W01": ("wohnen", "{eq: [$modernised, true]}", "{eq: [$modernised, false]}"),
}


@pytest.fixture(scope="module")
def world(tmp_path_factory: pytest.TempPathFactory) -> World:
    found = World(tmp_path_factory.mktemp("diff"), per_type=150)
    found.count()
    found.engine.publish()
    return found


def draft(world: World, kpi: str, *replacements: tuple[str, str]) -> Plan:
    """A definition with other words in some places."""
    text = files("cityhub.kpi").joinpath(f"definitions/{CHANGES[kpi][0]}/{kpi}.yaml").read_text("utf-8")
    for was, becomes in (("version: 1", "version: 2"), *replacements):
        assert was in text
        text = text.replace(was, becomes)
    return plan_of(exactly(parse_definition(text, "draft.yaml", world.catalogue.contracts)))


def changed(world: World, kpi: str, *others: tuple[str, str]) -> Plan:
    return draft(world, kpi, CHANGES[kpi][1:], *others)


def compared(world: World, new: Plan, old: Plan | None = None) -> list[Moved]:
    kpi = new.definition.id
    cut = snapshot(world.engine.database, world.plans.values(), world.engine.job, with_buckets=False)
    return diff(Pair(old or world.plans[kpi], new, cut.vector, cut.clocks[kpi]), world.archive, FROM, TO)


def shown(engine: Engine, kpi: str) -> dict[tuple[str, ...], Any]:
    other = World.__new__(World)
    other.engine = engine
    return {
        (
            value.window.value,
            value.start.isoformat(),
            value.end.isoformat(),
            value.scope,
            _dims(value.dimensions).decode(),
        ): (*(value.value, value.n, value.numerator, value.denominator, value.beside, value.named, value.coverage),)
        for value in other.published(kpi)
    }


@pytest.mark.parametrize("kpi", CHANGES)
def test_the_windows_are_those_that_another_engine_publishes_otherwise(world: World, tmp_path: Path, kpi: str) -> None:
    new = changed(world, kpi)
    engine = Engine(tmp_path / "other.db", Catalogue({kpi: new.definition}, world.catalogue.contracts))
    topics = {REFERENCE_TOPIC, *(source.topic for source in new.definition.sources.values())}
    engine.know(topics, partitions=2)
    for (topic, part), log in world.logs.items():
        if topic in topics:
            engine.apply(topic, log, part)
    engine.publish()
    before, after = shown(world.engine, kpi), shown(engine, kpi)
    due = {name for name in before.keys() | after.keys() if before.get(name) != after.get(name)}

    found = compared(world, new)

    names = {(one.window, one.start.isoformat(), one.end.isoformat(), one.scope, one.dimensions) for one in found}
    assert names == due
    assert len(found) == len(names) > 0


def behind(plan: Plan, moved: Moved, at: Question, source: Remembering) -> dict[tuple[Any, ...], Any]:
    """What each event of a window does to its number."""
    window = next(
        window
        for anchor in (int(moved.start.timestamp()), int(moved.end.timestamp()) - 1)
        if (window := window_at(WindowKind(moved.window), anchor)).end == moved.end.timestamp()
    )
    evidence = Evidence(Question(plan, window, Cut(moved.scope, moved.dimensions), at.vector, at.clock_s), source)
    found: dict[tuple[Any, ...], Any] = {row[:3]: [row[3:]] for row in evidence.contributions.rows()}
    for row in sorted(evidence.bins.group_by(pl.exclude("count")).agg(pl.col("count").sum()).rows()):
        found.setdefault(row[:3], []).append(row[3:])
    return found


BY_BOROUGH = ("scopes: [city]", "scopes: [city, borough]")


@pytest.mark.parametrize(
    ("kpi", "both"), [*((kpi, ()) for kpi in CHANGES), ("E11", (BY_BOROUGH,)), ("E05", (BY_BOROUGH,))]
)
def test_moved_windows_name_the_events_that_do_something_else(
    world: World, kpi: str, both: tuple[tuple[str, str], ...]
) -> None:
    old, new, source = draft(world, kpi, *both), changed(world, kpi, *both), Remembering(world.archive)
    at = world.question(world.published(kpi)[0])
    found = compared(world, new, old)
    for moved in Random(3).sample(found, min(len(found), 12)):  # noqa: S311 - must repeat
        old_side, new_side = (behind(plan, moved, at, source) for plan in (old, new))
        due = [event for event in old_side.keys() | new_side.keys() if old_side.get(event) != new_side.get(event)]
        topics = {read.type: read.topic for read in new.definition.sources.values()}

        assert moved.events == len(due) > 0
        assert {(one.topic, one.part, one.off) for one in moved.named} <= {(topics[t], p, o) for t, p, o in due}
        assert len(moved.named) == min(len(due), MOST_NAMED)


def test_the_same_sums_read_otherwise_name_no_events(world: World) -> None:
    found = compared(world, draft(world, "E07", ("at: [0.5, 0.9]", "at: [0.5, 0.8]")))

    assert found
    assert all((one.events, one.named) == (0, ()) for one in found)
    assert all(one.old.value == one.new.value for one in found if one.old is not None and one.new is not None)


def test_only_what_both_versions_have_is_compared(world: World) -> None:
    others = BY_BOROUGH, ("[hour, day]", "[day, week]"), ("dimensions: [line]", "dimensions: {way: $line}")
    new = changed(world, "M01", *others)
    found = compared(world, new)

    assert {(one.window, one.scope, one.dimensions) for one in found} == {("day", "city", "{}")}
    assert all(one.events for one in found)


def test_denominators_are_those_of_the_cut(world: World) -> None:
    new = changed(world, "E05")
    question = world.question(world.published("E05")[0])
    without = {topic: parts for topic, parts in question.vector.items() if topic != REFERENCE_TOPIC}
    found = diff(Pair(world.plans["E05"], new, without, question.clock_s), world.archive, FROM, TO)

    assert found
    assert {one.old.value for one in found if one.old is not None} == {None}


def test_a_moved_window_names_the_events_that_moved_it(world: World) -> None:
    (first, *_) = compared(world, changed(world, "M01"))

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
