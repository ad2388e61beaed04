"""Rows of tables, whatever kind of file they stand in."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping, Sequence
from itertools import pairwise
from typing import TypeAlias

from msgspec import Struct

from cityhub.adapters.errors import FeedFault
from cityhub.adapters.kit.reject import Reject
from cityhub.sdk.contract_check import near, shown

MAX_COLUMNS = 200
MAX_ROWS = 300_000


class Row(Struct, frozen=True):
    """Attributes:
    path: file and line, for messages. cells: by column, blanks around them taken away.
    places: of a workbook's cells, by column: file, sheet and cell.
    """

    path: str
    cells: Mapping[str, str]
    places: Mapping[str, str] = {}

    def place(self, column: str) -> str:
        """Where a cell is, for messages."""
        return self.places.get(column) or f"{self.path}, column {column}"


Lines: TypeAlias = Iterator[Row | Reject]


def check_heading(where: str, heading: Sequence[str], columns: Collection[str]) -> None:
    """Whether a heading has all columns, and each once.

    Args:
        where: it stands, for the message.

    Raises:
        FeedFault: `parse`.
    """
    if len(heading) > MAX_COLUMNS:
        raise FeedFault("parse", f"{where}: {len(heading)} columns; at most {MAX_COLUMNS} are read")
    twice = [one for one, next_ in pairwise(sorted(heading)) if one == next_ and one in columns]
    if twice:
        raise FeedFault("parse", f"{where}: column {shown(twice[0])} stands twice; keep one")
    for column in columns:
        if column not in heading:
            raise FeedFault("parse", f"{where}: no column {shown(column)} in the first line{near(column, heading)}")
