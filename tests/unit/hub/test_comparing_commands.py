"""`cityhub kpi diff | changes | recompute`: answers, exit codes, and what is said of bad input."""

from __future__ import annotations

import json
from decimal import Decimal
from importlib.resources import files
from pathlib import Path

import pytest

from cityhub.kpi.definition import parse_definition
from cityhub.kpi.proof.receipt import parse
from tests.unit.hub.commands import code_and_words, issued, said


def test_a_drafts_differences_are_told_and_nothing_else(data: Path, tmp_path: Path) -> None:
    text = files("cityhub.kpi").joinpath("definitions/mobilitaet/M01.yaml").read_text("utf-8")
    draft = tmp_path / "draft.yaml"
    draft.write_text(text.replace("-60, 300]", "-60, 100]").replace("version: 1", "version: 2"))
    span = ("--from", "2026-10-20", "--to", "2026-11-05", "--archive", str(data / "archive"))

    code, words = code_and_words("kpi", "diff", "M01", "1", str(draft), *span)
    assert (code, "windows differ between version 1 and" in words, "hour" in words) == (0, True, True), words
    code, words = code_and_words("kpi", "diff", "M01", "1", "1", *span)
    assert (code, "M01: 0 windows differ" in words) == (1, True), words


@pytest.mark.parametrize(
    ("arguments", "code", "words"),
    [
        (["M01", "1", "7", "--from", "2026-10-20", "--to", "2026-11-05"], 1, "7"),
        (["M01", "1", "none.yaml", "--from", "2026-10-20", "--to", "2026-11-05"], 2, "neither a version's number nor"),
        (["M01", "1", "1", "--from", "soon", "--to", "2026-11-05"], 2, "--from 'soon' is no instant"),
        (["M01", "1", "1", "--from", "2026-11-06", "--to", "2026-11-05"], 2, "is not before --to"),
    ],
)
def test_differences_that_cannot_be_told(data: Path, arguments: list[str], code: int, words: str) -> None:
    found = code_and_words("kpi", "diff", *arguments, "--archive", str(data / "archive"))
    assert found[0] == code
    assert words in found[1]


def test_what_changed_is_a_sum(data: Path) -> None:
    options = ("kpi", "changes", "M01", "--at", "2026-10-24", "--archive", str(data / "archive"))
    looks = ("--known", "2026-10-24T12:00", "--then-known", "2026-10-30T12:00")
    found = json.loads(said(*options, *looks, "--json").stdout)

    assert found["parts"][0]["cause"] == "definition"
    assert sum(Decimal(part["amount"]) for part in found["parts"]) == Decimal(found["after"]) - Decimal(found["before"])
    code, words = code_and_words(*options, *looks)
    head, *rows = words.strip().splitlines()
    assert (code, head.split()[:3]) == (0, ["CAUSE", "AMOUNT", "(%)"])
    assert [row.split()[0] for row in rows] == ["before", *(part["cause"] for part in found["parts"]), "after"]
    count, named = found["parts"][-1]["events"], found["parts"][-1]["named"]
    assert f"{count}: {named[0]['id']}, " in rows[-2]


def test_what_changed_since_a_receipt_by_a_draft(data: Path, tmp_path: Path) -> None:
    draft = tmp_path / "draft.yaml"
    text = files("cityhub.kpi").joinpath("definitions/mobilitaet/M01.yaml").read_text("utf-8")
    draft.write_text(text.replace("-60, 300]", "-60, 100]").replace("version: 1", "version: 2"))
    file = issued(data, tmp_path / "receipt.json")
    options = ("kpi", "changes", "M01", "--receipt", str(file), "--archive", str(data / "archive"))
    code, words = code_and_words(*options, "--then-by", str(draft), "--then-known", "2026-11-30")

    before, after = parse(file.read_bytes()).definition_hash, parse_definition(draft.read_text(), "draft").hash
    assert code == 0, words
    assert f"{before[:12]} to {after[:12]}" in words
    assert f"{parse(file.read_bytes()).value:g}" in words.splitlines()[1]


def test_a_change_from_nothing_is_unknown(data: Path) -> None:
    options = ("--at", "2026-10-24", "--known", "2026-10-20", "--then-known", "2026-11-30")
    code, words = code_and_words("kpi", "changes", "M01", *options, "--archive", str(data / "archive"))
    assert (code, "unknown: there is no number before" in words) == (1, True), words


def test_an_archive_of_something_else_answers_nothing(tmp_path: Path) -> None:
    for command in (
        ("diff", "M01", "1", "1", "--from", "2026-10-20", "--to", "2026-11-05"),
        ("changes", "M01", "--at", "2026-10-24", "--known", "2026-10-25"),
    ):
        code, words = code_and_words("kpi", *command, "--archive", str(tmp_path))
        assert (code, f"{tmp_path} holds nothing of du.evt.dvv.transit.v1; name the right" in words) == (1, True), words


@pytest.mark.parametrize(
    ("options", "code", "words"),
    [
        ([], 2, "the first look is not named: say --at and --known, or --receipt"),
        (["--receipt", "none.json"], 2, "none.json cannot be read"),
        (["--receipt", "none.json", "--at", "2026-10-24"], 2, "leave --at, --known, --window and the others out"),
        (["--at", "2026-10-24", "--known", "then"], 2, "--known 'then' is no instant"),
        (["--at", "2026-10-24", "--known", "2026-10-24", "--and-at", "x"], 2, "--and-at 'x' is no instant"),
        (["--at", "2026-10-24", "--known", "2026-10-24", "--window", "week"], 2, "--window 'week': M01 has hour, day"),
        (["--at", "2026-10-24", "--known", "2026-10-24", "--scope", "STB05"], 2, "--scope 'STB05': M01 is counted for"),
        (["--at", "2026-10-24", "--known", "2026-10-24", "--dimension", "x"], 2, "--dimension 'x': M01 has line=…"),
        (["--at", "2026-10-24", "--known", "2026-10-24", "--then-by", "9"], 1, "no version 9 of M01; known: 1"),
        (["--at", "2026-10-24", "--known", "2026-10-30", "--then-known", "2026-10-24"], 1, "second look knows less"),
    ],
)
def test_changes_that_cannot_be_told(data: Path, options: list[str], code: int, words: str) -> None:
    found = code_and_words("kpi", "changes", "M01", *options, "--archive", str(data / "archive"))
    assert found[0] == code
    assert words in found[1]


def test_numbers_come_from_the_archive_alone(data: Path, tmp_path: Path) -> None:
    archive = ("--archive", str(data / "archive"))
    result = said("kpi", "recompute", "M01", "--window", "day", "--day", "2026-10-25", "--json", *archive)
    (line, *_) = [json.loads(line) for line in result.stdout.splitlines() if '"dimensions":"{}"' in line]
    assert (line["start"], line["end"]) == ("2026-10-24T22:00:00Z", "2026-10-25T23:00:00Z")
    assert line["denominator"] > 0

    work = (*archive, "--work", str(tmp_path / "work"), "--jobs", "2")
    code, every = code_and_words("kpi", "recompute", "M01", *work)
    assert (code, every.split()[:2]) == (0, ["WINDOW", "FROM"])
    code, day = code_and_words("kpi", "recompute", "M01", "--day", "2026-10-24", *work)
    assert code == 0
    assert set(day.splitlines()[1:]) < set(every.splitlines()[1:])
    code, hour = code_and_words("kpi", "recompute", "M01", "--window", "day", "--at", "2026-10-24T12:00Z", *work)
    assert (code, set(hour.splitlines()[1:]) < set(day.splitlines()[1:])) == (0, True)


@pytest.mark.parametrize(
    ("options", "code", "words"),
    [
        (["Z99"], 1, "no KPI 'Z99'"),
        (["M01", "--at", "2026-10-24", "--day", "2026-10-24"], 2, "give one of them, or none for all windows"),
        (["M01", "--window", "fortnight"], 2, "--window 'fortnight': M01 has hour, day"),
        (["M01", "--at", "yesterday"], 2, "--at 'yesterday' is no instant"),
        (["M01", "--at", "9999-12-31"], 2, "--at '9999-12-31' is not in the years 1970 to 2999"),
        (["M01", "--scope", "STB99"], 1, "M01: no event of the archive counts there"),
        (["M01", "--work", __file__], 2, "is a file; name a folder"),
        (["M01", "--jobs", "0"], 2, "Invalid value for '--jobs'"),
        (["M01", "--day", "1999-01-01"], 1, "lies before the archive begins: its first event is of 2026-10-"),
        (["M01", "--day", "2030-10-01"], 1, "M01: no event of the archive counts there"),
    ],
)
def test_numbers_that_cannot_be_computed_anew(data: Path, options: list[str], code: int, words: str) -> None:
    found = code_and_words("kpi", "recompute", *options, "--archive", str(data / "archive"))
    assert found[0] == code
    assert words in found[1]


def test_an_archive_of_something_else_gives_no_numbers(tmp_path: Path) -> None:
    code, words = code_and_words("kpi", "recompute", "M01", "--archive", str(tmp_path))
    assert (code, "holds nothing of du.evt.dvv.transit.v1" in words) == (1, True)
