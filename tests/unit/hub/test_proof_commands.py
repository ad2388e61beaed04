"""`cityhub kpi explain | audit | rebuild` and `cityhub receipt`: answers, exit codes, and what is said of bad input."""

from __future__ import annotations

import json
import shutil
from decimal import Decimal
from importlib.resources import files
from pathlib import Path

import pytest
from sqlalchemy import update
from typer.testing import CliRunner, Result

from cityhub.hub import cli
from cityhub.hub.secrets import load_or_create
from cityhub.kpi.definition import parse_definition
from cityhub.kpi.proof import signature
from cityhub.kpi.proof.receipt import parse
from cityhub.kpi.store import schema
from cityhub.kpi.store.clocks import JOB
from tests.unit.kpi.proof.world import World


@pytest.fixture(scope="module")
def data(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A data directory as a hub leaves it that has counted and archived a week."""
    folder = tmp_path_factory.mktemp("data")
    world = World(folder, per_type=40, job=JOB)
    world.count()
    world.engine.publish()
    load_or_create(folder)
    return folder


def said(*arguments: str) -> Result:
    return CliRunner().invoke(cli.app, arguments, env={"CITYHUB_DATA": ""})


def code_and_words(*arguments: str) -> tuple[int, str]:
    """As the program ends: an exception is a message and a code."""
    result = said(*arguments)
    if result.exception is None or isinstance(result.exception, SystemExit):
        return result.exit_code, result.output
    assert isinstance(result.exception, Exception)
    return cli.exit_code(result.exception), str(result.exception)


def issued(data: Path, file: Path, kpi: str = "M01") -> Path:
    assert said("receipt", "issue", kpi, "--data", str(data), "--out", str(file)).exit_code == 0
    return file


def test_a_number_opens_into_its_events(data: Path) -> None:
    result = said("kpi", "explain", "M01", "--data", str(data), "--size", "3", "--at", "2026-10-24")

    assert result.exit_code == 0
    head, columns, *rows, more = result.stdout.strip().splitlines()
    assert head.startswith("M01 day of 2026-10-")
    assert "events count" in head
    assert columns.split()[0] == "TIME"
    assert len(rows) == 3
    assert "denominator +1" in rows[0]
    assert "du.evt.dvv.transit.v1/" in rows[0]
    assert more.endswith("more: --first 3")


def test_what_does_not_count_is_told_with_its_reason(data: Path) -> None:
    result = said("kpi", "explain", "M01", "--data", str(data), "--excluded", "--json", "--at", "2026-10-25")
    found = json.loads(result.stdout)

    assert found["excluded"] == len(found["exclusions"])
    assert {one["reason"] for one in found["exclusions"]} <= {"duplicate", "id_reuse", "time_in_future", "outside"}
    assert found["exclusions"]


@pytest.mark.parametrize(
    ("options", "code", "words"),
    [
        (["Z99"], 1, "no KPI 'Z99'"),
        (["M01", "--window", "fortnight"], 2, "--window 'fortnight': M01 has hour, day"),
        (["M01", "--at", "yesterday"], 2, "--at 'yesterday' is no instant; write 2026-11-24"),
        (["M01", "--scope", "STB05"], 2, "--scope 'STB05': M01 is counted for the whole city only"),
        (["M01", "--dimension", "colour=red"], 2, "--dimension 'colour=red': M01 has line=…"),
        (["M01", "--dimension", "line=none-such"], 2, "nothing was counted yet for city"),
        (["M01", "--at", "1999-12-31"], 1, "0 events count, 0 do not"),
    ],
)
def test_what_cannot_be_opened_is_said(data: Path, options: list[str], code: int, words: str) -> None:
    found = code_and_words("kpi", "explain", *options, "--data", str(data))
    assert found[0] == code
    assert words in found[1]


def test_a_receipt_is_checked_where_only_the_archive_is(data: Path, tmp_path: Path) -> None:
    elsewhere = shutil.copytree(data / "archive", tmp_path / "copy")
    for kpi in ("M01", "E07", "W01"):
        file = issued(data, tmp_path / f"{kpi}.json", kpi)
        code, words = code_and_words("receipt", "verify", str(file), "--archive", str(elsewhere))
        assert (code, f"is proved by {parse(file.read_bytes()).events} events" in words) == (0, True), words


def test_receipts_that_are_not_what_was_issued_are_refused(data: Path, tmp_path: Path) -> None:
    file = issued(data, tmp_path / "receipt.json")
    content = file.read_bytes()
    key = tmp_path / "key.pem"
    key.write_text(signature.public_key(signature.new_key()))
    archive = str(data / "archive")
    cut, changed, empty = tmp_path / "cut.json", tmp_path / "changed.json", tmp_path / "empty"
    cut.write_bytes(content[: len(content) // 2])
    changed.write_bytes(content.replace(b'"numerator": ', b'"numerator": 1'))
    empty.mkdir()

    verify = ("receipt", "verify")
    assert code_and_words(*verify, str(cut), "--archive", archive)[0] == 1
    assert "it was cut or changed" in code_and_words(*verify, str(cut), "--archive", archive)[1]
    assert "id: says" in code_and_words(*verify, str(changed), "--archive", archive)[1]
    assert "made with Ed25519 key" in code_and_words(*verify, str(file), "--archive", archive, "--key", str(key))[1]
    key.write_text(said("receipt", "key", "--data", str(data)).stdout)
    code, words = code_and_words(*verify, str(file), "--archive", archive, "--key", str(key))
    assert (code, "signed by the holder of the key" in words) == (0, True)
    assert code_and_words(*verify, str(tmp_path / "none.json"), "--archive", archive)[0] == 2
    code, words = code_and_words(*verify, str(file), "--archive", str(empty))
    assert (code, "is archived up to offset -1" in words) == (1, True), words


def test_an_audit_agrees_until_somebody_changes_a_number(data: Path, tmp_path: Path) -> None:
    copy = shutil.copytree(data, tmp_path / "copy")
    code, words = code_and_words("kpi", "audit", "--data", str(copy))
    assert (code, words.count(" agree")) == (0, 9), words
    world_row = schema.bucket.c
    from cityhub.kpi.store.database import Database

    database = Database(copy / "store.db")
    with database.begin() as connection:
        connection.execute(update(schema.bucket).values(n=world_row.n + 1).where(world_row.n > 0))
    database.close()

    code, words = code_and_words("kpi", "audit", "M01", "--data", str(copy))
    assert code == 1
    assert "numbers DIFFER" in words
    assert "the archive comes to" in words
    assert "offset" in words


def test_a_lost_store_is_made_anew(data: Path, tmp_path: Path) -> None:
    lost = tmp_path / "lost"
    lost.mkdir()
    code, words = code_and_words("kpi", "rebuild", "--data", str(lost), "--archive", str(data / "archive"))
    assert (code, "records were counted from the archive" in words) == (0, True), words
    assert code_and_words("kpi", "audit", "--data", str(lost), "--archive", str(data / "archive"))[0] == 0
    again = code_and_words("kpi", "rebuild", "--data", str(lost), "--archive", str(data / "archive"))
    assert again[1].startswith("0 records were counted")


def test_a_damaged_archive_is_refused_with_the_file(data: Path, tmp_path: Path) -> None:
    file = issued(data, tmp_path / "receipt.json")
    archive = shutil.copytree(data / "archive", tmp_path / "copy")
    day = parse(file.read_bytes()).start.date().isoformat()
    (damaged, *_) = sorted((archive / "du.evt.dvv.transit.v1" / day).glob("*departed*"))
    damaged.write_bytes(damaged.read_bytes()[:-9])

    code, words = code_and_words("receipt", "verify", str(file), "--archive", str(archive))

    assert code == 1
    assert f"du.evt.dvv.transit.v1/{day}/{damaged.name} is not the file that was written" in words


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


def test_the_archive_tells_what_it_holds_and_whether_it_is_whole(data: Path, tmp_path: Path) -> None:
    archive = shutil.copytree(data / "archive", tmp_path / "copy")
    found = json.loads(said("archive", "status", "--archive", str(archive), "--json").stdout)
    assert {one["topic"] for one in found} >= {"du.evt.dvv.transit.v1", "du.evt.wbd.bin.v1"}
    assert all(one["records"] for one in found)

    assert code_and_words("archive", "check", "--archive", str(archive))[0] == 0
    assert code_and_words("archive", "compact", "--archive", str(archive))[0] == 0
    file = max((archive / "du.evt.wbd.bin.v1").glob("2026*/*"), key=lambda path: path.name.split(".")[-3])
    content = file.read_bytes()
    file.write_bytes(content[:100] + b"?" + content[101:])
    code, words = code_and_words("archive", "check", "--archive", str(archive))
    assert (code, f"{file.parent.name}/{file.name} is not the file that was written" in words) == (1, True), words


def test_a_subject_is_erased_and_numbers_stay(data: Path, tmp_path: Path) -> None:
    copy = shutil.copytree(data, tmp_path / "copy")
    where = ("--data", str(copy))
    erase = ("archive", "erase", "bin-2", "--by", "Datenschutz", "--why", "request 7")
    code, words = code_and_words(*erase, *where)
    assert (code, "numbers stay what they were" in words) == (0, True), words
    assert code_and_words(*erase, *where)[0] == 1
    assert code_and_words("kpi", "audit", "M01", "I11", *where)[0] == 0
    assert code_and_words("archive", "erase", "x", "--by", "", "--why", "y", *where)[0] == 2


def test_numbers_come_from_the_archive_alone(data: Path, tmp_path: Path) -> None:
    archive = ("--archive", str(data / "archive"))
    result = said("kpi", "recompute", "M01", "--window", "day", "--day", "2026-10-25", "--json", *archive)
    (line, *_) = [json.loads(line) for line in result.stdout.splitlines() if '"dimensions":"{}"' in line]
    assert (line["start"], line["end"]) == ("2026-10-24T22:00:00+00:00", "2026-10-25T23:00:00+00:00")
    assert line["denominator"] > 0

    assert code_and_words("kpi", "recompute", "M01", "--day", "1999-01-01", *archive)[0] == 1
    assert code_and_words("kpi", "recompute", "M01", "--window", "week", *archive)[0] == 2
    code, words = code_and_words("kpi", "recompute", "M01", "--archive", str(tmp_path))
    assert (code, "holds nothing of du.evt.dvv.transit.v1" in words) == (1, True)
