"""Many questions for published values as one statement, so that a page of all KPIs looks into the store once."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import datetime
from functools import cache
from typing import Any

from sqlalchemy import CompoundSelect, bindparam, func, literal_column, select, union_all

from cityhub.kpi.reader import Ask
from cityhub.kpi.store import schema

MOST_ASKS = 128
"""Of one statement; SQLite takes 500 parts."""
_FOREVER_S = 2**40
_other = schema.value.alias().c
_SAME = [_other[name] == schema.value.c[name] for name in ("kpi", "window", "anchor", "scope", "dims")]
NEWEST = select(func.max(_other.version)).where(*_SAME, _other.revision > 0).correlate(schema.value).scalar_subquery()
"""Of a window, the newest version that has published it: none publishes before it counts."""


def questions(asks: Sequence[Ask]) -> Iterator[tuple[Sequence[int], CompoundSelect[int, bytes], dict[str, Any]]]:
    """Statements with their parameters, and the numbers of the asks that each is about.

    A statement gives, for each ask by its place among these, values in the order in which its limit takes them.
    """
    for oldest in (False, True):
        numbers = [number for number, ask in enumerate(asks) if ask.oldest is oldest]
        for first in range(0, len(numbers), MOST_ASKS):
            part = numbers[first : first + MOST_ASKS]
            size = 1 << (len(part) - 1).bit_length()
            yield part, _statement(size, oldest), _parameters([asks[number] for number in part], size)


def _parameters(asks: Sequence[Ask], size: int) -> dict[str, Any]:
    found: dict[str, Any] = {}
    for number in range(size):
        ask = asks[min(number, len(asks) - 1)]
        found |= {
            f"kpi{number}": ask.kpi_id,
            f"window{number}": ask.window.value,
            f"scope{number}": ask.scope,
            f"start{number}": _seconds(ask.start, -_FOREVER_S),
            f"end{number}": _seconds(ask.end, _FOREVER_S),
            f"limit{number}": ask.limit if number < len(asks) else 0,
        }
    return found


@cache
def _statement(size: int, oldest: bool) -> CompoundSelect[int, bytes]:
    """Made once for each of a few sizes: making it costs more than asking."""
    row = schema.value.c
    parts = []
    for number in range(size):
        here = [row[name] == bindparam(f"{name}{number}") for name in ("kpi", "window", "scope")]
        bounds = [row.anchor >= bindparam(f"start{number}"), row.anchor < bindparam(f"end{number}")]
        found = select(literal_column(str(number)).label("number"), row.payload)
        found = found.where(*here, *bounds, row.dims == "{}", row.version == NEWEST, row.revision > 0)
        found = found.order_by(row.anchor if oldest else row.anchor.desc()).limit(bindparam(f"limit{number}"))
        parts.append(found.subquery().select())
    return union_all(*parts)


def _seconds(moment: datetime | None, unbounded: int) -> int:
    return unbounded if moment is None else int(moment.timestamp())
