"""The page on which partners hand in tables: who sees it, what it offers, and what it says of a file."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from pathlib import Path

import pytest

from cityhub.adapters.errors import StateUnavailable
from cityhub.adapters.tabular.form import shipped
from cityhub.adapters.tabular.uploads import Upload, Uploads
from cityhub.dashboard.address import parse
from cityhub.dashboard.address_partner import TablesPage
from cityhub.dashboard.services import Services
from cityhub.sdk.principal import Principal
from tests.unit.dashboard.partner_world import PartnerWorld
from tests.unit.dashboard.reading import by_id, ids, nodes, page, read, text

PATH = "/partner/tables"
CHOSEN = "feed=gebag.development&table=investitionen"
HEAD = "Buchung;Version;Storniert;Art;Betrag (€);Gebucht am\r\n"
GOOD, BAD = "b-1;1;nein;Neubau;1.000,00;01.10.2026\r\n", "b-2;1;nein;Abriss;1,00;01.10.2026\r\n"


class Desk(PartnerWorld):
    """With folders for every source that sends tables. Attribute: trouble_of_memory = raised by it."""

    def __init__(self, root: Path) -> None:
        super().__init__()
        self.viewer = publisher("gebag")
        self.trouble_of_memory: Exception | None = None
        folders = {form.feed: root / form.feed for form in shipped()}
        for folder in folders.values():
            folder.mkdir()
        self.root = root
        self.uploads = Uploads(folders, self._remembered, lambda: datetime(2026, 11, 25, 12, 30, tzinfo=UTC))

    def _remembered(self, _: str) -> dict[str, bytes]:
        if self.trouble_of_memory:
            raise self.trouble_of_memory
        return {}

    def services(self) -> Services:
        services = super().services()
        services.uploads = self.uploads
        return services

    def hand_in(self, *lines: str) -> Upload:
        return self.uploads.stage("gebag", "gebag.development", "investitionen", (HEAD + "".join(lines)).encode())


def publisher(organisation: str, *roles: str) -> Principal:
    return Principal(subject="x", name="X", organisation=organisation, roles=frozenset(roles or {"partner-publisher"}))


@pytest.fixture
def desk(tmp_path: Path) -> Desk:
    return Desk(tmp_path)


@pytest.mark.parametrize(
    "viewer",
    [
        None,
        publisher("gebag", "partner-admin"),
        publisher("", "hub-operator"),
        publisher("city", "leadership"),
        publisher("startup-demo"),
        publisher("", "kiosk"),
    ],
)
def test_only_publishers_of_a_partner_see_it(desk: Desk, viewer: Principal | None) -> None:
    desk.viewer = viewer
    drawn = page(desk, PATH, CHOSEN)
    assert not drawn.found
    assert "upload-choose" not in ids(drawn.body)
    assert "tables-link" not in ids(page(desk, "/partner").body)


def test_a_partner_is_led_here_and_sees_its_own_tables_only(desk: Desk) -> None:
    assert by_id(page(desk, "/partner").body, "tables-link")["props"]["href"] == PATH
    drawn = page(desk, PATH).body
    links = [key for key in ids(drawn) if key.startswith("table-")]
    assert len(links) == 5
    assert all(key.startswith("table-gebag-development-") for key in links)
    assert read(drawn, "tables-choose") == "Bitte wählen Sie eine Tabelle."
    other = page(desk, PATH, "feed=dvv.water&table=abrechnung").body
    assert "Diese Tabelle gibt es bei Ihrer Organisation nicht" in read(other, "tables-choose")


def test_a_partner_that_sends_no_tables_is_told_so(desk: Desk) -> None:
    desk.viewer = publisher("duisport")
    assert "liefert dem Hub keine Tabellen" in text(page(desk, PATH).body)
    assert "tables-link" not in ids(page(desk, "/partner").body)


def test_a_table_offers_file_templates_and_a_form(desk: Desk) -> None:
    drawn = page(desk, PATH, CHOSEN).body
    choose = by_id(drawn, "upload-choose")["props"]
    assert choose["data-choose"] == "/v1/uploads/gebag.development/investitionen"
    assert choose["data-next"] == f"{PATH}?{CHOSEN}&upload="
    hrefs = [by_id(drawn, f"template-{ending}")["props"]["href"] for ending in ("csv", "xlsx")]
    assert hrefs == [f"{choose['data-choose']}/template.{ending}" for ending in ("csv", "xlsx")]
    fields = [
        node for node in nodes(drawn) if str(node["props"].get("id", "")).startswith("row-") and "name" in node["props"]
    ]
    assert {one["props"]["name"]: one["type"] for one in fields} == {
        "Buchung": "TextInput",
        "Version": "TextInput",
        "Gebucht am": "TextInput",
        "Storniert": "Select",
        "Art": "Select",
        "Betrag (€)": "TextInput",
    }
    assert all(one["props"]["label"] == one["props"]["name"] for one in fields)
    assert by_id(drawn, "row-form")["props"]["data-row"] == f"{choose['data-choose']}/row"
    words = json.loads(by_id(drawn, "tables-box")["props"]["data-words"])
    assert words["most"] == 4 * 1024 * 1024
    assert words["too_large"].startswith("Die Datei ist zu groß.")


def test_every_table_of_every_partner_is_drawn_in_both_languages(desk: Desk) -> None:
    for form in shipped():
        desk.viewer = publisher(form.source.partner)
        for table in form.tables:
            for lang, words in (("de", "Datei auswählen und prüfen"), ("en", "Choose a file and check it")):
                drawn = page(desk, PATH, f"feed={form.feed}&table={table.name}", lang=lang)
                assert words in text(drawn.body)
                assert len(set(ids(drawn.body))) == len(ids(drawn.body))


def test_what_a_file_would_lead_to_and_the_button_that_hands_it_over(desk: Desk) -> None:
    upload = desk.hand_in(GOOD, BAD)
    drawn = page(desk, PATH, f"{CHOSEN}&upload={upload.id}").body
    assert read(drawn, "report-summary") == "1 neu, 0 geändert, 1 abgelehnt, 0 schon bekannt"
    found = read(drawn, "report-findings")
    assert found.startswith(
        "Spalte „Art“ : Schreiben Sie die Zellen, wie es die Spalte verlangt. Zeilen: 1 'Abriss' is no"
    )
    assert f"{upload.file}, line 3, column Art" in found
    commit = by_id(drawn, "upload-commit")["props"]
    assert commit["data-send"] == f"/v1/uploads/gebag.development/staged/{upload.id}/commit"
    assert (commit["data-method"], commit["data-then"]) == ("POST", f"{PATH}?{CHOSEN}&upload={upload.id}")
    assert by_id(drawn, "upload-discard")["props"]["data-method"] == "DELETE"
    desk.uploads.commit("gebag", "gebag.development", upload.id)
    done = page(desk, PATH, f"{CHOSEN}&upload={upload.id}", lang="en").body
    assert read(done, "upload-committed").startswith("Handed over. The hub reads the file within half a minute")
    assert "upload-commit" not in ids(done)
    assert read(done, "report-summary") == "1 new, 0 changed, 1 refused, 0 known already"


def test_a_file_that_cannot_be_read_has_no_button_to_hand_it_over(desk: Desk) -> None:
    upload = desk.uploads.stage("gebag", "gebag.development", "investitionen", b"PK\x03\x04")
    drawn = page(desk, PATH, f"{CHOSEN}&upload={upload.id}").body
    assert "Die Datei ist so nicht lesbar." in read(drawn, "report-summary")
    assert "Die Datei als Ganzes ist nicht lesbar. the file is no zip" in read(drawn, "report-findings")
    assert "upload-commit" not in ids(drawn)
    assert "upload-discard" in ids(drawn)


def test_what_else_was_counted_and_what_could_not_be_looked_up(desk: Desk) -> None:
    desk.trouble_of_memory = StateUnavailable("away")
    upload = desk.hand_in("BEISPIEL;1;nein;Neubau;1,00;01.10.2026\r\n")
    drawn = page(desk, PATH, f"{CHOSEN}&upload={upload.id}").body
    assert read(drawn, "report-noted") == "Beispielzeilen, die überlesen werden: 1"
    assert "Was der Hub schon kennt, war nicht nachzusehen" in text(drawn)
    assert "In der Datei ist nichts, was der Hub übernehmen könnte." in text(drawn)


@pytest.mark.parametrize("id_", ["0" * 32, "x", "../../etc/passwd", "%00"])
def test_a_file_that_is_not_there(desk: Desk, id_: str) -> None:
    drawn = page(desk, PATH, f"{CHOSEN}&upload={id_}").body
    assert "Diese Datei ist nicht mehr da" in read(drawn, "upload-gone")


def test_a_folder_that_cannot_be_read_is_the_operators(desk: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    upload = desk.hand_in(GOOD)

    def broken(_: Path) -> None:
        raise OSError(5, "Input/output error")

    monkeypatch.setattr("cityhub.adapters.tabular.uploads._kept", broken)
    drawn = page(desk, PATH, f"{CHOSEN}&upload={upload.id}").body
    assert "Der Ordner dieser Tabelle ist gerade nicht erreichbar." in read(drawn, "upload-gone")


def test_another_partners_file_is_not_there_either(desk: Desk) -> None:
    upload = desk.hand_in(GOOD)
    desk.viewer = publisher("dvv")
    assert upload.file not in text(page(desk, PATH, f"{CHOSEN}&upload={upload.id}").body)
    assert upload.file not in text(page(desk, PATH, f"feed=dvv.water&table=abrechnung&upload={upload.id}").body)


def test_its_address() -> None:
    assert parse(PATH, "?feed=a.b&table=c&upload=d") == TablesPage("a.b", "c", "d")
    assert parse(f"{PATH}/", "") == TablesPage()
    assert TablesPage("a.b", "c").address == f"{PATH}?feed=a.b&table=c"
    assert TablesPage().address == PATH
