"""`cityhub kpi target` and `targets`: what is set, shown and refused."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from cityhub.kpi.store.database import Database
from tests.unit.hub.commands import code_and_words

BY = ("--by", "Controlling", "--why", "Beschluss")
SET = ("--value", "85.5", "--watch", "2", "--source", "Rat 12/2026", "--from", "2026-01-01", *BY)


@pytest.fixture
def data(tmp_path: Path) -> Path:
    Database(tmp_path / "store.db").close()
    return tmp_path


def said(data: Path, *arguments: str) -> tuple[int, str]:
    return code_and_words("kpi", *arguments, "--data", str(data))


def test_a_target_is_set_shown_and_taken_back(data: Path) -> None:
    assert said(data, "targets", "M01") == (0, "M01 has no target; `cityhub kpi target M01` sets one\n")
    assert said(data, "target", "M01", *SET) == (0, "M01: record 1: 85.5 %, watch within 2 from 2026-01-01 on\n")
    code, words = said(data, "targets", "M01")
    assert code == 0
    assert "85.5 %, watch within 2  holds  Rat 12/2026" in words
    assert said(data, "target", "M01", "--retract", "1", *BY) == (0, "record 1 of M01 does not hold any more\n")
    records = json.loads(said(data, "targets", "M01", "--json")[1])
    assert [(one["number"], one.get("retracts")) for one in records] == [(1, None), (2, 1)]
    words = said(data, "targets", "M01")[1]
    assert "taken back" in words
    assert "takes back 1" in words


@pytest.mark.parametrize(
    ("arguments", "code", "words"),
    [
        (("Z99", *SET), 1, "no KPI 'Z99'"),
        (("M01", *SET[2:]), 2, "value: is missing: the value that is to be reached"),
        (("M01", "--low", "1", *SET), 2, "low: is only for a band"),
        (("M01", *SET[:4], "--from", "2026-01-01", *BY), 2, "source: is missing, or no single line of at most 500"),
        (("M01", *SET, "--from", "31.01.2027"), 2, "--from '31.01.2027': name the first day on which the target holds"),
        (("M01", *SET, "--watch", "-1"), 2, "watch: must not be negative"),
        (("M01", *SET, "--by", " "), 2, "who: is missing"),
        (("M01", *SET, "--why", "a\nb"), 2, "why: is missing, or no single line"),
        (("M01", "--retract", "7", *BY), 2, "number: 7 is no record of M01 that holds; those that do: none"),
        (("M01", "--retract", "1", *SET), 2, "--retract 1 takes a record back: leave the parts of a target out"),
        (("M01", *SET, "--value", "viel"), 2, "Invalid value for '--value'"),
        (("M01", "--value", "1"), 2, "Missing option"),
    ],
)
def test_what_cannot_be_set_is_said(data: Path, arguments: tuple[str, ...], code: int, words: str) -> None:
    found = said(data, "target", *arguments)
    assert found[0] == code
    assert words in found[1]
    assert json.loads(said(data, "targets", "M01", "--json")[1]) == []


def test_without_a_store_nothing_is_set(tmp_path: Path) -> None:
    code, words = said(tmp_path / "nowhere", "target", "M01", *SET)
    assert code == 3
    assert "start the hub first" in words
