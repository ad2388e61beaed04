"""What stands behind the question mark of an address. Nothing of it is trusted."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from urllib.parse import parse_qs

from msgspec import Struct

from cityhub.kpi.kernel.windows import berlin

LONGEST = 500
COLUMNS = ("period", "value", "n")
"""What a table of numbers can be sorted by."""
_YEARS = range(2000, 2100)


class Order(Struct, frozen=True):
    """How a table is sorted."""

    column: str = "period"
    descending: bool = False

    @property
    def text(self) -> str:
        """`-value` for descending by value."""
        return ("-" if self.descending else "") + self.column

    @classmethod
    def parse(cls, text: str, columns: Sequence[str] = COLUMNS) -> Order | None:
        """None when there is no such order."""
        column = text.removeprefix("-")
        return cls(column, text.startswith("-")) if column in columns else None


def parameter(query: object, name: str, longest: int = LONGEST) -> str | None:
    """One parameter of a query string, or None; anything that is no query string has none."""
    return next(iter(parameters(query, name, longest)), None)


def parameters(query: object, name: str, longest: int = LONGEST) -> Sequence[str]:
    """All of a name; none of a query that is longer."""
    if not isinstance(query, str) or len(query) > longest:
        return []
    return parse_qs(query.removeprefix("?")).get(name, [])


def instant_in(text: str) -> datetime | None:
    """An instant with its offset, or a time of Duisburg; None = it is none."""
    try:
        found = datetime.fromisoformat(text)
    except ValueError:
        return None
    return (found if found.tzinfo else found.replace(tzinfo=berlin())) if found.year in _YEARS else None
