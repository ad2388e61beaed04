"""`cityhub ledger`: as it is typed, over a store as the bookkeeper leaves it."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from cityhub.kpi.ledger.book import Book, Sender, Topic
from cityhub.kpi.ledger.reader import LedgerReader
from cityhub.kpi.store.database import Database
from tests.unit.hub.commands import code_and_words, said
from tests.unit.kpi.engine import JOB
from tests.unit.kpi.ledger.test_book import LETTERS, SENDER, came, place, refused
from tests.unit.kpi.samples import TOPIC, departure


@pytest.fixture
def data(tmp_path: Path) -> Path:
    """Two events that no KPI reads, one of them twice, and a refused one."""
    database = Database(tmp_path / "store.db")
    book = Book(database, JOB)
    events = [came(n, departure(1, 0), f"kafka:{place(number)}") for n, number in enumerate((0, 1, 1))]
    book.enter(Topic(TOPIC), 0, -1, events)
    book.enter(LETTERS, 0, -1, [refused(0, place(3))])
    database.close()
    return tmp_path


def settle(data: Path, passed: int) -> None:
    database = Database(data / "store.db")
    Book(database, JOB).settle({SENDER: (passed, 5)}, 1)
    database.close()


def test_a_ledger_that_balances(data: Path) -> None:
    settle(data, 2)
    code, words = code_and_words("ledger", "dvv", "--data", str(data))
    assert code == 0
    assert "dvv: balances" in words
    assert "2026-11-20  de.duisburg.dvv.transit.stop-departed.v1  kafka  2     2         0" in words
    assert "stop-departed.v1 kafka: 2 that no KPI reads" in words
    assert "(unreadable) kafka: 1 contract" in words
    assert "du.in.dvv.transit/0: 5 sent, 2 under way, 0 missing" in words


def test_a_ledger_that_does_not(data: Path) -> None:
    settle(data, 5)
    code, words = code_and_words("ledger", "--data", str(data))
    assert code == 1
    assert "dvv: DIFFERS: 2 events have no verdict" in words
    assert "(numbers 2, 4)" in words
    result = said("ledger", "--data", str(data), "--json")
    (told,) = json.loads(result.output)
    assert (told["difference"], told["senders"][0]["gaps"]) == (2, [[2, 2], [4, 4]])
    assert LedgerReader(data / "store.db").differences() == {"dvv": 2}


def test_days_before_are_left_out(data: Path) -> None:
    _, words = code_and_words("ledger", "dvv", "--since", "2026-11-21", "--data", str(data))
    assert "2026-11-20" not in words


def test_before_anything_came(tmp_path: Path) -> None:
    assert code_and_words("ledger", "--data", str(tmp_path)) == (0, "nothing has come in yet\n")


def test_a_partner_that_there_is_not(data: Path) -> None:
    code, words = code_and_words("ledger", "wdb", "--data", str(data))
    assert (code, "wbd" in words) == (2, True)


def test_a_sender_is_known_by_door_and_name() -> None:
    assert Sender("dvv", "kafka", "du.in.dvv.transit/0") == SENDER
