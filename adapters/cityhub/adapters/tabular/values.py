"""What is written in a cell, as the contract's field wants it. Pure."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from datetime import UTC, datetime
from decimal import Decimal
from typing import Any, TypeAlias

from cityhub.adapters.kit.fact import utc
from cityhub.adapters.kit.local_time import from_local
from cityhub.adapters.tabular.form import Column
from cityhub.sdk.contract import Field
from cityhub.sdk.contract_check import shown
from cityhub.sdk.event import is_borough

_NUMBERS = {
    "german": (re.compile(r"[+-]?(?:\d{1,3}(?:\.\d{3})+|\d{1,18})(?:,\d{1,18})?", re.A), "1.234,56", (".", ",")),
    "english": (re.compile(r"[+-]?(?:\d{1,3}(?:,\d{3})+|\d{1,18})(?:\.\d{1,18})?", re.A), "1,234.56", (",", ".")),
}
_BOOLEANS = {"ja": True, "j": True, "true": True, "1": True, "nein": False, "n": False, "false": False, "0": False}
_ZONED = re.compile(r"\d{4}-\d\d-\d\d[T ]\d\d:\d\d(?::\d\d)?(?:Z|[+-]\d\d:\d\d)", re.A)
_LOCAL = re.compile(
    r"(?P<date>\d\d\.\d\d\.\d{4}|\d{4}-\d\d-\d\d)(?:[T ](?P<clock>\d\d:\d\d(?::\d\d)?)(?: (?P<zone>[A-Z]{1,4}))?)?",
    re.A,
)
BOROUGHS = ("Walsum", "Hamborn", "Meiderich/Beeck", "Homberg/Ruhrort/Baerl", "Mitte", "Rheinhausen", "Süd")
"""As they are written, in the order of their keys."""
_BOROUGHS = {name.lower(): f"STB{number:02}" for number, name in enumerate(BOROUGHS, 1)}
Dialect: TypeAlias = str
"""How numbers are written, `german` or `english`."""


def value(text: str, field: Field, column: Column, dialect: Dialect) -> Any:
    """A cell that is not empty.

    Raises:
        ValueError: what is wrong with it and what to write instead.
    """
    return _KINDS[field.type](text, column, dialect)


def coded(text: str, codes: Mapping[str, str]) -> str:
    """What a code means.

    Raises:
        ValueError: none of the codes.
    """
    if text not in codes:
        raise ValueError(f"{shown(text)} is no code that the mapping knows; write {' or '.join(codes)}")
    return codes[text]


def instant(text: str) -> datetime:
    """A date, or date and time, local unless it carries an offset; in UTC.

    Raises:
        ValueError: no such form, no such day, or an hour that came twice without saying which.
    """
    zoned, local = _ZONED.fullmatch(text), _LOCAL.fullmatch(text)
    if not zoned and not local:
        raise ValueError(f"{shown(text)} must be 31.12.2026, 31.12.2026 23:59 or 2026-12-31T23:59:00+01:00")
    try:
        return from_local(*_written(local)) if local else datetime.fromisoformat(text).astimezone(UTC)
    except (ValueError, OverflowError) as error:
        raise ValueError(f"{shown(text)}: {error}") from error


def _written(local: re.Match[str]) -> tuple[datetime, str]:
    day = local["date"] if "-" in local["date"] else "-".join(reversed(local["date"].split(".")))
    return datetime.fromisoformat(f"{day}T{local['clock'] or '00:00'}"), local["zone"] or ""


def borough(text: str) -> str:
    """Of a Stadtbezirk's name or key.

    Raises:
        ValueError: Duisburg has no such one.
    """
    found = text if is_borough(text) else _BOROUGHS.get(text.lower().replace(" ", "").replace("-", "/"))
    if found is None:
        raise ValueError(f"{shown(text)} is no Stadtbezirk of Duisburg; write STB01 to STB07 or its name")
    return found


def _number(text: str, column: Column, dialect: Dialect) -> Decimal:
    pattern, example, (thousands, mark) = _NUMBERS[dialect]
    if not pattern.fullmatch(text):
        raise ValueError(f"{shown(text)} is no {dialect} number; write it as {example}")
    return Decimal(text.replace(thousands, "").replace(mark, ".")) * column.times


def _integer(text: str, column: Column, dialect: Dialect) -> int:
    number = _number(text, column, dialect)
    if number != int(number):
        raise ValueError(f"{shown(text)} is no whole number")
    return int(number)


def _decimal(text: str, column: Column, dialect: Dialect) -> float:
    return float(_number(text, column, dialect))


def _boolean(text: str, _: Column, __: Dialect) -> bool:
    if text.lower() not in _BOOLEANS:
        raise ValueError(f"{shown(text)} is neither yes nor no; write ja or nein")
    return _BOOLEANS[text.lower()]


def _instant(text: str, _: Column, __: Dialect) -> str | None:
    return utc(instant(text))


def _text(text: str, column: Column, _: Dialect) -> str:
    return coded(text, column.codes) if column.codes else text


_KINDS: Mapping[str, Callable[[str, Column, Dialect], Any]] = {
    "integer": _integer,
    "decimal": _decimal,
    "boolean": _boolean,
    "instant": _instant,
    "text": _text,
}
