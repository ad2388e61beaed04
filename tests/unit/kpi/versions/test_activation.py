"""A version takes over at exactly one place of the log: nothing is counted by neither or both; nothing live moves."""

from __future__ import annotations

from itertools import islice
from pathlib import Path

import pytest
from sqlalchemy import func, select

from cityhub.kpi.batch import compare
from cityhub.kpi.definition import load_catalogue
from cityhub.kpi.store import decisions, schema
from cityhub.kpi.store.decisions import Choice
from cityhub.kpi.values import Label, State
from tests.unit.kpi.exact import exact
from tests.unit.kpi.versions.hub import TEXTS, Hub, alone, numbers, rollups, same_buckets, values_of


@pytest.mark.parametrize("kpi", list(TEXTS))
def test_every_event_counts_once_in_the_new_version(tmp_path: Path, kpi: str) -> None:
    hub = Hub(tmp_path, kpi, per_type=25 if kpi == "M04" else 100)
    hub.count(40)
    hub.publish()
    for number, _ in enumerate(hub.backfill(hub.decide())):
        if number % 3 == 0:
            hub.count(5)
    assert hub.states() == [State.INITIAL, State.ACTIVE]
    hub.count(10_000)
    hub.publish()

    engine = alone(tmp_path, hub, 2)
    assert hub.buckets(2).sums.height
    assert same_buckets(engine, hub, 2)
    due = numbers(values_of(engine, kpi, 2))
    shown = numbers(hub.values(2))
    assert due
    assert {at: shown.get(at) for at in due} == due


def test_labels_say_what_they_would_have_said_and_that_the_definition_changed(tmp_path: Path) -> None:
    hub = Hub(tmp_path, "M01")
    hub.count(100)
    hub.publish()
    before = hub.values(1)
    hub.activate()
    hub.publish()

    told = {at: set(one.reasons) - {"definition"} for at, one in hub.values(2).items()}
    assert told == {at: set(one.reasons) for at, one in values_of(alone(tmp_path, hub, 2), "M01", 2).items()}
    for at, one in hub.values(2).items():
        was = before[at]
        settled, moved = was.label is not Label.PROVISIONAL, (one.value, one.numerator) != (was.value, was.numerator)
        assert ("definition" in one.reasons) == (settled and moved)
        assert one.late_n == was.late_n
        assert one.revision > was.revision


def test_how_many_came_late_is_no_matter_of_the_definition(tmp_path: Path) -> None:
    change = ("count: departed, where: {eq: [$classifier, ACT]}}\n", "count: departed}\n")
    hub = Hub(tmp_path, "M01", per_type=400, change=change)
    for _ in range(30):
        hub.count(12)
        hub.publish()
    before = hub.values(1)
    assert any(one.late_n for one in before.values())
    hub.activate()
    hub.publish()
    after = hub.values(2)
    assert any(one.n > before[at].n and one.late_n for at, one in after.items() if at in before)
    assert {at: after[at].late_n for at in before} == {at: one.late_n for at, one in before.items()}


def test_totals_of_days_are_whole_when_it_takes_over(tmp_path: Path) -> None:
    """Long windows are read from them before the publisher has come to every day."""
    hub = Hub(tmp_path, "M04", per_type=12)
    hub.count(10)
    for _ in hub.backfill(hub.decide(), audit=lambda *_: hub.count(10) or []):
        pass
    due = rollups(alone(tmp_path, hub, 2).database, 2)
    assert due
    assert rollups(hub.database, 2).items() >= due.items()


def test_nothing_live_moves_before_and_the_old_version_stays_readable(tmp_path: Path) -> None:
    hub = Hub(tmp_path, "M01")
    hub.count(60)
    hub.publish()
    live, buckets = hub.payloads(1), hub.buckets(1)
    assert live

    for _ in hub.backfill(hub.decide()):
        hub.publish()
        if hub.states()[-1] is State.WANTED:
            assert hub.payloads(1) == live
            assert not hub.payloads(2)
    assert compare(hub.plan(1), buckets, hub.buckets(1)) == []
    assert hub.payloads(1) == live
    hub.publish()
    assert hub.payloads(2).keys() == live.keys()
    assert numbers(hub.values(2)) != numbers(hub.values(1))
    assert hub.payloads(1) == live


def test_what_is_left_is_not_looked_at_any_more(tmp_path: Path) -> None:
    hub = Hub(tmp_path, "M01", per_type=40)
    hub.count(30)
    hub.publish()
    hub.count(10)
    hub.activate()
    hub.publish()
    assert {"bucket", "series"} <= hub.rows(1).keys()
    assert "dirty" not in hub.rows(1) | hub.rows(2)


@pytest.mark.parametrize("kpi", ["I11", "M04"])
def test_a_fill_that_is_killed_after_any_step_goes_on(tmp_path: Path, kpi: str) -> None:
    hub = Hub(tmp_path, kpi, per_type=60 if kpi == "I11" else 8)
    hub.batch = 3
    hub.count(50)
    decision = hub.decide()
    kills = 0
    while hub.states()[-1] is State.WANTED:
        kills += 1
        for _ in islice(hub.backfill(decision), 1 + kills % 6):  # to begin takes four
            pass
        hub.count(1)
    assert kills > 10
    hub.count(10_000)
    assert same_buckets(alone(tmp_path, hub, 2), hub, 2)


def test_what_an_earlier_attempt_has_left_is_not_counted_again(tmp_path: Path) -> None:
    """Killed while the remains of a refused attempt were removed."""
    hub = Hub(tmp_path, "I11", per_type=40)
    hub.count(30)
    refused = hub.backfill(hub.decide(), audit=lambda *_: ["n differs"])
    while hub.states()[-1] is State.WANTED:
        next(refused)
    assert hub.rows(2)["bucket"]

    hub.activate()
    hub.count(10_000)
    assert hub.states() == [State.INITIAL, State.REFUSED, State.ACTIVE]
    assert same_buckets(alone(tmp_path, hub, 2), hub, 2)


def test_refusals_and_counters_of_the_live_job_stay_as_they_are(tmp_path: Path) -> None:
    hub = Hub(tmp_path, "M01", per_type=80)
    hub.count(60)
    with hub.database.begin() as connection:
        before = connection.execute(select(schema.verdict)).all()
    assert before
    hub.activate()
    row = schema.cursor.c
    with hub.database.begin() as connection:
        assert connection.execute(select(schema.verdict)).all() == before
        live = connection.scalar(select(func.sum(row.records)).where(row.job == "test"))
    assert live == sum(hub.applied.values())


def test_a_kpi_that_is_new_in_a_hub_that_has_counted_is_filled_from_the_beginning(tmp_path: Path) -> None:
    hub = Hub(tmp_path, "I11", per_type=60)
    hub.count(40)
    folder = tmp_path / "new" / "infrastruktur"
    text = (folder / "I11.v2.yaml").read_text("utf-8")
    (folder / "I99.yaml").write_text(text.replace("id: I11", "id: I99").replace("version: 2", "version: 1"), "utf-8")
    hub.kpi, hub.catalogue = "I99", exact(load_catalogue(tmp_path / "new"))
    hub.writer, hub.other = hub.worker(), hub.worker()
    with hub.database.begin() as connection:
        decisions.begin(connection, hub.catalogue, 5)
        assert [plan.definition.id for plan in Choice(hub.catalogue).plans(connection)] == ["I11"]
    (decision,) = hub.decisions()
    assert (decision.state, decision.who) == (State.WANTED, "cityhub")
    for _ in hub.backfill(decision):
        hub.count(3)
    assert hub.states() == [State.ACTIVE]
    hub.count(10_000)
    assert hub.buckets(1).sums.height
    assert same_buckets(alone(tmp_path, hub, 1), hub, 1)
