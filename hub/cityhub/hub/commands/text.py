"""Figures and tables as plain text."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import timedelta

_MINUTE, _HOUR, _DAY = 60, 3600, 86_400


def table(heads: Sequence[str], rows: Sequence[Sequence[str]]) -> str:
    """Columns as wide as they need to be."""
    widths = [max(len(row[column]) for row in [heads, *rows]) for column in range(len(heads))]
    lines = ["  ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)) for row in [heads, *rows]]
    return "\n".join(line.rstrip() for line in lines)


def age(span: timedelta) -> str:
    """`3 s`, `12 min`, `5 h`, `2 d`: whole units, rounded down."""
    seconds = max(0, int(span.total_seconds()))
    if seconds < 2 * _MINUTE:
        return f"{seconds} s"
    if seconds < 2 * _HOUR:
        return f"{seconds // _MINUTE} min"
    return f"{seconds // _HOUR} h" if seconds < 2 * _DAY else f"{seconds // _DAY} d"


def megabytes(size: int) -> str:
    """`335 MB`; nothing for 0."""
    return f"{size / 1e6:.0f} MB" if size else ""
