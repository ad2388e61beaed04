"""A table and its mapping file: rows become facts, what is wrong is named by line and column, nothing is told twice."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path

import pytest

from cityhub.adapters.errors import FeedFault
from cityhub.adapters.kit.fact import Reading
from cityhub.adapters.tabular import values
from cityhub.adapters.tabular.form import Form, Table, column_of, parse, shipped
from cityhub.adapters.tabular.mapping import read
from cityhub.adapters.tabular.row import Row
from cityhub.adapters.tabular.sheet import rows

NOW = datetime(2026, 11, 20, tzinfo=UTC)
TICKETS = """
feed: city.parking-tickets
title: Tickets
system: //city/parking
format: CSV
every: 31d
lateness: 45d
licence: none
tables:
- files: tickets_*.csv
  type: de.duisburg.city.parking.ticket-paid.v1
  key: [Vorgang]
  subject: [Automat]
  time: Bezahlt am
  borough: Bezirk
  unread: [Kennzeichen]
  missing: [k. A.]
  fields:
    method: {column: Art, codes: {Bar: cash, App: cashless}}
    amount_eur: Betrag
    zone: Zone
"""
HEADING = "Vorgang;Automat;Bezahlt am;Bezirk;Kennzeichen;Art;Betrag;Zone"
GOOD = "4711;automat-3;12.10.2026 08:15;Süd;DU-AB 123;App;234,50;zone-3"
FORM = parse("city.parking-tickets.yaml", TICKETS)


def told(
    *lines: str, form: Form = FORM, memory: dict[str, bytes] | None = None, name: str = "tickets_1.csv"
) -> Reading:
    body = "".join(f"{line}\r\n" for line in lines).encode()
    return read(form, name, body, memory or {}, NOW)


def learnt(reading: Reading) -> dict[str, bytes]:
    return {key: says for key, says in reading.memory.items() if says is not None}


def test_a_row_becomes_a_fact() -> None:
    reading = told(HEADING, GOOD)
    (fact,) = reading.facts
    assert (fact.type, fact.subject, fact.borough) == (
        "de.duisburg.city.parking.ticket-paid.v1",
        "automat-3",
        "STB07",
    )
    assert fact.time == datetime(2026, 10, 12, 6, 15, tzinfo=UTC)
    assert fact.data == {"method": "cashless", "amount_eur": 234.5, "zone": "zone-3"}
    assert (reading.rejects, reading.noted) == ([], {})


def test_what_nobody_reads_is_in_no_event() -> None:
    assert "DU-AB" not in repr(told(HEADING, GOOD))


def test_columns_may_stand_in_any_order_and_unknown_ones_are_counted() -> None:
    heading, good = (";".join(reversed(line.split(";"))) for line in (HEADING, GOOD))
    reading = told(f"{heading};Bemerkung", f"{good};Frau Muster")
    assert list(reading.facts) == list(told(HEADING, GOOD).facts)
    assert reading.noted == {"unknown_column": 1}
    assert "Muster" not in repr(reading)


def test_nothing_is_known_where_the_mapping_says_so() -> None:
    (fact,) = told(HEADING, GOOD.replace("zone-3", "k. A.")).facts
    assert "zone" not in fact.data


@pytest.mark.parametrize(
    ("line", "reason", "path", "detail"),
    [
        (
            GOOD.replace("234,50", "12.50"),
            "value",
            "column Betrag",
            "'12.50' is no german number; write it as 1.234,56",
        ),
        (GOOD.replace("App", "Scheck"), "value", "column Art", "'Scheck' is no code that the mapping knows"),
        (GOOD.replace("234,50", ""), "missing", "column Betrag", "is empty; the row means nothing without it"),
        (GOOD.replace("4711", " "), "missing", "column Vorgang", "is empty"),
        (GOOD.replace("Süd", "Ruhrort"), "value", "column Bezirk", "'Ruhrort' is no Stadtbezirk of Duisburg"),
        (GOOD.replace("12.10.2026 08:15", "25.10.2026 02:15"), "value", "column Bezahlt am", "came twice"),
        (GOOD + ";", "columns", "line 2", "9 cells under 8 columns"),
        (GOOD.replace("234,50", "-1,00"), "contract", "line 2", "data.amount_eur: -1.0 is less than 0"),
        (GOOD.replace("automat-3", "a\x07"), "value", "line 2", "is the subject"),
    ],
)
def test_a_bad_row_is_named_and_costs_no_other(line: str, reason: str, path: str, detail: str) -> None:
    reading = told(HEADING, line, GOOD.replace("4711", "4712"))
    (reject,) = reading.rejects
    assert (reject.reason, reject.path.startswith("tickets_1.csv, line 2"), path in reject.path) == (reason, True, True)
    assert detail in reject.detail
    assert len(reading.facts) == 1


def test_a_line_that_may_be_cut_off_is_refused() -> None:
    """`234` of `234,50` would be a good number."""
    whole = f"{HEADING}\n{GOOD}\n{GOOD.replace('4711', '4712')}"
    reading = read(FORM, "tickets_1.csv", whole.encode(), {}, NOW)
    assert [(one.reason, one.path) for one in reading.rejects] == [("cut_off", "tickets_1.csv, line 3")]
    assert len(reading.facts) == 1
    assert len(read(FORM, "tickets_1.csv", f"{whole}\n".encode(), {}, NOW).facts) == 2


def test_lines_are_counted_over_quoted_line_breaks() -> None:
    two = GOOD.replace("zone-3", '"Zone\r\nam Bahnhof; rechts"')
    reading = told(HEADING, two, "", GOOD.replace("4711", "4712").replace("Süd", "Nord"))
    assert [fact.data["zone"] for fact in reading.facts] == ["Zone\r\nam Bahnhof; rechts"]
    assert [one.path for one in reading.rejects] == ["tickets_1.csv, line 5, column Bezirk"]


@pytest.mark.parametrize(
    ("body", "why"),
    [
        (b"", "no column 'Vorgang' in the first line"),
        (HEADING.replace("Betrag", "betrag").encode() + b"\n", "no column 'Betrag' in the first line; write betrag"),
        (f"{HEADING};Betrag\n".encode(), "column 'Betrag' stands twice"),
        (f"{HEADING}\n{GOOD}\n".encode("cp1252"), r"line 2: not readable as utf-8"),
        (f'{HEADING}\n"4711;offen\n'.encode(), "line 2: no CSV: unexpected end of data"),
        (";".join(map(str, range(201))).encode() + b"\n", "201 columns; at most 200"),
        (HEADING.encode() + b"\n" * 300_001, "more than 300000 lines"),
    ],
)
def test_a_file_that_is_no_such_table_is_a_fault(body: bytes, why: str) -> None:
    with pytest.raises(FeedFault, match=why):
        read(FORM, "tickets_1.csv", body, {}, NOW)


def test_a_file_of_another_name_is_a_fault() -> None:
    with pytest.raises(FeedFault, match=r"liste\.csv: city\.parking-tickets has no such table; .* tickets_\*\.csv"):
        told(HEADING, name="liste.csv")


def test_a_byte_order_mark_and_cp1252() -> None:
    body = f"{HEADING}\n{GOOD}\n"
    assert len(read(FORM, "tickets_1.csv", body.encode("utf-8-sig"), {}, NOW).facts) == 1
    other = parse("city.parking-tickets.yaml", TICKETS.replace("  key:", "  encoding: cp1252\n  key:"))
    (fact,) = read(other, "tickets_1.csv", body.encode("cp1252"), {}, NOW).facts
    assert fact.borough == "STB07"


def test_a_row_that_comes_again_is_told_once() -> None:
    first = told(HEADING, GOOD, GOOD)
    assert (len(first.facts), first.noted) == (1, {"told_before": 1})
    again = told(HEADING, GOOD, GOOD.replace("4711", "4712"), memory=learnt(first), name="tickets_2.csv")
    assert [fact.key[1] for fact in again.facts] == ["4712"]


def test_a_date_in_the_key_has_one_spelling() -> None:
    form = parse("city.parking-tickets.yaml", TICKETS.replace("key: [Vorgang]", "key: [Vorgang, Bezahlt am]"))
    first = told(HEADING, GOOD, form=form)
    again = told(HEADING, GOOD.replace("08:15", "08:15:00"), form=form, memory=learnt(first), name="tickets_2.csv")
    assert (len(first.facts), list(again.facts), list(again.rejects)) == (1, [], [])


def test_other_content_under_the_same_key_and_version_is_refused() -> None:
    first = told(HEADING, GOOD)
    other = told(HEADING, GOOD.replace("234,50", "234,60"), memory=learnt(first))
    assert list(other.facts) == []
    (reject,) = other.rejects
    assert reject.reason == "contradiction"
    assert "4711 was told with other content in version 1; give a correction a higher version" in reject.detail


def test_what_was_refused_may_come_again_mended() -> None:
    first = told(HEADING, GOOD.replace("234,50", "-1,00"))
    assert len(told(HEADING, GOOD, memory=learnt(first)).facts) == 1


def test_a_row_is_remembered_by_its_mark() -> None:
    """So that the feed forgets it again where the door refuses it; see `test_feed`."""
    first = told(HEADING, GOOD)
    assert {fact.mark for fact in first.facts} == learnt(first).keys()


def test_a_column_may_tell_the_type() -> None:
    form = next(one for one in shipped() if one.feed == "city.programme")
    heading = "Abschnitt;Status;Länge (km);Ausführung;Datum"
    lines = ("a-1;geplant;1,200;;01.10.2026", "a-1;gebaut;1,210;dvv;12.10.2026", "a-2;verworfen;1,000;;12.10.2026")
    reading = told(heading, *lines, form=form, name="trassen_2026-Q4.csv")
    assert [(fact.type.split(".")[4], fact.data["length_m"]) for fact in reading.facts] == [
        ("trench-planned", 1200),
        ("trench-built", 1210),
    ]
    (reject,) = reading.rejects
    assert "'verworfen' is no code that the mapping knows; write geplant or gebaut" in reject.detail


def test_a_higher_version_is_a_correction() -> None:
    form = parse("city.parking-tickets.yaml", TICKETS.replace("  missing:", "  version: Version\n  missing:"))
    first = told(f"{HEADING};Version", f"{GOOD};1", form=form)
    second = told(f"{HEADING};Version", f"{GOOD};1", f"{GOOD.replace('234', '334')};2", form=form, memory=learnt(first))
    assert [(fact.version, fact.data["amount_eur"]) for fact in second.facts] == [("2", 334.5)]


def test_what_is_older_than_the_horizon_is_forgotten_unless_the_file_still_holds_it() -> None:
    old = GOOD.replace("12.10.2026", "12.01.2026")
    memory = learnt(told(HEADING, old, GOOD.replace("4711", "4712")))
    assert set(told(HEADING, old, memory=memory).memory.values()) == set()
    gone = told(HEADING, GOOD.replace("4711", "4712"), memory=memory).memory
    assert list(gone.values()) == [None]


def test_json_lines() -> None:
    text = TICKETS.replace("tickets_*.csv", "tickets_*.jsonl\n  form: jsonl")
    form = parse("city.parking-tickets.yaml", text)
    good = '{"Vorgang": 4711, "Automat": "a-1", "Bezahlt am": "2026-10-12T08:15:00+02:00", "Art": "Bar", "Betrag": 1.50'
    lines = [
        good + ', "Zone": null, "Bemerkung": {"von": "Frau Muster"}}',
        good.replace("4711", "4712") + ', "Zone": ["z"]}',
        good.replace("4711", "4713").replace("1.50", '"1,50"') + "}",
        "[]",
        "",
        good,
    ]
    reading = told(*lines, form=form, name="tickets_1.jsonl")
    (fact,) = reading.facts
    assert (fact.key[1], fact.data) == ("4711", {"method": "cash", "amount_eur": 1.5})
    assert [(one.reason, one.path) for one in reading.rejects] == [
        ("columns", "tickets_1.jsonl, line 2"),
        ("value", "tickets_1.jsonl, line 3, column Betrag"),
        ("columns", "tickets_1.jsonl, line 4"),
        ("columns", "tickets_1.jsonl, line 6"),
    ]
    assert "Muster" not in repr(reading)
    whole = f"{good}}}\n{good.replace('4711', '4712')}}}".encode()
    assert [one.reason for one in read(form, "tickets_1.jsonl", whole, {}, NOW).rejects] == ["cut_off"]


def test_a_municipal_csv_as_it_was_recorded(table_recordings: Path) -> None:
    """Counted with awk and Polars: 853 rows, 466 capacities of 42 992 in all, 822 say whether they are public, 627 yes.

    Of 22 heights 6 are whole metres and 16 have a point; 31 carry their unit; 21 instants have a form of their own:
    what is not as it was declared is refused, not guessed.
    """
    names = ("gid", "kapazitaet", "oeffi", "einfahrtshoehe", "hoehe", "b_pls_zeit")
    table = Table(
        files="*.csv",
        type="",
        key=("gid",),
        subject=("gid",),
        time="b_pls_zeit",
        fields=dict(zip(names, names, strict=True)),
    )
    lines, noted = rows("bielefeld.csv", (table_recordings / "bielefeld.csv").read_bytes(), table)
    found = [line for line in lines if isinstance(line, Row)]
    assert (len(found), noted) == (853, {"unknown_column": 23 - len(names)})
    cells = {name: [row.cells[name] for row in found if row.cells[name]] for name in names}
    column = column_of("x")
    integers = [values._integer(text, column, "german") for text in cells["kapazitaet"]]
    assert (len(integers), sum(integers)) == (466, 42_992)
    public = [values._boolean(text, column, "german") for text in cells["oeffi"]]
    assert (len(public), sum(public)) == (822, 627)
    refused = {name: sum(_is_refused(name, text) for text in cells[name]) for name in names[3:]}
    assert refused == {"einfahrtshoehe": 16, "hoehe": 31, "b_pls_zeit": 21}


def _is_refused(name: str, text: str) -> bool:
    try:
        if name == "b_pls_zeit":
            values.instant(text)
        else:
            values._decimal(text, column_of(name), "german")
    except ValueError:
        return True
    return False
