"""The envelope of the journals."""

from __future__ import annotations

import msgspec
import pytest

from cityhub.adapters.city.cases.mapping import fact
from cityhub.adapters.city.cases.wire import ENTRY
from cityhub.adapters.errors import FeedFault
from cityhub.adapters.formats.journal import read_journal
from tests.unit.adapters.journals import PSEUDONYMS, everything, reading, rejects

HEAD = {"stand": "2026-11-20T08:00:00+01:00", "naechster": "17"}
LINE = {"vorgang": "4711", "zeit": "2026-11-20T07:00:00+01:00", "leistung": "wohngeld", "medienbrueche": 0}


def read(head: object) -> object:
    return read_journal(msgspec.json.encode(head), ENTRY, lambda path, one: fact(path, one, PSEUDONYMS))


@pytest.mark.parametrize(
    ("wrong", "said"),
    [
        ([], "Expected `object`, got `array`"),
        ({"stand": "2026-11-20T08:00:00+01:00"}, "missing required field `naechster`"),
        (HEAD | {"stand": "2026-11-20T08:00:00"}, "timezone"),
        (HEAD | {"naechster": ""}, "length >= 1"),
        (HEAD | {"ereignisse": {}}, "Expected `array`"),
    ],
)
def test_an_answer_that_is_no_journal_is_a_fault(wrong: object, said: str) -> None:
    with pytest.raises(FeedFault, match="the answer is not a journal in JSON and UTF-8") as caught:
        read(wrong)
    assert said in str(caught.value)


def test_an_empty_journal_says_up_to_when_it_is_empty() -> None:
    found = reading(ENTRY, fact)
    assert (list(found.facts), found.cursor, found.more) == ([], "n", False)
    assert found.as_of is not None
    assert found.as_of.isoformat() == "2026-11-20T08:00:00+01:00"


def test_a_bad_line_costs_no_other_and_is_named() -> None:
    bad = [LINE | {"zeit": "2026-11-20T07:00:00"}, LINE | {"medienbrueche": "0"}, LINE | {"vorgang": ""}]
    found = reading(ENTRY, fact, bad[0], LINE, bad[1], LINE | {"vorgang": "4712"}, bad[2])
    assert rejects(found) == [
        ("schema", "ereignisse[0].zeit"),
        ("schema", "ereignisse[2].medienbrueche"),
        ("schema", "ereignisse[4].vorgang"),
    ]
    assert [one.path for one in found.facts] == ["ereignisse[1]", "ereignisse[3]"]


def test_a_line_that_comes_twice_is_told_once_and_counted() -> None:
    found = reading(ENTRY, fact, LINE, LINE | {"vorgang": "4712"}, LINE, LINE)
    assert [one.path for one in found.facts] == ["ereignisse[0]", "ereignisse[1]"]
    assert found.noted == {"repeated": 2}


def test_what_the_form_does_not_know_is_not_read() -> None:
    found = reading(ENTRY, fact, LINE | {"antragsteller": {"name": "Erika Mustermann"}})
    assert len(found.facts) == 1
    assert "Mustermann" not in everything(found)
