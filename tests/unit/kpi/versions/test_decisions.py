"""Which version counts is decided in the store, by people; files only say which there are."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path

import pytest

from cityhub.kpi.definition import load_catalogue
from cityhub.kpi.errors import DefinitionError, NotActivated, UnknownKpi, VersionMissing
from cityhub.kpi.store import decisions
from cityhub.kpi.store.database import Database
from cityhub.kpi.store.decisions import Choice
from cityhub.kpi.store.sql_reader import SqlReader
from cityhub.kpi.values import State, WindowKind
from tests.unit.kpi.versions.hub import Hub, definitions


@pytest.fixture
def hub(tmp_path: Path) -> Hub:
    return Hub(tmp_path, "M01", per_type=10)


def test_all_versions_are_kept_and_the_highest_is_meant(tmp_path: Path) -> None:
    catalogue = definitions(tmp_path, "M01", [2, 1])
    assert [one.version for one in catalogue.versions("M01")] == [1, 2]
    assert (catalogue["M01"].version, catalogue.version("M01", 1).version) == (2, 1)
    older = catalogue.choosing({"M01": 1, "Z99": 7})
    assert [one.version for one in older] == [1]
    assert [one.version for one in older.versions("M01")] == [1, 2]
    with pytest.raises(UnknownKpi, match="no version 3 of M01; known: 1, 2"):
        catalogue.version("M01", 3)
    with pytest.raises(UnknownKpi, match="no KPI 'Z99'; known: M01"):
        catalogue.versions("Z99")


@pytest.mark.parametrize(
    ("name", "was", "becomes", "words"),
    [
        (
            "M01.yaml",
            "",
            "",
            r"M01\.yaml: version: M01 1 is in .*M01\.v1\.yaml, too|M01\.v1\.yaml: version: M01 1 is in",
        ),
        ("M01.v7.yaml", "", "", r"M01\.v7\.yaml: version: is 1; the file's name says 7, make them agree"),
        (
            "M01.v2.yaml",
            "version: 1",
            "version: 2",
            r"M01\.v2\.yaml: means the same as .*M01\.v1\.yaml, version 1; keep",
        ),
    ],
)
def test_files_that_do_not_go_together_are_named(tmp_path: Path, name: str, was: str, becomes: str, words: str) -> None:
    definitions(tmp_path, "M01", [1])
    text = (tmp_path / "mobilitaet" / "M01.v1.yaml").read_text("utf-8")
    (tmp_path / "mobilitaet" / name).write_text(text.replace(was, becomes) if was else text, "utf-8")
    with pytest.raises(DefinitionError, match=words):
        load_catalogue(tmp_path)


def test_a_kpi_begins_with_its_highest_version_and_a_new_file_changes_nothing(tmp_path: Path) -> None:
    first, later = definitions(tmp_path / "first", "M01", [1, 2]), definitions(tmp_path / "later", "M01", [1, 2, 3])
    database = Database(tmp_path / "store.db")
    for catalogue in (first, later, first):
        with database.begin() as connection:
            decisions.begin(connection, catalogue, 1_000)
    with database.begin() as connection:
        (only,) = decisions.decisions_of(connection, "M01")
        assert decisions.chosen(connection) == {"M01": 2}
        assert [plan.definition.version for plan in Choice(later).plans(connection)] == [2]
    assert (only.state, only.version, only.who, only.why) == (State.INITIAL, 2, "cityhub", "first start with this KPI")
    assert only.decided == datetime(1970, 1, 1, 0, 0, 1, tzinfo=UTC)
    assert only.definition_hash == first["M01"].hash


def test_a_decision_says_who_why_and_how_far_it_is(hub: Hub) -> None:
    hub.count(5)
    hub.batch = 1
    decision = hub.decide()
    shown = [hub.decisions()[-1].done]
    shown += [hub.decisions()[-1].done for _ in hub.backfill(decision)]
    known = [done for done in shown if done is not None]
    assert known == sorted(known)
    assert (known[0], known[-1]) == (0.0, 1.0)
    first, last = hub.decisions()
    assert (first.state, last.state, last.who, last.why) == (State.INITIAL, State.ACTIVE, "Leitung", "stricter")
    newest_ms = max(log[hub.applied[at] - 1].timestamp for at, log in hub.logs.items())
    assert last.active == datetime.fromtimestamp(newest_ms / 1000, UTC)
    assert last.done is None


def test_decisions_that_make_no_sense_are_refused(hub: Hub, tmp_path: Path) -> None:
    with pytest.raises(NotActivated, match="M01 is counted by version 1 already"):
        hub.decide(1)
    hub.decide()
    with pytest.raises(NotActivated, match=r"version 2 of M01 is being activated \(Leitung: stricter\)"):
        hub.decide()
    for _ in hub.backfill(hub.decisions()[-1]):
        pass
    with pytest.raises(NotActivated, match="version 1 of M01 is older than 2, which counts now"):
        hub.decide(1)
    empty = Database(tmp_path / "empty.db")
    with empty.begin() as connection, pytest.raises(NotActivated, match="no worker has counted M01 in this store yet"):
        decisions.want(connection, hub.catalogue["M01"], who="x", why="y", now_ms=1)


def test_a_chosen_version_without_its_file_is_never_another_one(hub: Hub, tmp_path: Path) -> None:
    hub.activate()
    words = r"the store counts M01 by version 2, but .* known: 1.*mobilitaet/M01\.v2\.yaml back"
    catalogue = definitions(tmp_path / "old", "M01", [1])
    with hub.database.begin() as connection, pytest.raises(VersionMissing, match=words):
        Choice(catalogue).evaluator(connection)
    with pytest.raises(VersionMissing, match=words):
        SqlReader(tmp_path / "store.db", catalogue).catalogue  # noqa: B018


def test_readers_go_with_the_decisions(hub: Hub, tmp_path: Path) -> None:
    hub.count(10_000)
    hub.publish()
    now = iter(range(1000))
    reader = SqlReader(tmp_path / "store.db", hub.catalogue, clock=lambda: float(next(now)))
    assert reader.catalogue["M01"].version == 1
    before = reader.latest("M01", WindowKind.DAY)
    hub.activate()
    assert reader.catalogue["M01"].version == 2
    assert reader.latest("M01", WindowKind.DAY) == before  # until the new one is published
    hub.publish()
    after = reader.latest("M01", WindowKind.DAY)
    assert before is not None
    assert after is not None
    assert (before.definition_version, after.definition_version) == (1, 2)
    assert reader.latest("M01", WindowKind.DAY, version=1) == before
    span = before.start.replace(year=2020), before.end
    for version, wanted in ((None, {2}), (1, {1}), (2, {2}), (3, set())):
        found = reader.series("M01", WindowKind.DAY, *span, version=version)
        assert {one.definition_version for one in found} == wanted
    assert [one.version for one in reader.decisions("M01")] == [1, 2]
