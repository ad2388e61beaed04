"""GEBAG's flats in OpenImmo."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime

import pytest

from cityhub.adapters.errors import FeedFault
from cityhub.adapters.gebag.flats.mapping import read
from cityhub.adapters.kit.fact import Reading
from tests.unit.adapters.test_zip_file import zipped

NOW = datetime(2026, 11, 26, 8, tzinfo=UTC)
FLAT = """<immobilie>
  <objektkategorie><nutzungsart WOHNEN="1"/><objektart><wohnung wohnungtyp="ETAGE"/></objektart></objektkategorie>
  <kontaktperson><name>Mustermann</name><email_zentrale>e.mustermann@example.org</email_zentrale></kontaktperson>
  <geo><strasse>Musterweg</strasse></geo><preise><kaltmiete>417.00</kaltmiete></preise>
  <flaechen><wohnflaeche>65.504</wohnflaeche></flaechen>
  <zustand_angaben><letztemodernisierung>2026</letztemodernisierung>
    <zustand zustand_art="MODERNISIERT"/></zustand_angaben>
  <verwaltung_techn><objektnr_intern>W-7</objektnr_intern><aktion aktionart="CHANGE"/><openimmo_obid>OI7</openimmo_obid>
    <stand_vom>2026-11-20</stand_vom></verwaltung_techn>
</immobilie>"""
OTHER = FLAT.replace("W-7", "W-8").replace("OI7", "OI8")
DELETED = FLAT.replace("CHANGE", "DELETE")
DELETED_BY_ID = """<immobilie><verwaltung_techn><aktion aktionart="DELETE"/><openimmo_obid>OI7</openimmo_obid>
</verwaltung_techn></immobilie>"""
SEVENTH = {"flat_id": "W-7", "modernised": True, "area_m2": 65.5}


def sent(*objects: str, at: str = "2026-11-20T14:00:00", extent: str = "TEIL", head: str = "") -> bytes:
    """A file."""
    return f"""<?xml version="1.0" encoding="UTF-8"?><oi:openimmo xmlns:oi="http://www.openimmo.de"
 xmlns="http://www.openimmo.de"><uebertragung art="OFFLINE" umfang="{extent}" version="1.2.7" timestamp="{at}" {head}/>
 <anbieter><firma>GEBAG</firma>{"".join(objects)}</anbieter></oi:openimmo>""".encode()


class Desk:
    """Reads files one after the other."""

    def __init__(self) -> None:
        self.memory: Mapping[str, bytes] = {"file\x1fa.zip": b"1/2"}

    def read(self, body: bytes, now: datetime = NOW) -> Reading:
        """One file, and keeps what is to be remembered."""
        found = read("a.zip", body, self.memory, now)
        self.memory = {key: says for key, says in {**self.memory, **found.memory}.items() if says is not None}
        return found

    def told(self, body: bytes) -> list[dict[str, object]]:
        """What a file tells, without versions."""
        return [{name: one.data[name] for name in one.data if name != "version"} for one in self.read(body).facts]


def rejects(found: Reading) -> list[tuple[str, str]]:
    return [(one.reason, one.path) for one in found.rejects]


def test_a_flat_is_told_with_its_day_and_the_seconds_of_its_file() -> None:
    (fact,) = Desk().read(zipped(("a.xml", sent(FLAT)))).facts
    assert fact.data == SEVENTH | {"version": 217342800}
    assert (fact.subject, fact.key, fact.version) == ("W-7", ("OI7",), "217342800")
    assert fact.time.isoformat() == "2026-11-19T23:00:00+00:00"


def test_neither_contact_nor_rent_nor_address_leaves() -> None:
    desk = Desk()
    found = repr(desk.read(sent(FLAT, OTHER.replace("65.504", "zu Mustermann")))) + repr(desk.memory)
    assert "W-7" in found
    assert not [word for word in ("usterm", "Musterweg", "417") if word in found.replace("zu Mustermann", "")]


def test_what_was_told_is_not_told_again() -> None:
    desk = Desk()
    assert desk.told(sent(FLAT, FLAT)) == [SEVENTH]
    again = desk.read(sent(FLAT.replace("2026-11-20", "2026-11-21"), OTHER, at="2026-11-21T14:00:00", extent="VOLL"))
    assert [one.subject for one in again.facts] == ["W-8"]
    assert again.as_of == datetime(2026, 11, 21, 13, tzinfo=UTC)


def test_of_a_flat_that_stands_in_a_file_twice_the_last_one_counts() -> None:
    found = Desk().read(sent(FLAT, FLAT.replace("65.504", "70")))
    assert ([one.data["area_m2"] for one in found.facts], found.noted) == ([70], {"repeated": 1})


def test_a_deletion_takes_back_with_what_it_says_or_what_was_known() -> None:
    gone = SEVENTH | {"withdrawn": True}
    at = "2026-11-21T10:00:00+01:00"
    for deleted, area in ((DELETED, 65.5), (DELETED.replace("65.504", "67"), 67), (DELETED_BY_ID, 65.5)):
        desk = Desk()
        desk.read(sent(FLAT))
        (fact,) = desk.read(sent(deleted, at=at)).facts
        assert fact.data == gone | {"area_m2": area, "version": 217414800}
        assert fact.time.isoformat() == "2026-11-21T10:00:00+01:00"
        again = desk.read(sent(deleted, at="2026-11-21T11:00:00"))
        assert (again.facts, again.noted) == ([], {"deleted_before": 1})
    assert desk.told(sent(FLAT, at="2026-11-22T10:00:00")) == [SEVENTH]


def test_a_whole_file_takes_back_who_is_missing_and_a_part_does_not() -> None:
    desk = Desk()
    desk.read(sent(FLAT, OTHER))
    assert desk.told(sent(OTHER, at="2026-11-21T10:00:00")) == []
    (fact,) = desk.read(sent(OTHER, at="2026-11-22T10:00:00", extent="VOLL")).facts
    assert (fact.subject, fact.data["withdrawn"], fact.path) == ("W-7", True, "immobilie OI7")
    assert desk.told(sent(OTHER, at="2026-11-23T10:00:00", extent="VOLL")) == []


@pytest.mark.parametrize(
    "object_",
    [
        FLAT.replace("65.504", "65,5"),
        FLAT.replace("CHANGE", "REFERENZ"),
        FLAT.replace('<zustand zustand_art="MODERNISIERT"/>', ""),
        FLAT.replace('<wohnung wohnungtyp="ETAGE"/>', "<zimmer/>"),
    ],
)
def test_who_is_there_but_refused_or_says_nothing_is_not_missing(object_: str) -> None:
    desk = Desk()
    desk.read(sent(FLAT))
    assert desk.read(sent(object_, OTHER, at="2026-11-22T10:00:00", extent="VOLL")).facts[0].subject == "W-8"
    assert len(desk.memory) == 3


@pytest.mark.parametrize("objects", [[], [OTHER, FLAT.replace("<openimmo_obid>OI7</openimmo_obid>", "")]])
def test_absence_is_not_judged_where_nobody_is_or_one_has_no_name(objects: list[str]) -> None:
    desk = Desk()
    desk.read(sent(FLAT))
    found = desk.read(sent(*objects, at="2026-11-22T10:00:00", extent="VOLL"))
    assert not [one for one in found.facts if one.subject == "W-7"]
    assert found.noted == {"absence_not_judged": 1}


def test_files_out_of_order_change_nothing_back() -> None:
    desk = Desk()
    desk.read(sent(FLAT, OTHER, at="2026-11-21T10:00:00"))
    older = desk.read(sent(FLAT.replace("65.504", "60"), at="2026-11-20T10:00:00"))
    assert (older.facts, rejects(older)) == ([], [("older_file", "immobilie[0]")])
    whole = desk.read(sent(OTHER, at="2026-11-20T10:00:00", extent="VOLL"))
    assert (whole.facts, whole.rejects) == ([], [])
    assert rejects(desk.read(sent(DELETED, at="2026-11-21T10:00:00"))) == [("older_file", "immobilie[0]")]
    desk.read(sent(FLAT, at="2026-11-23T10:00:00"))
    confirmed = desk.read(sent(FLAT.replace("65.504", "60"), at="2026-11-22T10:00:00"))
    assert rejects(confirmed) == [("older_file", "immobilie[0]")]


@pytest.mark.parametrize(
    ("written", "day"),
    [
        ("2026", "2026-11-20"),
        ("2025", "2025-12-31"),
        ("05/2025", "2025-12-31"),
        ("2025-05-03", "2025-12-31"),
        ("2027", "2026-11-20"),
    ],
)
def test_a_modernisation_counts_to_its_year(written: str, day: str) -> None:
    (fact,) = Desk().read(sent(FLAT.replace("<letztemodernisierung>2026", f"<letztemodernisierung>{written}"))).facts
    assert fact.time == datetime.fromisoformat(f"{day}T00:00+01:00")


def test_what_nobody_would_believe_any_more_is_counted() -> None:
    desk = Desk()
    found = desk.read(sent(FLAT.replace("<letztemodernisierung>2026", "<letztemodernisierung>1998")))
    assert (found.facts, found.noted) == ([], {"long_ago": 1})
    assert [one.subject for one in desk.read(sent(OTHER, at="2026-11-21T10:00:00", extent="VOLL")).facts] == [
        "W-8",
        "W-7",
    ]


CONDITIONS = ["GEPFLEGT", "VOLL_SANIERT", "TEIL_VOLLRENOVIERT", "NEUWERTIG", "ERSTBEZUG", "ABRISSOBJEKT"]


@pytest.mark.parametrize("condition", CONDITIONS)
def test_other_conditions_are_no_modernisation_and_have_the_day_of_their_record(condition: str) -> None:
    (fact,) = Desk().read(sent(FLAT.replace("MODERNISIERT", condition).replace(">2026<", ">1998<"))).facts
    assert (fact.data["modernised"], fact.time.isoformat()) == (False, "2026-11-19T23:00:00+00:00")


def test_without_a_day_of_its_own_a_record_has_the_files() -> None:
    (fact,) = Desk().read(sent(FLAT.replace("<stand_vom>2026-11-20</stand_vom>", ""), at="2026-11-22T23:30:00Z")).facts
    assert fact.time.isoformat() == "2026-11-22T23:00:00+00:00"


@pytest.mark.parametrize(
    ("old", "new", "path"),
    [
        ("MODERNISIERT", "SCHICK", "immobilie[0].condition"),
        ("65.504", "65,5", "immobilie[0].area"),
        ("65.504", "1e999", "immobilie[0].area"),
        ("2026-11-20", "20.11.2026", "immobilie[0].stand"),
        ("2026-11-20", "0001-01-01", "immobilie[0].verwaltung_techn.stand_vom"),
        (">2026<", ">neulich<", "immobilie[0].modernised_in"),
        (">2026<", ">1998, 2026<", "immobilie[0].modernised_in"),
        ("CHANGE", "VERMIETET", "immobilie[0].action"),
        ("<openimmo_obid>OI7</openimmo_obid>", "", "immobilie[0]"),
        ("<objektnr_intern>W-7</objektnr_intern>", "", "immobilie[0].verwaltung_techn.objektnr_intern"),
        ("<wohnflaeche>65.504</wohnflaeche>", "", "immobilie[0].flaechen.wohnflaeche"),
    ],
)
def test_a_malformed_flat_is_refused_alone(old: str, new: str, path: str) -> None:
    found = Desk().read(sent(FLAT.replace(old, new), OTHER))
    assert rejects(found) == [("schema", path)]
    assert [one.subject for one in found.facts] == ["W-8"]


def test_what_the_file_says_of_all_counts_where_an_object_says_nothing() -> None:
    desk = Desk()
    silent = FLAT.replace('<aktion aktionart="CHANGE"/>', "<aktion/>")
    assert desk.told(sent(silent)) == [SEVENTH]
    assert desk.told(sent(silent, at="2026-11-21T10:00:00", head='modus="DELETE"')) == [SEVENTH | {"withdrawn": True}]


def test_what_is_no_flat_or_says_nothing_is_counted() -> None:
    garage = FLAT.replace('<wohnung wohnungtyp="ETAGE"/>', "<parken/>")
    found = Desk().read(sent(garage, OTHER.replace("CHANGE", "REFERENZ"), FLAT.replace("zustand_art", "art")))
    assert (found.facts, found.noted) == ([], {"not_a_flat": 1, "reference": 1, "no_condition": 1})


@pytest.mark.parametrize(
    ("body", "reason", "why"),
    [
        (sent(FLAT, extent="HALB"), "parse", "umfang 'HALB'; OpenImmo says VOLL or TEIL"),
        (b"<html/>", "parse", "umfang None"),
        (sent(FLAT, at=""), "parse", "timestamp ''"),
        (sent(FLAT, at="2026-10-25T02:30:00"), "parse", "this hour came twice"),
        (sent(FLAT, at="2026-11-29T10:00:00"), "implausible_time", "set the clock, send again"),
        (sent(FLAT, at="0001-01-01T00:00:00+05:00"), "implausible_time", "set the clock, send again"),
        (b"PK\x03\x04", "zip", "is no zip"),
    ],
)
def test_files_that_cannot_be_ordered_or_read_are_refused_whole(body: bytes, reason: str, why: str) -> None:
    with pytest.raises(FeedFault) as fault:
        Desk().read(body)
    assert fault.value.reason == reason
    assert why in str(fault.value)


def test_what_lies_ahead_is_not_remembered_and_told_when_it_comes_again() -> None:
    desk = Desk()
    ahead = sent(FLAT, at="2026-11-20T14:00:00")
    early = datetime(2026, 11, 19, 20, tzinfo=UTC)
    assert len(desk.read(ahead, early).facts) == 1  # the door refuses it
    assert desk.told(ahead) == [SEVENTH]
