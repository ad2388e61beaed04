"""A store that is lost comes back from the archive: the same bytes, also when the rebuild is interrupted."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from msgspec.structs import replace
from sqlalchemy import select

from cityhub.kpi.errors import NotAsJudged
from cityhub.kpi.kernel.cell_timeline import TimelineCell
from cityhub.kpi.kernel.effect import Evaluator
from cityhub.kpi.proof.rebuild import rebuild
from cityhub.kpi.store import schema
from tests.unit.kpi.engine import JOB, Engine
from tests.unit.kpi.proof.world import World

TABLES = ("series", "reference", "verdict")


@pytest.fixture(scope="module")
def world(tmp_path_factory: pytest.TempPathFactory) -> World:
    found = World(tmp_path_factory.mktemp("rebuild"), per_type=80)
    found.count()
    found.engine.publish()
    return found


class InterruptedRebuildError(Exception):
    pass


def rebuilt(world: World, where: Path, stop_after: tuple[int, ...] = ()) -> Engine:
    """A new store from the archive; the rebuild is broken off after some pieces each time, then taken up again."""
    engine = Engine(where, world.catalogue)
    engine.know({topic for topic, _ in world.logs}, partitions=2)  # an empty partition is in no archive
    for pieces in (*stop_after, None):
        left = [pieces]

        def told(*_: object, left: list[int | None] = left) -> None:
            if left[0] is not None:
                left[0] -= 1
                if left[0] == 0:
                    raise InterruptedRebuildError

        try:
            rebuild(engine.database, world.plans.values(), world.archive, JOB, told)
        except InterruptedRebuildError:
            assert pieces is not None
    engine.publish()
    return engine


def rows(engine: Engine, table: str) -> set[tuple[Any, ...]]:
    """A table's rows; what names a writer is said by topic and partition, and bytes owed to dead letters are none."""
    with engine.database.begin() as connection:
        names = {row.id: (row.topic, row.part) for row in connection.execute(select(schema.cursor))}
        found = connection.execute(select(schema.metadata.tables[table])).mappings().all()
    return {
        tuple(
            names[value] if name == "writer" else value
            for name, value in row.items()
            if name not in {"payload", "version"}
        )
        for row in found
    }


def remembered(engine: Engine) -> dict[tuple[str, bytes], object]:
    """What cells know that an event can still change.

    When a cell forgets the rest follows from the batches: whoever makes new cells looks through old ones.
    """
    evaluator = Evaluator(engine.plans, engine.catalogue.contracts)
    with engine.database.begin() as connection:
        found = connection.execute(select(schema.cell)).mappings().all()
        clocks: dict[str, int] = {}
        for topic, at_ms in connection.execute(select(schema.cursor.c.topic, schema.cursor.c.appended_ms)):
            clocks[topic] = min(at_ms, clocks.get(topic, at_ms))
    known: dict[tuple[str, bytes], object] = {}
    for row in found:
        family, state = str(row["plan"]), bytes(row["state"])
        kind = evaluator.cells[family][1].kind if family in evaluator.cells else None
        if isinstance(kind, TimelineCell):
            trimmed = kind._decoded(kind.trim(state, evaluator.floor_ms(family, clocks) or 0))
            known[family, bytes(row["key"])] = None if trimmed is None else trimmed.entries
        else:
            known[family, bytes(row["key"])] = state
    return {at: one for at, one in known.items() if one}


def cursors(engine: Engine) -> set[tuple[Any, ...]]:
    row = schema.cursor.c
    names = (row.topic, row.part, row.off, row.hash, row.appended_ms, row.records, row.duplicates, row.rejected)
    with engine.database.begin() as connection:
        return {tuple(found) for found in connection.execute(select(*names).where(row.job == JOB))}


@pytest.mark.parametrize("stop_after", [(), (1, 3, 7)], ids=["at once", "interrupted"])
def test_a_lost_store_comes_back_with_the_same_bytes(world: World, tmp_path: Path, stop_after: tuple[int, ...]) -> None:
    engine = rebuilt(world, tmp_path / "new.db", stop_after)

    for table in TABLES:
        assert rows(engine, table) == rows(world.engine, table), table
        assert rows(engine, table)
    assert remembered(engine) == remembered(world.engine) != {}
    assert engine.buckets() == world.engine.buckets()
    assert cursors(engine) == cursors(world.engine)


def test_values_are_the_same_but_for_how_often_they_were_looked_at(world: World, tmp_path: Path) -> None:
    engine = rebuilt(world, tmp_path / "new.db")
    before = {kpi: world.published(kpi) for kpi in world.plans}
    after = World.__new__(World)
    after.engine = engine

    for kpi, values in before.items():
        assert [replace(value, revision=0) for value in after.published(kpi)] == [
            replace(value, revision=0) for value in values
        ], kpi
        assert values


def test_a_worker_goes_on_where_the_archive_ends(tmp_path: Path) -> None:
    world = World(tmp_path, per_type=40)
    world.count(0.5)
    engine = rebuilt(world, tmp_path / "new.db")
    for (topic, part), log in world.logs.items():
        half = world.next_offset(topic, part)
        engine.apply(topic, log[max(0, half - 1) :], part)  # with the cursor's own record, as a worker reads it
    world.count()

    assert engine.buckets() == world.engine.buckets()


def test_an_archive_that_was_judged_otherwise_is_refused(tmp_path: Path, world: World) -> None:
    """Archived without its verdicts, a log is no evidence of what was counted."""
    other = World(tmp_path, per_type=10)
    other._refusals = lambda *_: {}  # type: ignore[method-assign]
    other.count()

    with pytest.raises(NotAsJudged, match="was counted when it was archived, now it would be refused: "):
        rebuilt(other, tmp_path / "new.db")
