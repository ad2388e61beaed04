"""Workbooks that no honest program writes: each is a fault or rejects, at a cost that is bounded."""

from __future__ import annotations

import random

import pytest

from cityhub.adapters.errors import FeedFault
from cityhub.adapters.tabular import row
from cityhub.adapters.tabular.mapping import read
from tests.unit.adapters.conformance.spoiling import spoilers
from tests.unit.adapters.tabular.test_table import FORM, GOOD, HEADING, NOW
from tests.unit.adapters.tabular.test_workbook import HEAD, LINE, OTHER, of
from tests.unit.adapters.tabular.workbooks import SHEET, TYPES, member, with_member, workbook

BOOK = workbook({"Liste": [HEAD, LINE]})
_KINDS = member(BOOK, TYPES)


def _many(tag: bytes) -> bytes:
    """More than a line, or a workbook's styles, may have; packed no tighter than honest ones."""
    return b"".join(tag % (number * number) for number in range(132_000))


_FAR = b'<row r="1048576"><c r="XFD1048576"><v>2</v></c></row></sheetData>'
BAD = {
    "nothing": (b"", "zip", "is no zip"),
    "CSV": (f"{HEADING}\n{GOOD}\n".encode(), "zip", "is no zip"),
    "xls or password": (
        b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + b"\0" * 512,
        "parse",
        "is an old Excel file (.xls) or has",
    ),
    "macros": (
        with_member(BOOK, "xl/vbaProject.bin", b"x"),
        "parse",
        "xl/vbaProject.bin holds macros, which are refused",
    ),
    "macros by type": (
        with_member(BOOK, TYPES, _KINDS.replace(b"sheet.main", b"sheet.macroEnabled.main")),
        "parse",
        "holds macros",
    ),
    "entities": (
        with_member(BOOK, SHEET, b'<!DOCTYPE a [<!ENTITY b "c">]>' + member(BOOK)),
        "parse",
        "xl/worksheets/sheet1.xml has a DOCTYPE, which is refused unread",
    ),
    "entities in UTF-16": (
        with_member(BOOK, "xl/styles.xml", '<!DOCTYPE a [<!ENTITY b "c">]><a/>'.encode("utf-16")),
        "parse",
        "xl/styles.xml is not in UTF-8",
    ),
    "another encoding": (
        with_member(BOOK, "xl/styles.xml", b'<?xml version="1.0" encoding="UTF-7"?><a/>'),
        "parse",
        "xl/styles.xml is not in UTF-8",
    ),
    "bomb": (with_member(BOOK, "xl/media/a.png", b"\0" * 10_000_000), "zip", "larger than it may be unpacked"),
    "nothing in it": (
        b"PK\x05\x06" + b"\0" * 18,
        "parse",
        "is no workbook, or a broken one",
    ),
    "no heading": (
        workbook({"Liste": [["Vorgang", "betrag"]]}),
        "parse",
        "no column 'Bezahlt am' in the first 30 lines of any sheet",
    ),
    "a heading too far down": (
        workbook({"L": [[]] * 30 + [HEAD, LINE]}),
        "parse",
        "no column 'Vorgang' in the first 30",
    ),
    "twice": (workbook({"L": [[*HEAD, "Zone"], LINE]}), "parse", "sheet L: column 'Zone' stands twice; keep one"),
    "wide": (workbook({"L": [[*HEAD, *range(200)], LINE]}), "parse", "201 columns; at most 200 are read"),
    "cell of no column": (
        with_member(BOOK, SHEET, member(BOOK).replace(b'r="B2"', b'r="2B"')),
        "parse",
        "is no workbook, or a broken one",
    ),
    "style that is not there": (
        with_member(BOOK, SHEET, member(BOOK).replace(b's="1"', b's="99"')),
        "parse",
        "is no workbook, or a broken one",
    ),
    "deep": (
        with_member(BOOK, SHEET, b"".join(b"<a%d>" % number for number in range(100_000))),
        "parse",
        "is no workbook, or a broken one",
    ),
    "lines not in order": (
        with_member(BOOK, SHEET, member(BOOK).replace(b'<row r="2"', b'<row r="1"')),
        "parse",
        "the line after 1 is not in order",
    ),
    "a line further down than there are any": (
        with_member(BOOK, SHEET, member(BOOK).replace(b'<row r="2"', b'<row r="99999999999"')),
        "parse",
        "the line after 1 is not in order",
    ),
    "a line in a line": (
        with_member(BOOK, SHEET, member(BOOK).replace(b'<row r="2">', b'<row r="2"><row r="3">')),
        "parse",
        "a line begins before the one before it has ended",
    ),
    "comments": (with_member(BOOK, SHEET, b"<!-- x -->" + member(BOOK)), "parse", "has comments or CDATA"),
    "a million cells": (
        with_member(BOOK, SHEET, member(BOOK).replace(b"</row>", _many(b'<c s="%d"/>') + b"</row>", 1)),
        "too_many_values",
        "xl/worksheets/sheet1.xml holds more than 131072 values",
    ),
    "a million styles": (
        with_member(BOOK, "xl/styles.xml", b"<a>" + _many(b'<xf a="%d"/>') + b"</a>"),
        "too_many_values",
        "xl/styles.xml holds more than 131072 values",
    ),
    "long styles": (
        with_member(BOOK, "xl/styles.xml", b"<a b='" + bytes(range(48, 58)) * 500_000 + b"'/>"),
        "zip",
        "larger than it may be unpacked",
    ),
}


@pytest.mark.parametrize(("body", "reason", "why"), BAD.values(), ids=BAD.keys())
def test_a_workbook_that_is_none_is_a_fault(body: bytes, reason: str, why: str) -> None:
    with pytest.raises(FeedFault) as fault:
        read(FORM, "tickets_1.xlsx", body, {}, NOW)
    assert (fault.value.reason, why in str(fault.value)) == (reason, True), str(fault.value)


def test_a_cell_in_the_last_corner_costs_nothing() -> None:
    """Two cells far apart made another library ask for 512 GiB."""
    book = with_member(BOOK, SHEET, member(BOOK).replace(b"</sheetData>", _FAR))
    assert len(read(FORM, "tickets_1.xlsx", book, {}, NOW).facts) == 1


def test_a_line_beyond_all_ends_it_even_where_nobody_saw_it_before(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("cityhub.adapters.tabular.workbook.MAX_LINES", 2)
    with pytest.raises(FeedFault, match="sheet Liste: more than 2 lines"):
        of(LINE, OTHER)


def test_no_more_lines_than_of_a_csv(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("cityhub.adapters.tabular.workbook.MAX_ROWS", 1)
    assert row.MAX_ROWS == 300_000
    with pytest.raises(FeedFault, match="more than 1 lines; send them in several files"):
        of(LINE, OTHER)


@pytest.mark.parametrize(
    ("name", "why"),
    [
        ("tickets_1.xlsm", "is a workbook with macros, which are refused; save it as .xlsx and send that"),
        ("tickets_1.XLS", "is an old Excel file, which is not read; save it as .xlsx"),
        ("tickets_1.xlsb", "is a binary workbook"),
        ("tickets_1.ods", "is an OpenDocument table"),
        ("liste.xlsx", r"its files are called tickets_\*\.csv \(\.xlsx too\)"),
    ],
)
def test_other_files_are_refused_with_a_sentence(name: str, why: str) -> None:
    with pytest.raises(FeedFault, match=why) as fault:
        read(FORM, name, BOOK, {}, NOW)
    assert fault.value.reason == "unknown_file"


def test_spoilt_workbooks_are_faults_or_rejects_and_never_more() -> None:
    """Of the whole file, and of what is in it, where no checksum sees it: cut, flipped, other encodings, bombs."""
    outcomes: dict[str, int] = {}
    chance = random.Random(4711)  # noqa: S311
    bodies = [spoil(BOOK) for spoil in spoilers()]
    for name in (SHEET, "xl/workbook.xml", "xl/sharedStrings.xml", "xl/styles.xml"):
        some = chance.sample(spoilers(), 30)
        bodies += [with_member(BOOK, name, spoil(member(BOOK, name))) for spoil in some]
    for body in bodies:
        try:
            reading = read(FORM, "tickets_1.xlsx", body, {}, NOW)
            outcome = "rejects" if reading.rejects else "read"
        except FeedFault as fault:
            outcome = fault.reason
        outcomes[outcome] = outcomes.get(outcome, 0) + 1
    assert sum(outcomes.values()) == len(bodies) > 200
    assert outcomes.keys() <= {"read", "rejects", "parse", "zip"}
    assert outcomes["read"] < len(bodies) // 3, outcomes
