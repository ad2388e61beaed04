"""Tables as files, CSV, JSON lines or workbooks: rows of cells by column, nothing else. A broken row costs no other.

A last line without its line break may be the half of one: it is refused, for `12,5` of `12,50` looks like a number.
"""

from __future__ import annotations

import csv
import io
from collections import Counter
from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING

import msgspec
from msgspec import Raw

from cityhub.adapters.errors import FeedFault
from cityhub.adapters.kit.reject import Reject
from cityhub.adapters.tabular import workbook
from cityhub.adapters.tabular.form import WORKBOOK, Table
from cityhub.adapters.tabular.row import MAX_ROWS, Lines, Row, check_heading

if TYPE_CHECKING:
    from _csv import Reader


def rows(name: str, body: bytes, table: Table) -> tuple[Lines, Counter[str]]:
    """The rows of a file, and what of it nobody reads: `unknown_column`, `unread_sheet`.

    Raises:
        FeedFault: `too_many_values`, `parse` or `zip`, at once or on the way: line and remedy are named.
    """
    if name.endswith(WORKBOOK):
        return workbook.rows(name, body, table)
    text = _text(name, body, table.encoding)
    if text.count("\n") > MAX_ROWS:
        raise FeedFault("too_many_values", f"{name}: more than {MAX_ROWS} lines; send them in several files")
    if table.form == "jsonl":
        return _json_rows(name, text, table), Counter()
    lines = csv.reader(io.StringIO(text, newline=""), delimiter=table.delimiter, strict=True)
    heading = [cell.strip() for cell in next(_checked(name, lines), (1, []))[1]]
    check_heading(name, heading, table.columns)
    unread = len({*heading} - {*table.columns, *table.unread})
    return _csv_rows(name, text, lines, heading), +Counter(unknown_column=unread)


def _text(name: str, body: bytes, encoding: str) -> str:
    try:
        return body.decode("utf-8-sig" if encoding == "utf-8" else encoding)
    except UnicodeDecodeError as error:
        line = body.count(b"\n", 0, error.start) + 1
        raise FeedFault("parse", f"{name}, line {line}: not readable as {encoding}: {error.reason}") from error


def _checked(name: str, lines: Reader) -> Iterator[tuple[int, list[str]]]:
    """Rows and the lines that they begin in."""
    begin = lines.line_num + 1
    try:
        for row in lines:
            yield begin, row
            begin = lines.line_num + 1
    except csv.Error as error:
        raise FeedFault("parse", f"{name}, line {begin}: no CSV: {error}; nothing of the file was read") from error


def _csv_rows(name: str, text: str, lines: Reader, heading: Sequence[str]) -> Lines:
    last, ended = text.count("\n") + 1, text.endswith("\n")
    for begin, row in _checked(name, lines):
        path = f"{name}, line {begin}"
        if not any(cell.strip() for cell in row):
            continue
        if len(row) != len(heading):
            yield Reject("columns", path, f"{len(row)} cells under {len(heading)} columns; write one for each")
        elif not ended and lines.line_num >= last:
            yield _cut_off(path)
        else:
            yield Row(path, dict(zip(heading, map(str.strip, row), strict=True)))


def _json_rows(name: str, text: str, table: Table) -> Lines:
    for number, line in enumerate(io.StringIO(text, newline="\n"), 1):
        path = f"{name}, line {number}"
        if not line.strip():
            continue
        try:
            found = msgspec.json.decode(line, type=dict[str, Raw])
            cells = {column: _cell(found.get(column)) for column in table.columns}
        except (msgspec.MsgspecError, RecursionError) as error:
            yield Reject("columns", path, f"no JSON object of plain values: {error}")
        else:
            yield Row(path, cells) if line.endswith("\n") else _cut_off(path)


def _cell(value: Raw | None) -> str:
    """As it is written, texts without their quotation marks."""
    if value is None:
        return ""
    written = bytes(value)
    if written[:1] in {b"[", b"{"}:
        raise msgspec.ValidationError("a value holds values")
    if written[:1] == b'"':
        return msgspec.json.decode(written, type=str).strip()
    return "" if written == b"null" else written.decode()


def _cut_off(path: str) -> Reject:
    return Reject("cut_off", path, "the file ends within this line; end its last line with a line break")
