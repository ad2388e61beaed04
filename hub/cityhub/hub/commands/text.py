"""Figures and tables as plain text."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import timedelta

from cityhub.sdk.client.show import table

__all__ = ["age", "markdown_table", "megabytes", "table"]

_MINUTE, _HOUR, _DAY = 60, 3600, 86_400


def markdown_table(head: Sequence[str], rows: Iterable[Sequence[str]]) -> str:
    """A table of Markdown; a bar within a cell is no border."""
    lines = (head, ["---"] * len(head), *rows)
    return "\n".join(f"| {' | '.join(cell.replace('|', chr(92) + '|') for cell in line)} |" for line in lines)


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
