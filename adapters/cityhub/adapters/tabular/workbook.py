"""Workbooks of Excel (`.xlsx`): rows of cells as a text table has them, so that mappings do not know of workbooks.

The rules are in docs/adapters/tables.md. A workbook is looked through before it is read (`workbook_check`).
"""

from __future__ import annotations

import io
import zipfile
import zlib
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from decimal import Decimal
from itertools import islice, zip_longest
from typing import Any, TypeAlias

import openpyxl
from msgspec import Struct
from openpyxl.cell.read_only import EMPTY_CELL
from openpyxl.utils import get_column_letter
from openpyxl.utils.exceptions import InvalidFileException

from cityhub.adapters.errors import FeedFault
from cityhub.adapters.kit.reject import Reject
from cityhub.adapters.tabular.cell import Use, text
from cityhub.adapters.tabular.form import Table, column_of
from cityhub.adapters.tabular.row import MAX_COLUMNS, MAX_ROWS, Lines, Row, check_heading
from cityhub.adapters.tabular.workbook_check import MAX_LINES, look_through
from cityhub.sdk.contract_check import near, shown

HEAD_LINES = 30
"""So far down a heading is looked for: titles and notes stand above it."""
_LONGEST = 31
"""Characters of a sheet's name, for Excel."""
_LONGEST_FORMAT = 255
_BROKEN = (
    ArithmeticError,
    AttributeError,
    EOFError,
    InvalidFileException,
    LookupError,
    OSError,
    RuntimeError,
    SyntaxError,  # of XML, too
    TypeError,
    ValueError,
    zipfile.BadZipFile,
    zlib.error,
)
"""What openpyxl raises at a broken file; it promises nothing."""
Cells: TypeAlias = Sequence[Any]
"""A line's cells; openpyxl has no types."""


class _Heading(Struct, frozen=True):
    """Attributes: sheet: its name. line: its last one. width: how many columns. columns: read ones, by index.
    unread: how many nobody knows.
    """

    sheet: str
    line: int
    width: int
    columns: Mapping[int, str]
    unread: int


def rows(name: str, body: bytes, table: Table) -> tuple[Lines, Counter[str]]:
    """The rows of the sheet that the table names, or of the first one whose heading fits, and what nobody reads.

    Raises:
        FeedFault: `parse`, `zip` or `too_many_values`, at once or on the way, with a remedy.
    """
    unfinished = look_through(name, body)
    with _faults(name):
        book = openpyxl.load_workbook(io.BytesIO(body), read_only=True, data_only=True, keep_links=False)
        heading, others = _heading(name, book, table)
        sheet = book[heading.sheet]
    noted = +Counter(unknown_column=heading.unread, unread_sheet=others)
    reading = _Reading(
        f"{name}, sheet {heading.sheet[:_LONGEST]}", heading, _uses(table), unfinished.get(_path(sheet), frozenset())
    )
    return _rows(name, sheet, reading), noted


@contextmanager
def _faults(name: str) -> Iterator[None]:
    try:
        yield
    except _BROKEN as error:
        raise FeedFault("parse", f"{name} is no workbook, or a broken one: {error!r:.200}; save it anew") from error


def _heading(name: str, book: Any, table: Table) -> tuple[_Heading, int]:
    """The heading, and how many other sheets hold something."""
    wanted = [one for one in book.worksheets if table.sheet in {"", one.title}]
    if not wanted:
        titles = [one.title for one in book.worksheets]
        raise FeedFault("parse", f"{name}: there is no sheet {shown(table.sheet)}{near(table.sheet, titles)}")
    best: Sequence[str] = ()
    for sheet in wanted:
        for number, line in enumerate(_headings(sheet), 1):
            if table.columns.keys() <= set(line):
                check_heading(f"{name}, sheet {sheet.title}", line, table.columns)
                columns = {at: one for at, one in enumerate(line) if one in table.columns}
                unread = {*line} - {*table.columns, *table.unread, ""}
                others = sum(other is not sheet and any(map(any, _headings(other))) for other in book.worksheets)
                return _Heading(sheet.title, number, len(line), columns, len(unread)), others
            best = max(best, line, key=lambda one: len(table.columns.keys() & set(one)))
    missing = next(column for column in table.columns if column not in best)
    where = f"sheet {shown(table.sheet)}" if table.sheet else "any sheet"
    said = f"no column {shown(missing)} in the first {HEAD_LINES} lines of {where}{near(missing, best)}"
    raise FeedFault("parse", f"{name}: {said}")


def _headings(sheet: Any) -> Iterator[list[str]]:
    """Each of the first lines as a heading: where a cell is empty, the one above it reaches down to it."""
    above: list[str] = []
    for line in islice(_lines(sheet), HEAD_LINES):
        written = [" ".join(str(cell.value).split()) if cell.value is not None else "" for cell in line]
        above = [one or before for one, before in zip_longest(written, above, fillvalue="")]
        yield above[: 1 + max((at for at, one in enumerate(above) if one), default=-1)]


def _lines(sheet: Any, width: int = MAX_COLUMNS + 1) -> Iterator[Cells]:
    sheet.reset_dimensions()  # what a workbook says of its size may be wrong
    found: Iterator[Cells] = sheet.iter_rows(max_col=width)
    return found


def _uses(table: Table) -> Mapping[str, Use]:
    """Of all columns that are read."""
    mark = "," if table.dialect == "german" else "."
    found = {column: Use(instant=column == table.time, mark=mark) for column in table.columns}
    for contract in table.contracts.values():
        for name, written in table.fields.items():
            column, field = column_of(written), contract.fields[name]
            unit = {"1": Decimal(1), "%": Decimal("0.01")}.get(field.unit)
            number = field.type in {"integer", "decimal"}
            whole = 1 / (unit * column.times) if unit is not None and number and column.times else None
            instant = field.type == "instant" or column.column == table.time
            found[column.column] = Use(instant=instant, whole=whole, mark=mark)
    return found


def _path(sheet: Any) -> str:
    return str(sheet._worksheet_path).lstrip("/")


class _Reading(Struct, frozen=True):
    """Attributes: where: file and sheet, for messages. uses: by column. unfinished: formulas without a result."""

    where: str
    heading: _Heading
    uses: Mapping[str, Use]
    unfinished: frozenset[str]


def _rows(name: str, sheet: Any, reading: _Reading) -> Lines:
    heading, begun, count = reading.heading, False, 0
    with _faults(name):
        for number, line in enumerate(_lines(sheet, heading.width), 1):
            if number > MAX_LINES:
                raise FeedFault("too_many_values", f"{reading.where}: more than {MAX_LINES} lines")
            if number <= heading.line or all(cell is EMPTY_CELL for cell in line):
                continue
            row = _row(number, line, reading)
            begun = begun or isinstance(row, Reject) or any(row.cells.values())
            if not begun or not (isinstance(row, Reject) or any(cell.value is not None for cell in line)):
                continue  # a heading may reach down over several lines
            count += 1
            if count > MAX_ROWS:
                raise FeedFault("too_many_values", f"{name}: more than {MAX_ROWS} lines; send them in several files")
            yield row


def _row(number: int, line: Cells, reading: _Reading) -> Row | Reject:
    cells, places = {}, {}
    for at, column in reading.heading.columns.items():
        place = f"{get_column_letter(at + 1)}{number}"
        places[column] = f"{reading.where}, cell {place} ({column})"
        try:
            cells[column] = _written(line[at], reading.uses[column], finished=place not in reading.unfinished)
        except ValueError as error:
            return Reject("value", places[column], str(error))
    return Row(f"{reading.where}, row {number}", cells, places)


def _written(cell: Any, use: Use, *, finished: bool) -> str:
    if cell.value is None and not finished:
        raise ValueError("is a formula without a result; open the workbook with Excel and save it")
    if cell.data_type == "e":
        raise ValueError(f"{shown(str(cell.value))} is an error of Excel; mend it or write the value")
    return text(cell.value, str(cell.number_format)[:_LONGEST_FORMAT], use)
