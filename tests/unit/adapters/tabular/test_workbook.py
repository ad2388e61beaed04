"""Workbooks: the same facts as from CSV, whatever Excel makes of what is typed; what is wrong is named by its cell."""

from __future__ import annotations

from datetime import UTC, date, datetime, time, timedelta
from typing import Any

import openpyxl
import pytest

from cityhub.adapters.errors import FeedFault
from cityhub.adapters.kit.fact import Reading
from cityhub.adapters.tabular.form import Form, parse, shipped
from cityhub.adapters.tabular.mapping import read
from tests.unit.adapters.tabular.test_table import FORM, GOOD, HEADING, NOW, TICKETS, told
from tests.unit.adapters.tabular.workbooks import SHEET, member, saved, with_cell, with_member, workbook

HEAD = HEADING.split(";")
LINE = ["4711", "automat-3", datetime(2026, 10, 12, 8, 15), "Süd", "DU-AB 123", "App", 234.5, "zone-3"]  # noqa: DTZ001
OTHER = ["4712", *LINE[1:]]


def of(*lines: list[Any], form: Form = FORM, name: str = "tickets_1.xlsx") -> Reading:
    return read(form, name, workbook({"Liste": [HEAD, *lines]}), {}, NOW)


def with_value(column: str, value: Any, *, form: Form = FORM) -> Reading:
    line = list(LINE)
    line[HEAD.index(column)] = value
    return of(line, OTHER, form=form)


def test_a_workbook_says_what_the_csv_says_down_to_the_id() -> None:
    (csv,), (xlsx,) = told(HEADING, GOOD).facts, of(LINE).facts
    assert (xlsx.type, xlsx.key, xlsx.version, xlsx.mark) == (csv.type, csv.key, csv.version, csv.mark)
    assert (xlsx.time, xlsx.subject, xlsx.borough, xlsx.data) == (csv.time, csv.subject, csv.borough, csv.data)
    assert "DU-AB" not in repr(of(LINE))


def test_a_date_that_is_a_key_is_written_as_it_is_typed() -> None:
    """Else the same row would come twice, from a CSV and from a workbook."""
    form = next(one for one in shipped() if one.feed == "imd.bim")
    book = workbook({"A": [["Gebäude", "Fläche (m²)", "Stand"], ["rathaus", 1418, date(2026, 10, 12)]]})
    (xlsx,) = read(form, "bim-modelle_1.xlsx", book, {}, NOW).facts
    csv = "Gebäude;Fläche (m²);Stand\nrathaus;1.418;12.10.2026\n"
    (same,) = read(form, "bim-modelle_1.csv", csv.encode(), {}, NOW).facts
    assert (xlsx.key, xlsx.data, xlsx.time, xlsx.mark) == (same.key, same.data, same.time, same.mark)


@pytest.mark.parametrize(
    ("value", "amount"),
    [
        (234.5, 234.5),
        ("0.345,5", 345.5),
        (" 234,50\xa0", 234.5),
        (0.1 + 0.2, 0.3),
        (7, 7.0),
        ((134.5, '#,##0.00 "€"'), 134.5),
        ((12.5, '0.00" % Rabatt"'), 12.5),
        ((0.01, "0.00E+00"), 0.01),
    ],
)
def test_numbers_and_numbers_as_text(value: Any, amount: float) -> None:
    reading = with_value("Betrag", value)
    assert (reading.facts[0].data["amount_eur"], reading.rejects) == (amount, [])


def test_english_sources_get_english_numbers() -> None:
    form = parse("city.parking-tickets.yaml", TICKETS.replace("  key:", "  numbers: english\n  key:"))
    assert with_value("Betrag", 134.5, form=form).facts[0].data["amount_eur"] == 134.5


def test_a_column_may_tell_the_type() -> None:
    """Of the fields of several types; one of them has no `builder`."""
    form = next(one for one in shipped() if one.feed == "city.programme")
    head = ["Abschnitt", "Status", "Länge (km)", "Ausführung", "Datum"]
    lines: list[list[Any]] = [
        ["a-1", "geplant", 1.2, None, date(2026, 10, 1)],
        ["a-1", "gebaut", 1.21, "dvv", date(2026, 10, 12)],
    ]
    reading = read(form, "trassen_1.xlsx", workbook({"A": [head, *lines]}), {}, NOW)
    assert [fact.data for fact in reading.facts] == [
        {"section": "a-1", "length_m": 1200},
        {"section": "a-1", "length_m": 1210, "builder": "dvv"},
    ]


def test_numbers_that_name_things_are_texts() -> None:
    reading = of([4711, *LINE[1:]], [(42, "00000"), *LINE[1:]], [12.0, *LINE[1:]])
    assert [fact.key[1] for fact in reading.facts] == ["4711", "00042", "12"]


def test_percentages_are_what_the_column_writes() -> None:
    form = next(one for one in shipped() if one.feed == "city.masterplan")
    head = ["Kennung", "Art", "Handlungsfeld", "Gewicht", "Fortschritt (%)", "Stand"]
    stand = date(2026, 10, 1)
    lines: list[list[Any]] = [
        ["p-1", "Projekt", "Wohnen", 1, (0.3, "0%"), stand],
        ["p-2", "Projekt", "Wohnen", 1, 30, stand],
    ]
    reading = read(form, "massnahmen_1.xlsx", workbook({"A": [head, *lines]}), {}, NOW)
    assert [(fact.subject, fact.data["progress"]) for fact in reading.facts] == [("p-1", 0.3), ("p-2", 0.3)]


@pytest.mark.parametrize(
    ("column", "value", "cell", "detail"),
    [
        ("Betrag", "12.50", "G2", "'12.50' is no german number"),
        ("Betrag", (0.3, "0.0%"), "G2", "30.0 % is a percentage, and the column holds none"),
        ("Betrag", date(2026, 5, 1), "G2", "Excel holds the date 01.05.2026; make the column's format Text"),
        ("Vorgang", date(2026, 5, 1), "A2", "Excel holds the date 01.05.2026; make the column's format Text"),
        ("Vorgang", 1234567890123456, "A2", "Excel keeps 15 digits of a number; make the column's format Text"),
        ("Bezahlt am", 46307, "C2", "46307 is a number; make the column's format a date"),
        ("Bezahlt am", time(8, 15), "C2", "08:15:00 is a time without a day"),
        ("Bezahlt am", timedelta(hours=30), "C2", "is a time without a day"),
        ("Bezahlt am", datetime(2026, 10, 25, 2, 15), "C2", "came twice"),  # noqa: DTZ001
        ("Art", "#DIV/0!", "F2", "'#DIV/0!' is an error of Excel"),
        ("Bezirk", "Ruhrort", "D2", "'Ruhrort' is no Stadtbezirk of Duisburg"),
        ("Art", None, "F2", "is empty; the row means nothing without it"),
    ],
)
def test_what_is_wrong_is_named_by_file_sheet_and_cell(column: str, value: Any, cell: str, detail: str) -> None:
    reading = with_value(column, value)
    (reject,) = reading.rejects
    assert reject.path == f"tickets_1.xlsx, sheet Liste, cell {cell} ({column})"
    assert detail in reject.detail
    assert [fact.key[1] for fact in reading.facts] == ["4712"]


def test_a_row_that_is_wrong_as_a_whole_is_named_by_its_number() -> None:
    (reject,) = with_value("Betrag", -1).rejects
    assert (reject.reason, reject.path) == ("contract", "tickets_1.xlsx, sheet Liste, row 2")


def test_the_years_of_old_macs_are_told_apart() -> None:
    book = workbook({"Liste": [HEAD, LINE]}, base_1904=True)
    assert b'date1904="1"' in member(book, "xl/workbook.xml")
    (fact,) = read(FORM, "tickets_1.xlsx", book, {}, NOW).facts
    assert fact.time == datetime(2026, 10, 12, 6, 15, tzinfo=UTC)


@pytest.mark.parametrize(
    ("xml", "amount"),
    [
        ('<c r="G2"><f>40*5</f><v>200</v></c>', 200.0),
        ('<c r="G2" t="str"><f>TEXT(200,"0,0")</f><v>200,0</v></c>', 200.0),
        ('<c r="G2"><f>40*5</f></c>', None),
        ('<c r="G2"><f>40*5</f><v></v></c>', None),
    ],
)
def test_formulas_count_with_the_result_that_was_saved(xml: str, amount: float | None) -> None:
    reading = read(FORM, "tickets_1.xlsx", with_cell(workbook({"L": [HEAD, LINE]}), "G2", xml), {}, NOW)
    assert [fact.data["amount_eur"] for fact in reading.facts] == ([amount] if amount else [])
    if amount is None:
        (reject,) = reading.rejects
        assert reject.path == "tickets_1.xlsx, sheet L, cell G2 (Betrag)"
        assert "is a formula without a result; open the workbook with Excel and save it" in reject.detail


def test_a_formula_that_gives_nothing_is_an_empty_cell() -> None:
    xml = '<c r="H2" t="str"><f>IF(1,"","")</f><v></v></c>'
    (fact,) = read(FORM, "tickets_1.xlsx", with_cell(workbook({"L": [HEAD, LINE]}), "H2", xml), {}, NOW).facts
    assert "zone" not in fact.data


def test_a_row_of_nothing_but_formulas_without_a_result_is_not_lost() -> None:
    sheet = "".join(f'<c r="{"ABCDEFGH"[at]}2"><f>1</f></c>' for at in range(8)).encode()
    book = workbook({"L": [HEAD, LINE]})
    body = member(book)
    begin, end = body.index(b'<c r="A2"'), body.index(b"</row>", body.index(b'<c r="A2"'))
    book = with_member(book, SHEET, body[:begin] + sheet + body[end:])
    assert len(read(FORM, "tickets_1.xlsx", book, {}, NOW).rejects) == 1


def test_titles_empty_rows_hidden_rows_and_merged_headings() -> None:
    book = openpyxl.Workbook()
    sheet = book.active
    sheet.title = "Tickets"
    lines = [["Abrechnung Parken"], [], [*HEAD[:5], "Zahlung"], [None] * 5 + ["Art", "Betrag", "Zone"], LINE, [], OTHER]
    for line in lines:
        sheet.append(line)
    sheet.merge_cells("A1:H1")
    for column in "ABCDE":
        sheet.merge_cells(f"{column}3:{column}4")
    sheet.merge_cells("F3:H3")
    sheet.row_dimensions[7].hidden = True
    reading = read(FORM, "tickets_1.xlsx", saved(book), {}, NOW)
    assert [fact.key[1] for fact in reading.facts] == ["4711", "4712"]
    assert (reading.rejects, reading.noted) == ([], {})
    assert reading.facts[1].path == "tickets_1.xlsx, sheet Tickets, row 7"


def test_a_heading_that_reaches_down_over_a_line_without_columns() -> None:
    book = workbook({"L": [[*HEAD, "Stellplatz"], [None] * 8 + ["Reihe"], LINE, [None] * 8 + ["Fußnote"]]})
    reading = read(FORM, "tickets_1.xlsx", book, {}, NOW)
    assert len(reading.facts) == 1
    assert [(one.reason, one.path) for one in reading.rejects] == [
        ("missing", "tickets_1.xlsx, sheet L, cell F4 (Art)")
    ]


def test_the_first_sheet_whose_heading_fits_is_read_and_the_others_are_counted() -> None:
    sheets = {"Deckblatt": [["Stand", "heute"]], "Daten": [[*HEAD, "Notiz"], LINE], "Alt": [HEAD, OTHER], "Leer": []}
    reading = read(FORM, "tickets_1.xlsx", workbook(sheets), {}, NOW)
    assert [fact.path for fact in reading.facts] == ["tickets_1.xlsx, sheet Daten, row 2"]
    assert reading.noted == {"unknown_column": 1, "unread_sheet": 2}
    named = parse("city.parking-tickets.yaml", TICKETS.replace("  key:", "  sheet: Alt\n  key:"))
    assert [fact.key[1] for fact in read(named, "tickets_1.xlsx", workbook(sheets), {}, NOW).facts] == ["4712"]
    with pytest.raises(FeedFault, match="there is no sheet 'Alt'"):
        read(named, "tickets_1.xlsx", workbook({"Alte": [HEAD]}), {}, NOW)


def test_a_size_that_is_a_lie_loses_nothing() -> None:
    book = workbook({"L": [HEAD, LINE, OTHER]})
    lying = with_member(book, SHEET, member(book).replace(b'ref="A1:H3"', b'ref="A1"'))
    assert lying != book
    assert len(read(FORM, "tickets_1.xlsx", lying, {}, NOW).facts) == 2
