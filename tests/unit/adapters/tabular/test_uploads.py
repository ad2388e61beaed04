"""Tables handed in: what a file would lead to is what it leads to, and nothing leaves its organisation's folders."""

from __future__ import annotations

import os
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from cityhub.adapters.errors import StateUnavailable, UploadRefused, UploadsAway
from cityhub.adapters.kit.fact import Reading
from cityhub.adapters.tabular import uploads as module
from cityhub.adapters.tabular.form import parse
from cityhub.adapters.tabular.upload_report import report
from cityhub.adapters.tabular.uploads import Uploads
from tests.unit.adapters.tabular.test_table import GOOD, HEADING, NOW, TICKETS
from tests.unit.adapters.tabular.upload_desk import BETTER, FEED, HEAD, ONE, TABLE, TWO, Desk
from tests.unit.adapters.tabular.workbooks import workbook


def test_a_file_is_read_only_once_it_is_handed_over_and_leads_to_what_was_said(desk: Desk) -> None:
    upload = desk.stage(ONE, TWO, "b-3;1;nein;Neubau;zwölf;02.10.2026\r\n")
    assert (upload.report.new, upload.report.changed, upload.report.known, upload.report.refused) == (2, 0, 0, 1)
    assert desk.adapter_reads() == Reading()
    done = desk.uploads.commit("gebag", FEED, upload.id)
    assert done.committed
    reading = desk.adapter_reads()
    assert (len(reading.facts), len(reading.rejects)) == (2, 1)
    assert reading.facts[0].path.startswith(f"{done.file}, line 2")
    assert desk.uploads.commit("gebag", FEED, upload.id) == done
    assert desk.adapter_reads().facts == ()


def test_new_changed_known_and_refused_are_told_apart(desk: Desk) -> None:
    desk.uploads.commit("gebag", FEED, desk.stage(ONE).id)
    desk.adapter_reads()
    contradiction = TWO.replace("b-2;1", "b-1;1")
    said = desk.stage(ONE, BETTER, TWO, contradiction).report
    assert (said.new, said.changed, said.known, said.refused) == (1, 1, 1, 1)
    assert [(one.reason, one.rows) for one in said.findings] == [("contradiction", 1)]
    assert said.compared


def test_a_file_name_names_the_organisation_and_no_person(desk: Desk) -> None:
    upload = desk.stage(ONE)
    assert upload.file == f"investitionen_{desk.now:%Y-%m-%dT%H%M%SZ}_gebag_{upload.id[:8]}.csv"


def test_refusals_are_grouped_by_what_repairs_them(desk: Desk) -> None:
    bad = [f"b-{n};1;nein;Abriss;1,00;02.10.2026\r\n" for n in range(9)]
    bad += ["c;1;nein;Neubau;;02.10.2026\r\n", "d;1;nein;Neubau;1,001;02.10.2026\r\n", "e;1\r\n"]
    ahead = f"f;1;nein;Neubau;1,00;{desk.now + timedelta(days=3):%d.%m.%Y}\r\n"
    said = desk.stage(*bad, ahead).report
    found = said.findings
    assert (said.new, said.refused) == (0, 13)
    assert [(one.reason, one.column, one.rows) for one in found] == [
        ("value", "Art", 9),
        ("missing", "Betrag (€)", 1),
        ("contract", "amount_eur", 1),
        ("columns", "", 1),
        ("time_in_future", "", 1),
    ]
    assert "'Abriss' is no code that the mapping knows; write Modernisierung or Neubau" in found[0].detail
    assert [place.partition(", ")[2] for place in found[0].places] == [f"line {n}, column Art" for n in range(2, 7)]


def test_a_workbook_is_known_by_what_it_is_and_its_cells_are_named(desk: Desk) -> None:
    lines = [HEAD.strip().split(";"), ["b-1", 1, False, "Neubau", "x", "01.10.2026"]]
    upload = desk.uploads.stage("gebag", FEED, TABLE, workbook({"Buchungen": lines}))
    assert upload.file.endswith(".xlsx")
    assert upload.report.findings[0].column == "Betrag (€)"
    assert upload.report.findings[0].places == (f"{upload.file}, sheet Buchungen, cell E2 (Betrag (€))",)


@pytest.mark.parametrize(
    ("body", "reason"),
    [(b"\xff\xfe", "file_parse"), (b"PK\x03\x04", "file_zip"), (b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1", "file_parse")],
)
def test_a_file_that_cannot_be_read_is_said_so_and_cannot_be_handed_over(desk: Desk, body: bytes, reason: str) -> None:
    upload = desk.uploads.stage("gebag", FEED, TABLE, body)
    assert ([one.reason for one in upload.report.findings], upload.report.usable) == ([reason], False)
    with pytest.raises(UploadRefused) as refused:
        desk.uploads.commit("gebag", FEED, upload.id)
    assert refused.value.reason == "nothing_in_it"
    assert desk.adapter_reads() == Reading()


def test_what_is_known_already_is_not_handed_over_again(desk: Desk) -> None:
    desk.uploads.commit("gebag", FEED, desk.stage(ONE).id)
    desk.adapter_reads()
    with pytest.raises(UploadRefused, match="nothing of the file would be new to the hub"):
        desk.uploads.commit("gebag", FEED, desk.stage(ONE).id)


def test_while_it_cannot_be_looked_up_what_is_known_it_says_so(desk: Desk) -> None:
    desk.trouble = StateUnavailable("adapters.db cannot be read")
    said = desk.stage(ONE).report
    assert (said.compared, said.new) == (False, 1)


def test_thrown_away_it_is_gone_and_what_was_handed_over_stays(desk: Desk) -> None:
    upload, other = desk.stage(ONE), desk.stage(TWO)
    desk.uploads.discard("gebag", FEED, upload.id)
    with pytest.raises(UploadRefused, match="there is no such file"):
        desk.uploads.commit("gebag", FEED, upload.id)
    done = desk.uploads.commit("gebag", FEED, other.id)
    with pytest.raises(UploadRefused, match="was handed over"):
        desk.uploads.discard("gebag", FEED, other.id)
    assert desk.files() == [f".upload-{other.id}.json", done.file]


def test_killed_after_the_rename_handing_over_again_is_the_same(desk: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    upload = desk.stage(ONE)

    def killed(*_: object) -> None:
        raise KeyboardInterrupt

    with monkeypatch.context() as patch:
        patch.setattr(module, "_put", killed)
        with pytest.raises(KeyboardInterrupt):
            desk.uploads.commit("gebag", FEED, upload.id)
    assert desk.uploads.commit("gebag", FEED, upload.id).committed
    assert len(desk.adapter_reads().facts) == 1


def test_after_a_day_what_was_not_meant_is_thrown_away(desk: Desk) -> None:
    upload = desk.stage(ONE)
    for path in (desk.root / FEED).iterdir():
        os.utime(path, (0, 0))
    other = desk.stage(TWO)
    assert desk.files() == [f".upload-{other.id}.json", f".upload-{other.id}.part"]
    with pytest.raises(UploadRefused, match="it is kept for a day"):
        desk.uploads.look("gebag", FEED, upload.id)


def test_bounds(desk: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "MOST_STAGED", 2)
    monkeypatch.setattr(module, "MAX_BYTES", 200)
    for body, reason in ((b"", "empty"), (b"x" * 201, "too_large")):
        with pytest.raises(UploadRefused) as refused:
            desk.uploads.stage("gebag", FEED, TABLE, body)
        assert refused.value.reason == reason
    desk.stage(ONE), desk.stage(TWO)
    with pytest.raises(UploadRefused, match="2 files wait to be handed over"):
        desk.stage(BETTER)
    with desk.uploads._place(), desk.uploads._place(), pytest.raises(UploadRefused, match="others are handing in"):
        desk.stage(BETTER)


def test_a_folder_that_is_not_there_is_said_so(desk: Desk) -> None:
    (desk.root / FEED).rmdir()
    with pytest.raises(UploadsAway, match=r"the folder of gebag\.development cannot be used by the web server"):
        desk.stage(ONE)


def test_a_row_that_is_typed_becomes_a_file_of_one_row(desk: Desk) -> None:
    row = {"Buchung": 'b;"9"', "Version": "1", "Storniert": "nein", "Art": "Neubau", "Betrag (€)": "1,50"}
    upload = desk.uploads.stage_row("gebag", FEED, TABLE, {**row, "Gebucht am": " 01.10.2026 "})
    assert (upload.report.new, upload.report.refused) == (1, 0)
    desk.uploads.commit("gebag", FEED, upload.id)
    (fact,) = desk.adapter_reads().facts
    assert (fact.key[1], fact.data["amount_eur"]) == ('b;"9"', 1.5)
    missing = desk.uploads.stage_row("gebag", FEED, TABLE, row).report
    assert [(one.reason, one.column) for one in missing.findings] == [("missing", "Gebucht am")]


def test_a_row_of_json_lines(desk: Desk) -> None:
    row = {"startup": "s-1", "status": "aufgenommen", "am": "01.10.2026"}
    assert desk.uploads.stage_row("startport", "startport.startups", "startups", row).report.new == 1


def test_a_row_that_the_tables_encoding_cannot_say(tmp_path: Path) -> None:
    (tmp_path / "wbd").mkdir()
    uploads = Uploads({"wbd.cleanings": tmp_path / "wbd"}, lambda _: {}, lambda: datetime.now(UTC))
    with pytest.raises(UploadRefused, match="'Ł' cannot be written in cp1252; write it otherwise"):
        uploads.stage_row("wbd", "wbd.cleanings", "kanalreinigung", {"Auftrag": "Łódź"})


def test_versions_that_are_no_numbers_are_no_changes() -> None:
    form = parse("city.parking-tickets.yaml", TICKETS.replace("  missing:", "  version: Stand\n  missing:"))
    body = f"{HEADING};Stand\n{GOOD};a\n{GOOD};b\n".encode()
    said = report(form, "tickets_1.csv", body, {}, NOW)
    assert (said.new, said.changed, said.worth) == (2, 0, True)


def test_one_web_process_goes_on_with_what_another_has_staged(desk: Desk) -> None:
    upload = desk.stage(ONE)
    assert desk.others.look("gebag", FEED, upload.id) == upload
    done = desk.others.commit("gebag", FEED, upload.id)
    assert desk.uploads.commit("gebag", FEED, upload.id) == done
    assert len(desk.adapter_reads().facts) == 1
    thrown = desk.others.stage("gebag", FEED, TABLE, (HEAD + TWO).encode())
    desk.uploads.discard("gebag", FEED, thrown.id)
    with pytest.raises(UploadRefused, match="there is no such file"):
        desk.others.look("gebag", FEED, thrown.id)
    assert desk.files() == [f".upload-{upload.id}.json", done.file]


def test_two_web_processes_at_the_same_moment(desk: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    """One hands a file over between the other's look and its rename, and throws away what the other looks through."""
    upload, replace, stat = desk.stage(ONE), Path.replace, Path.stat

    def after_the_other(self: Path, target: Path) -> Path:
        with monkeypatch.context() as once:
            once.setattr(Path, "replace", replace)
            desk.others.commit("gebag", FEED, upload.id)
        return replace(self, target)

    with monkeypatch.context() as patch:
        patch.setattr(Path, "replace", after_the_other)
        done = desk.uploads.commit("gebag", FEED, upload.id)
    assert (done.committed, len(desk.adapter_reads().facts)) == (True, 1)
    desk.stage(TWO)

    def thrown_away(self: Path, **given: bool) -> os.stat_result:
        if self.suffix == ".part":
            self.unlink(missing_ok=True)
        return stat(self, **given)

    with monkeypatch.context() as patch:
        patch.setattr(Path, "stat", thrown_away)
        assert desk.stage(BETTER).report.changed == 1


def test_content_that_somebody_else_removed_is_gone(desk: Desk) -> None:
    upload = desk.stage(ONE)
    next((desk.root / FEED).glob("*.part")).unlink()
    with pytest.raises(UploadRefused, match="there is no such file"):
        desk.uploads.commit("gebag", FEED, upload.id)


@pytest.mark.parametrize(
    ("feed", "table", "cells", "why"),
    [
        (FEED, TABLE, {"Buchungen": "x"}, "no column 'Buchungen'; write Buchung"),
        (FEED, TABLE, {"Buchung": "x" * 501}, "Buchung: 501 characters; at most 500"),
    ],
)
def test_a_row_that_is_none(desk: Desk, feed: str, table: str, cells: dict[str, str], why: str) -> None:
    with pytest.raises(UploadRefused, match=why) as refused:
        desk.uploads.stage_row("gebag", feed, table, cells)
    assert refused.value.reason == "columns"
