"""Workbooks for tests, also such as no honest program would write."""

from __future__ import annotations

import io
import re
import zipfile
from collections.abc import Iterable, Mapping
from typing import Any

import openpyxl

SHEET = "xl/worksheets/sheet1.xml"
TYPES = "[Content_Types].xml"
_MAIN = b"http://schemas.openxmlformats.org/spreadsheetml/2006/main"
_SHARED = (
    b'<Override PartName="/xl/sharedStrings.xml" '
    b'ContentType="application/vnd.openxmlformats-officedocument.spreadsheetml.sharedStrings+xml"/>'
)
Cell = Any
"""A value, or value and number format."""


def workbook(sheets: Mapping[str, Iterable[Iterable[Cell]]], *, base_1904: bool = False) -> bytes:
    """Bytes of an `.xlsx`."""
    book = openpyxl.Workbook()
    book.remove(book.active)
    if base_1904:
        book.epoch = openpyxl.utils.datetime.CALENDAR_MAC_1904
    for title, lines in sheets.items():
        sheet = book.create_sheet(title)
        for row, line in enumerate(lines, 1):
            for column, cell in enumerate(line, 1):
                value, number_format = cell if isinstance(cell, tuple) else (cell, "")
                written = sheet.cell(row, column, value)
                if number_format:
                    written.number_format = number_format
    return saved(book)


def saved(book: Any) -> bytes:
    """Of openpyxl's, with texts in a table of their own, as Excel writes them."""
    out = io.BytesIO()
    book.save(out)
    body = out.getvalue()
    texts: dict[bytes, int] = {}

    def shared(found: re.Match[bytes]) -> bytes:
        return b'<c%st="s"><v>%d</v></c>' % (found[1], texts.setdefault(found[2], len(texts)))

    with zipfile.ZipFile(io.BytesIO(body)) as archive:
        sheets = [one for one in archive.namelist() if one.startswith("xl/worksheets/sheet")]
    for sheet in sheets:
        content = re.sub(rb'<c([^>]*?)t="inlineStr"><is><t[^>]*>(.*?)</t></is></c>', shared, member(body, sheet))
        body = with_member(body, sheet, content)
    said = b"".join(b'<si><t xml:space="preserve">%s</t></si>' % one for one in texts)
    body = with_member(body, "xl/sharedStrings.xml", b'<sst xmlns="%s">%s</sst>' % (_MAIN, said))
    kinds = member(body, TYPES).replace(b"</Types>", _SHARED + b"</Types>")
    return with_member(body, TYPES, kinds)


def with_member(body: bytes, name: str, content: bytes) -> bytes:
    """With another content of a file in it, or with one more."""
    out = io.BytesIO()
    with zipfile.ZipFile(io.BytesIO(body)) as old, zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as new:
        for one in old.namelist():
            if one != name:
                new.writestr(one, old.read(one))
        new.writestr(name, content)
    return out.getvalue()


def member(body: bytes, name: str = SHEET) -> bytes:
    """Content of a file in it."""
    with zipfile.ZipFile(io.BytesIO(body)) as archive:
        return archive.read(name)


def with_cell(body: bytes, cell: str, xml: str) -> bytes:
    """With a cell of the first sheet as it is given."""
    sheet, found = re.subn(rb'<c r="%s"[^>]*?(?:/>|>.*?</c>)' % cell.encode(), xml.encode(), member(body))
    assert found == 1, cell
    return with_member(body, SHEET, sheet)
