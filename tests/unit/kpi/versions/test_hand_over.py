"""Workers that still count by the old version when another one takes over, on both databases."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from cityhub.kpi.store import cursors
from cityhub.kpi.store.cursors import CursorMoved
from cityhub.kpi.store.decisions import Choice
from cityhub.kpi.store.writer import KpiWriter
from cityhub.kpi.values import State
from tests.integration.postgres import postgres
from tests.unit.kpi.versions.hub import Hub, alone, same_buckets

__all__ = ["postgres"]


@pytest.fixture(params=["sqlite", "postgresql"])
def hub(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Hub]:
    where = tmp_path / "store.db" if request.param == "sqlite" else request.getfixturevalue("postgres").create()
    made = Hub(tmp_path, "I11", per_type=60, where=where)
    made.count(20)
    yield made
    made.database.close()


def version_of(worker: KpiWriter) -> int:
    return worker._evaluator.plans[0].definition.version


def test_both_workers_learn_of_it_by_their_cursors(hub: Hub, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    hub.activate()
    assert [version_of(hub.writer), version_of(hub.other)] == [1, 1]
    moved: list[str] = []
    advance = cursors.advance

    def told(*step: Any) -> None:
        try:
            advance(*step)
        except CursorMoved as error:
            moved.append(str(error))
            raise

    monkeypatch.setattr(cursors, "advance", told)
    hub.count(5)
    assert [version_of(hub.writer), version_of(hub.other)] == [2, 2]
    assert len(moved) == 2  # one per worker: what else memory knew was dropped, too
    hub.count(10_000)
    assert same_buckets(alone(tmp_path, hub, 2), hub, 2)


def test_a_worker_amid_a_batch_begins_it_anew(hub: Hub, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """Its cells are written, its cursor is not yet: the hand-over is first. SQLite has no such moment."""
    if hub.database.dialect == "sqlite":
        pytest.skip("one writer at a time")
    steps = hub.backfill(hub.decide())
    advance = cursors.advance
    caught: list[int] = []

    def first_the_other(connection: Any, before: Any, step: Any) -> None:
        if before.job == "test" and not caught:
            caught.append(before.generation)
            for _ in steps:
                pass
        advance(connection, before, step)

    monkeypatch.setattr(cursors, "advance", first_the_other)
    hub.count(5)
    assert caught == [0]
    assert hub.states() == [State.INITIAL, State.ACTIVE]
    hub.count(10_000)
    assert same_buckets(alone(tmp_path, hub, 2), hub, 2)


def test_records_counted_between_the_last_look_and_the_hand_over_are_taken_along(
    hub: Hub, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    hold_all = cursors.hold_all
    attempts: list[object] = []

    def told(connection: Any) -> None:
        attempts.append(dict(hub.applied))
        hold_all(connection)

    def audit(*_: Any) -> list[str]:
        hub.count(7)
        return []

    decision = hub.decide()
    monkeypatch.setattr(cursors, "hold_all", told)
    for _ in hub.backfill(decision, audit=audit):
        pass
    assert attempts == [hub.applied]
    assert hub.states() == [State.INITIAL, State.ACTIVE]
    assert same_buckets(alone(tmp_path, hub, 2), hub, 2)


def test_with_too_much_to_come_workers_go_on_and_it_is_tried_again(
    hub: Hub, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setattr("cityhub.kpi.store.backfill.HAND_OVER_RECORDS", 3)

    def audit(*_: Any) -> list[str]:
        hub.count(20)
        return []

    for step, _ in enumerate(hub.backfill(hub.decide(), audit=audit)):
        if step < 30:
            hub.count(1)
    assert hub.states() == [State.INITIAL, State.ACTIVE]
    hub.count(10_000)
    assert same_buckets(alone(tmp_path, hub, 2), hub, 2)


def test_a_log_that_is_slow_lets_nothing_pass_half_counted(hub: Hub, monkeypatch: pytest.MonkeyPatch) -> None:
    read, silent = hub.read, iter([True] * 9 + [False, True, True, False] * 4)
    monkeypatch.setattr(hub, "read", lambda *at: () if next(silent, False) else read(*at))
    audited: list[Any] = []

    def audit(_: object, vector: Any) -> list[str]:
        audited.append(vector)
        return []

    for _ in hub.backfill(hub.decide(), audit=audit):
        pass
    assert audited == [{at: count - 1 for at, count in sorted(hub.applied.items())}]


def test_a_worker_that_starts_afterwards_counts_by_it(hub: Hub) -> None:
    hub.activate()
    choice = Choice(hub.catalogue)
    with hub.database.begin() as connection:
        assert [plan.definition.version for plan in choice.plans(connection)] == [2]
