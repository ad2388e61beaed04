"""Two workers and one partition: whoever is overtaken goes on from the store, on both databases."""

from __future__ import annotations

import pytest
from sqlalchemy import Connection

from cityhub.kpi.store import cursors
from cityhub.kpi.store.cursors import Advance, CursorMoved, Position
from cityhub.kpi.store.writer import GapInLog
from tests.unit.kpi.engine import Engine
from tests.unit.kpi.samples import TOPIC, departure, records


def test_two_owners_of_a_partition_count_once(engine: Engine) -> None:
    """A→B→A: the first worker's memory is stale, its compare-and-set fails, and it goes on from the store."""
    first, second = engine.writer, engine.another_worker()
    log = records(*(departure(i, 0) for i in range(9)), departure(2, 0), departure(7, 0))
    assert first.apply(TOPIC, 0, log[:3]) == 3
    assert second.apply(TOPIC, 0, log[:6]) == 3
    assert first.apply(TOPIC, 0, log[3:5]) == 0
    assert first.apply(TOPIC, 0, log[3:]) == 5
    assert second.apply(TOPIC, 0, log[6:]) == 0
    assert engine.counters(TOPIC) == (11, 2, 0)


def test_a_worker_that_is_overtaken_again_and_again_goes_on(engine: Engine, monkeypatch: pytest.MonkeyPatch) -> None:
    """Before each of its first transactions another worker moves the cursor by one record."""
    first, second = engine.writer, engine.another_worker()
    log = records(*(departure(i, 0) for i in range(9)))
    real = cursors.advance
    overtakes = iter(range(1, 6))

    def advance(connection: Connection, before: Position, step: Advance) -> None:
        if (end := next(overtakes, None)) is not None:
            connection.rollback()  # SQLite has one writer at a time
            monkeypatch.setattr(cursors, "advance", real)
            assert second.apply(TOPIC, 0, log[:end]) == 1
            monkeypatch.setattr(cursors, "advance", advance)
            raise CursorMoved
        real(connection, before, step)

    monkeypatch.setattr(cursors, "advance", advance)
    assert first.apply(TOPIC, 0, log) == 4
    assert engine.counters(TOPIC) == (9, 0, 0)


def test_a_cursor_that_moves_for_nobody_is_not_tried_for_ever(engine: Engine, monkeypatch: pytest.MonkeyPatch) -> None:
    def advance(*_: object) -> None:
        raise CursorMoved

    monkeypatch.setattr(cursors, "advance", advance)
    with pytest.raises(CursorMoved):
        engine.apply(TOPIC, records(departure("k", 0)))


def test_a_gap_is_told_from_where_the_store_stands(engine: Engine) -> None:
    """A→B→A: memory of the first time is no reason to call records missing, nor to name its offset."""
    first, second = engine.writer, engine.another_worker()
    log = records(*(departure(i, 0) for i in range(9)))
    first.apply(TOPIC, 0, log[:2])
    second.apply(TOPIC, 0, log[:5])
    with pytest.raises(GapInLog, match="stands at offset 4, the log goes on at 7"):
        first.apply(TOPIC, 0, log[7:])
    second.apply(TOPIC, 0, log[5:7])
    assert first.apply(TOPIC, 0, log[7:]) == 2
