"""Templates of tables: the heading, and one line that shows how each column is written and is never a record."""

from __future__ import annotations

import csv
import io
from typing import Any

import msgspec
import openpyxl
from openpyxl.styles import Font
from openpyxl.utils import get_column_letter
from openpyxl.worksheet.datavalidation import DataValidation

from cityhub.adapters.tabular.entry import Entry, entries
from cityhub.adapters.tabular.form import EXAMPLE, Table

_LINES = 1_000
"""So many offer their choices in a workbook."""
_LONGEST_CHOICES = 255
"""Characters of a list of choices, for Excel."""
_FORMATS = {"text": "@", "instant": "dd.mm.yyyy hh:mm", "integer": "0", "decimal": "General", "boolean": "@"}


def plain(table: Table) -> bytes:
    """As CSV or JSON lines, the way the table is read; in UTF-8 with a byte order mark, which Excel needs."""
    if table.form == "jsonl":
        return msgspec.json.encode(_example(table)) + b"\n"
    out = io.StringIO()
    writer = csv.writer(out, delimiter=table.delimiter, lineterminator="\r\n")
    writer.writerows([list(_example(table)), list(_example(table).values())])
    return out.getvalue().encode("utf-8-sig" if table.encoding == "utf-8" else table.encoding)


def workbook(table: Table) -> bytes:
    """As an Excel workbook: texts stay texts, dates are dates, and what can be chosen is offered."""
    book = openpyxl.Workbook()
    sheet = book.active
    sheet.title = table.sheet or table.name[:31]
    sheet.append(list(_example(table)))
    sheet.append([f"{said}" for said in _example(table).values()])
    for number, entry in enumerate(entries(table), 1):
        _column(sheet, get_column_letter(number), entry)
        sheet.cell(1, number).font = Font(bold=True)
        sheet.cell(2, number).font = Font(italic=True, color="808080")
    sheet.freeze_panes = "A2"
    out = io.BytesIO()
    book.save(out)
    return out.getvalue()


def _example(table: Table) -> dict[str, str]:
    return {one.column: EXAMPLE if one.column == table.key[0] else one.example for one in entries(table)}


def _column(sheet: Any, letter: str, entry: Entry) -> None:
    sheet.column_dimensions[letter].width = max(12, len(entry.column) + 4)
    sheet.column_dimensions[letter].number_format = _FORMATS[entry.kind]
    offered = ",".join(entry.choices)
    if entry.choices and len(offered) <= _LONGEST_CHOICES and not any("," in one for one in entry.choices):
        choices = DataValidation(type="list", formula1=f'"{offered}"', allow_blank=not entry.required)
        choices.add(f"{letter}3:{letter}{_LINES}")
        sheet.add_data_validation(choices)
