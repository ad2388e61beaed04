"""Numbers from the archive alone are the published ones: all of them, after interruptions, by several processes."""

from __future__ import annotations

import shutil
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import msgspec
import polars as pl
import pytest

from cityhub.bus.archive.chain import Chain, State
from cityhub.bus.archive.reader import Archive
from cityhub.bus.archive.storage import Folder
from cityhub.bus.archive.upkeep import retain
from cityhub.bus.errors import ArchiveMissing
from cityhub.kpi.kernel.windows import window_at
from cityhub.kpi.proof.recompute import Reach, Recomputed, reach, recompute, windows_of_day
from cityhub.kpi.proof.stored import snapshot
from cityhub.kpi.values import WindowKind
from tests.unit.kpi.proof.week import START
from tests.unit.kpi.proof.world import World

KPIS = ["M01", "M04", "I08", "E01", "I11", "E11", "E05", "E07", "W01"]
CORRECTABLE = "W01"
DAY_S = 86_400
FIRST_S = int(START.timestamp())


@pytest.fixture(scope="module")
def world(tmp_path_factory: pytest.TempPathFactory) -> World:
    found = World(tmp_path_factory.mktemp("recompute"), per_type=60)
    found.count()
    found.engine.publish()
    return found


class Watched:
    """An archive that counts the frames that are read, and ends at one of them."""

    def __init__(self, archive: Archive, last: int = 1 << 30) -> None:
        self._archive = archive
        self._last = last
        self.read: list[tuple[str, tuple[int, int]]] = []

    def state(self, topic: str) -> State:
        return self._archive.state(topic)

    def frame(self, type_: str, **cut: Any) -> pl.DataFrame:
        if len(self.read) == self._last:
            raise KeyboardInterrupt
        self.read.append((type_, cut["t"]))
        return self._archive.frame(type_, **cut)


def told(values: list[Recomputed]) -> dict[tuple[str, ...], Recomputed]:
    found = {(one.window.value, one.end.isoformat(), one.scope, one.dimensions): one for one in values}
    assert len(found) == len(values)
    return found


def cut_of(world: World, kpi: str) -> Reach:
    cut = snapshot(world.engine.database, [world.plans[kpi]], world.engine.job, with_buckets=False)
    return Reach(cut.vector, cut.clocks[kpi])


def published(world: World, kpi: str) -> dict[tuple[str, ...], dict[str, Any]]:
    names = Recomputed.__struct_fields__
    found = {}
    for value in world.published(kpi):
        dims = msgspec.json.encode(value.dimensions, order="sorted").decode()
        shown = {name: getattr(value, name) for name in names if name != "dimensions"}
        found[value.window.value, value.end.isoformat(), value.scope, dims] = shown | {"dimensions": dims}
    return found


@pytest.mark.parametrize("kpi", KPIS)
def test_every_published_number_follows_from_the_archive(world: World, kpi: str) -> None:
    plan, due = world.plans[kpi], published(world, kpi)

    found = told(list(recompute(plan, world.archive, cut_of(world, kpi))))

    gone = {name: due.pop(name) for name in due.keys() - found.keys()}
    assert {name: msgspec.structs.asdict(one) for name, one in found.items()} == due
    assert not gone or kpi == CORRECTABLE  # a correction took a window's last event away: nothing speaks of it now
    assert all(one["n"] == 0 == int(one["digest"], 16) for one in gone.values())
    assert len(due) > 1
    assert reach(world.archive, [plan]).clock_s == cut_of(world, kpi).clock_s


def test_an_interrupted_run_goes_on_at_any_day(world: World, tmp_path: Path) -> None:
    plan, cut = world.plans["M01"], cut_of(world, "M01")
    whole = Watched(world.archive)
    due = list(recompute(plan, whole, cut))
    types = len({type_ for type_, _ in whole.read})
    assert len(whole.read) == len(set(whole.read)) > 6 * types
    for ended in range(len(whole.read)):
        work = tmp_path / str(ended)
        first, second = Watched(world.archive, ended), Watched(world.archive)
        with pytest.raises(KeyboardInterrupt):
            list(recompute(plan, first, cut, work=work))
        assert list(recompute(plan, second, cut, work=work)) == due
        assert second.read == whole.read[ended // types * types :]
    assert list(recompute(plan, Watched(world.archive, 0), cut, work=tmp_path / "0")) == due


def test_a_day_is_computed_anew_when_it_was_changed_and_no_other(
    tmp_path_factory: pytest.TempPathFactory, tmp_path: Path
) -> None:
    world = World(tmp_path_factory.mktemp("changed"), per_type=20)
    world.count(0.9)
    plan = world.plans["M01"]
    list(recompute(plan, world.archive, reach(world.archive, [plan]), work=tmp_path))
    (damaged, *_) = sorted(tmp_path.iterdir())
    damaged.write_bytes(damaged.read_bytes()[:-1] + b"?")
    world.count()

    again, fresh = Watched(world.archive), Watched(world.archive)
    found = list(recompute(plan, again, reach(world.archive, [plan]), work=tmp_path))

    assert found == list(recompute(plan, fresh, reach(world.archive, [plan])))
    assert 1 < len(again.read) < len(fresh.read)


def test_several_processes_give_the_same(world: World, tmp_path: Path) -> None:
    plan, cut = world.plans["M01"], cut_of(world, "M01")
    assert list(recompute(plan, world.archive, cut, work=tmp_path, jobs=2)) == list(
        recompute(plan, Watched(world.archive), cut)
    )
    assert list(recompute(plan, Watched(world.archive, 0), cut, work=tmp_path))


@pytest.mark.parametrize("kpi", ["M01", "E01", "E11"])
def test_one_window_and_the_windows_of_a_day_are_those_of_all(world: World, kpi: str) -> None:
    plan, cut, archive = world.plans[kpi], cut_of(world, kpi), world.archive
    every = told(list(recompute(plan, archive, cut)))
    sunday = window_at(WindowKind.DAY, FIRST_S + 3 * DAY_S)
    windows = windows_of_day(plan, sunday.start, sunday.end)

    of_day = told(list(recompute(plan, archive, cut, windows)))
    longest = max(windows, key=lambda one: one.end - one.start)
    of_one = told(list(recompute(plan, archive, cut, [longest])))

    assert sunday.end - sunday.start == 25 * 3600
    assert {one.kind for one in windows} == set(plan.definition.windows)
    names = {(one.kind.value, datetime.fromtimestamp(one.end, UTC).isoformat()) for one in windows}
    assert of_day == {name: one for name, one in every.items() if name[:2] in names}
    assert of_one.items() <= of_day.items()
    assert of_one


def test_only_the_days_of_a_window_are_read(world: World) -> None:
    watched = Watched(world.archive)
    plan = world.plans["M01"]
    list(recompute(plan, watched, cut_of(world, "M01"), [window_at(WindowKind.HOUR, FIRST_S + 10 * 3600)]))
    assert len({span for _, span in watched.read}) == 1


def test_what_the_archive_does_not_hold_is_said(world: World, tmp_path: Path) -> None:
    plan, cut = world.plans["M01"], cut_of(world, "M01")
    before = window_at(WindowKind.DAY, FIRST_S - 9 * DAY_S)
    with pytest.raises(
        ArchiveMissing, match=r"M01 day from 2026-10-12T22:00:00Z lies before the archive begins: its first"
    ):
        list(recompute(plan, world.archive, cut, [before]))
    empty = Archive(Folder(tmp_path), world.catalogue.contracts)
    with pytest.raises(ArchiveMissing, match=r"M01: the archive holds no event of de\.duisburg\.dvv\."):
        list(recompute(plan, empty, Reach({}, 0)))


def test_windows_of_days_that_were_let_go_are_refused_or_left_out(world: World, tmp_path: Path) -> None:
    shutil.copytree(world.folder, tmp_path / "archive")
    storage = Folder(tmp_path / "archive")
    plan, cut = world.plans["M01"], cut_of(world, "M01")
    (topic,) = {source.topic for source in plan.definition.sources.values()}
    state = Chain(storage, topic).state()
    kept = retain(storage, state, 4, (FIRST_S + 7 * DAY_S) * 1000).kept_from
    archive = Archive(storage, world.catalogue.contracts)

    found = list(recompute(plan, archive, cut))

    assert kept == "2026-10-24"
    every = told(list(recompute(plan, world.archive, cut)))
    assert told(found).items() < every.items()
    assert min(one.start for one in found) >= datetime(2026, 10, 24, tzinfo=UTC)
    assert len(found) == sum(one.start >= datetime(2026, 10, 24, tzinfo=UTC) for one in every.values())
    with pytest.raises(
        ArchiveMissing, match="cannot be computed again: the archive let go of events before 2026-10-24"
    ):
        list(recompute(plan, archive, cut, [window_at(WindowKind.DAY, FIRST_S + 2 * DAY_S)]))
