"""A table as a CSV file that a German spreadsheet opens: `;`, UTF-8 with BOM, decimal comma, no thousands marks."""

from __future__ import annotations

import csv
import io

from cityhub.dashboard.tables import Cell, Shown, Table
from cityhub.dashboard.texts import Lang, T, t

_FORMULA_STARTS = tuple("=+-@\t\r\n＝＋－＠")
"""Cells that start so are formulas to a spreadsheet (OWASP, CSV injection), full-width forms included."""


def csv_of(table: Table, lang: Lang) -> bytes:
    """Rows, order, columns and precision of the table on the screen."""
    out = io.StringIO()
    writer = csv.writer(out, delimiter=";", lineterminator="\r\n")
    writer.writerow([escaped(column.head) for column in table.columns])
    for row in table.rows:
        writer.writerow([_cell(cell, column.decimals, lang) for cell, column in zip(row, table.columns, strict=True)])
    return out.getvalue().encode("utf-8-sig")


def escaped(text: str) -> str:
    """Text that no spreadsheet runs."""
    return f"'{text}" if text.startswith(_FORMULA_STARTS) else text


def _cell(cell: Cell, decimals: int | None, lang: Lang) -> str:
    if cell is None:
        return t(lang, T.UNKNOWN_VALUE)
    if isinstance(cell, Shown):
        return escaped(cell.says)
    if isinstance(cell, str):
        return escaped(cell)
    return f"{cell:.{decimals or 0}f}".replace(".", ",")
