"""A second reading of expressions, for tests: it walks the written tree, with exact fractions and no types."""

from __future__ import annotations

import operator
import re
from datetime import UTC, datetime, timedelta
from fractions import Fraction
from math import prod
from typing import Any

_SECONDS = {"s": 1, "min": 60, "h": 3600, "d": 86_400}
_SIGNS = {
    "eq": operator.eq,
    "ne": operator.ne,
    "lt": operator.lt,
    "le": operator.le,
    "gt": operator.gt,
    "ge": operator.ge,
}


def evaluate(tree: Any, event: dict[str, Any]) -> Any:
    """True, false, a number (durations and instants in ms), a text, or None when it is unknown."""
    if isinstance(tree, str):
        return event.get(tree) if tree[:1] in "$@" else _literal(tree)
    if not isinstance(tree, dict):
        return Fraction(str(tree)) if isinstance(tree, float) else tree
    ((name, arguments),) = tree.items()
    if name == "scaled":
        return Fraction(str(arguments[0]))
    if name in ("all", "any", "not", "if", "exists", "in"):
        return _special(name, arguments, event)
    values = [evaluate(part, event) for part in (arguments if isinstance(arguments, list) else [arguments])]
    return None if None in values else _plain(name, values)


def ms(moment: datetime) -> int:
    return (moment - datetime(1970, 1, 1, tzinfo=UTC)) // timedelta(milliseconds=1)


def _literal(text: str) -> Any:
    if match := re.fullmatch(r"(\d+)(s|min|h|d)", text):
        return int(match[1]) * _SECONDS[match[2]] * 1000
    return ms(datetime.fromisoformat(text)) if re.match(r"\d{4}-", text) else text


def _special(name: str, arguments: Any, event: dict[str, Any]) -> Any:
    match name:
        case "not":
            inner = evaluate(arguments, event)
            return None if inner is None else not inner
        case "exists":
            return evaluate(arguments, event) is not None
        case "in":
            value = evaluate(arguments[0], event)
            return None if value is None else value in [evaluate(option, event) for option in arguments[1]]
        case "if":
            test = evaluate(arguments[0], event)
            return None if test is None else evaluate(arguments[1 if test else 2], event)
    parts = [evaluate(part, event) for part in arguments]
    deciding = name == "any"
    return deciding if deciding in parts else None if None in parts else not deciding


def _plain(name: str, values: list[Any]) -> Any:
    if name in _SIGNS:
        return _SIGNS[name](*values)
    first, *rest = values
    return {
        "between": lambda: rest[0] <= first <= rest[1],
        "minus": lambda: first - rest[0],
        "plus": lambda: first + rest[0],
        "max": lambda: max(values),
        "min": lambda: min(values),
        "product": lambda: prod(values, start=Fraction(1)),
        "unless_negative": lambda: first if first >= 0 else None,
    }[name]()
