"""A cell of a workbook as a text table would have it. Pure.

What Excel shows counts, and it must not have made something else of what was typed: a date where a text belongs, a
long number, an error. Number formats: ECMA-376 Part 1, 18.8.30.
"""

from __future__ import annotations

import re
from datetime import date, datetime, time, timedelta
from decimal import Decimal

from msgspec import Struct

_UNSHOWN = re.compile(r'"[^"]*"|\\.|\[[^\]]*\]|_.|\*.')
"""Parts of a number format that are written as they are, or are no signs: `0.0" %"` is no percentage."""
_PADDED = re.compile(r"0{2,30}")
_DIGITS = 15
"""More Excel does not keep."""


class Use(Struct, frozen=True):
    """What a column is read as.

    Attributes:
        instant: a date, or date and time. whole: how the column writes 100 %; None = it holds no shares.
        mark: between whole number and decimals.
    """

    instant: bool = False
    whole: Decimal | None = None
    mark: str = ","


def text(value: object, number_format: str, use: Use) -> str:
    """What stands in a cell, "" for nothing.

    Raises:
        ValueError: what is wrong with it and what to do.
    """
    match value:
        case None:
            return ""
        case bool():
            return "ja" if value else "nein"
        case str():
            return value.strip()
        case int() | float():
            return _number(value, number_format, use)
        case datetime():
            return _instant(value, use)
        case date():
            return _instant(datetime(value.year, value.month, value.day), use)  # noqa: DTZ001 - local, as CSV has it
        case time() | timedelta():
            raise ValueError(f"{value} is a time without a day; write both into the cell, 31.12.2026 23:59")
    raise ValueError(f"{type(value).__name__} is nothing that a table holds; write a text, a number or a date")


def _instant(moment: datetime, use: Use) -> str:
    """To the second, as it is typed: rows that come as CSV and as a workbook are the same record."""
    try:
        whole = (moment + timedelta(microseconds=500_000)).replace(microsecond=0, tzinfo=None)
    except OverflowError as error:
        raise ValueError(f"{moment} is no date that a table can hold") from error
    said = f"{whole:%d.%m.}{whole.year:04}"
    if whole.time() != time():
        said += f"{whole: %H:%M:%S}" if whole.second else f"{whole: %H:%M}"
    if not use.instant:
        raise ValueError(f"Excel holds the date {said}; make the column's format Text and write anew what was meant")
    return said


def _number(value: float, number_format: str, use: Use) -> str:
    if use.instant:
        raise ValueError(f"{value} is a number; make the column's format a date, or write 31.12.2026")
    if not abs(value) < 10**_DIGITS:
        raise ValueError(f"{value}: Excel keeps {_DIGITS} digits of a number; make the column's format Text")
    exact = Decimal(format(value, f".{_DIGITS}g")) if isinstance(value, float) else Decimal(value)
    if "%" in _UNSHOWN.sub("", number_format):
        if use.whole is None:
            raise ValueError(f"{exact * 100:f} % is a percentage, and the column holds none; write the number itself")
        exact *= use.whole
    said = written(exact, use.mark)
    padded = _PADDED.fullmatch(number_format) and exact >= 0 and use.mark not in said
    return said.zfill(len(number_format)) if padded else said


def written(number: Decimal, mark: str) -> str:
    """A number in full, without marks of thousands. Args: mark: before its decimals."""
    said = f"{number:f}"
    return (said.rstrip("0").rstrip(".") if "." in said else said).replace(".", mark)
