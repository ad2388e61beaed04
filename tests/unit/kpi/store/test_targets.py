"""Target records in the store, on both databases: appended, numbered, refused."""

from __future__ import annotations

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, date, datetime
from pathlib import Path

import pytest
from msgspec import structs

from cityhub.kpi.definition import Target, load_catalogue
from cityhub.kpi.errors import StoreUnavailable, TargetRefused
from cityhub.kpi.store.database import Database
from cityhub.kpi.store.sql_reader import SqlReader
from cityhub.kpi.store.targets import TargetBook
from cityhub.kpi.targets import standing

CATALOGUE = load_catalogue()
M01 = CATALOGUE["M01"]
GOAL = Target(value=85.5, watch=2.0, source="Ratsbeschluss 12/2026", since=date(2027, 1, 1))


@pytest.fixture
def book(database: Database, store_url: str) -> TargetBook:
    return TargetBook(store_url, clock=lambda: 1_800_000_000.0)


@pytest.fixture
def reader(database: Database, store_url: str) -> Iterator[SqlReader]:
    made = SqlReader(store_url if "://" in store_url else Path(store_url), CATALOGUE)
    yield made
    made.close()


def test_what_was_recorded_is_read(book: TargetBook, reader: SqlReader) -> None:
    made = book.record(M01, GOAL, who="Controlling", why=" Beschluss ")
    assert (made.number, made.who, made.why, made.target) == (1, "Controlling", "Beschluss", GOAL)
    assert made.recorded == datetime.fromtimestamp(1_800_000_000, UTC)
    found = reader.targets()
    assert found["M01"] == (made,)
    assert set(found) == {one.id for one in CATALOGUE}


def test_a_record_is_taken_back_by_another_one(book: TargetBook, reader: SqlReader) -> None:
    book.record(M01, GOAL, who="a", why="b")
    gone = book.retract(M01, 1, who="a", why="typed wrongly")
    assert (gone.number, gone.retracts, gone.target) == (2, 1, None)
    records = reader.targets()["M01"]
    assert [one.number for one in records] == [1, 2]
    assert standing(records) == ()
    book.record(M01, GOAL, who="a", why="it was right")
    assert [one.number for one in standing(reader.targets()["M01"])] == [3]


@pytest.mark.parametrize(
    ("number", "words"),
    [
        (1, "number: 1 is no record of M01 that holds; those that do: 2"),
        (3, "number: 3 is no record of M01 that holds; those that do: 2"),
        (9, "number: 9 is no record of M01 that holds; those that do: 2"),
    ],
)
def test_only_what_holds_is_taken_back(book: TargetBook, number: int, words: str) -> None:
    book.record(M01, GOAL, who="a", why="b")
    book.record(M01, structs.replace(GOAL, value=90.0), who="a", why="b")
    book.retract(M01, 1, who="a", why="b")
    with pytest.raises(TargetRefused) as refused:
        book.retract(M01, number, who="a", why="b")
    assert str(refused.value) == words


def test_the_same_twice_is_one_record(book: TargetBook, reader: SqlReader) -> None:
    book.record(M01, GOAL, who="a", why="b")
    with pytest.raises(TargetRefused, match=r"since: this target holds on that day already \(record 1\)"):
        book.record(M01, GOAL, who="a", why="b")
    assert len(reader.targets()["M01"]) == 1


def test_every_flaw_is_said_at_once_and_nothing_is_kept(book: TargetBook, reader: SqlReader) -> None:
    with pytest.raises(TargetRefused) as refused:
        book.record(M01, structs.replace(GOAL, value=None, source=""), who="", why="\n")
    assert [part for part, _ in refused.value.flaws] == ["value", "source", "who", "why"]
    assert reader.targets()["M01"] == ()


def test_two_at_the_same_time_get_two_numbers(book: TargetBook, reader: SqlReader) -> None:
    goals = [structs.replace(GOAL, value=float(number)) for number in range(8)]
    with ThreadPoolExecutor(4) as pool:
        made = list(pool.map(lambda goal: book.record(M01, goal, who="a", why="b"), goals))
    assert sorted(one.number for one in made) == list(range(1, 9))
    assert len(reader.targets()["M01"]) == 8


def test_without_a_store_nothing_is_set(tmp_path: Path) -> None:
    with pytest.raises(StoreUnavailable, match="start the hub first"):
        TargetBook(tmp_path / "none.db").record(M01, GOAL, who="a", why="b")
    assert SqlReader(tmp_path / "none.db", CATALOGUE).targets()["M01"] == ()
