"""`cityhub kpi explain | audit | rebuild` and `cityhub receipt`: answers, exit codes, and what is said of bad input."""

from __future__ import annotations

import json
import shutil
from pathlib import Path

import pytest
from sqlalchemy import update

from cityhub.kpi.definition import load_catalogue
from cityhub.kpi.proof import signature
from cityhub.kpi.proof.receipt import parse
from cityhub.kpi.store import schema
from tests.unit.hub.commands import code_and_words, issued, said


def test_a_number_opens_into_its_events(data: Path) -> None:
    result = said("kpi", "explain", "M01", "--data", str(data), "--size", "3", "--at", "2026-10-24")

    assert result.exit_code == 0
    head, columns, *rows, more = result.stdout.strip().splitlines()
    assert head.startswith("M01 day of 2026-10-")
    assert "events count" in head
    assert columns.split()[0] == "TIME"
    assert len(rows) == 3
    assert any("denominator +1" in row for row in rows)
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
    assert (code, words.count(" agree")) == (0, len(list(load_catalogue()))), words
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
