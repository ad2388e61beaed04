"""One row, typed by hand, as a file of its table. Pure."""

from __future__ import annotations

import csv
import io
from collections.abc import Mapping

import msgspec

from cityhub.adapters.errors import UploadRefused
from cityhub.adapters.tabular.form import Table
from cityhub.sdk.contract_check import near, shown

LONGEST = 500
"""Characters of a value."""


def body(table: Table, cells: Mapping[str, str]) -> bytes:
    """A heading and the row, or a line of JSON.

    Args:
        cells: by column; what is left out is empty.

    Raises:
        UploadRefused: `columns`: an unknown one, a value that is too long, or a sign that the table's encoding lacks.
    """
    for column, value in cells.items():
        if column not in table.columns:
            raise UploadRefused("columns", f"no column {shown(column)}{near(column, table.columns)}")
        if len(value) > LONGEST:
            raise UploadRefused("columns", f"{column}: {len(value)} characters; at most {LONGEST} are taken")
    row = {column: cells.get(column, "").strip() for column in table.columns}
    if table.form == "jsonl":
        return msgspec.json.encode(row) + b"\n"
    out = io.StringIO()
    writer = csv.writer(out, delimiter=table.delimiter, lineterminator="\r\n")
    writer.writerows([list(row), list(row.values())])
    try:
        return out.getvalue().encode(table.encoding)
    except UnicodeEncodeError as error:
        sign = shown(out.getvalue()[error.start])
        raise UploadRefused("columns", f"{sign} cannot be written in {table.encoding}; write it otherwise") from error
