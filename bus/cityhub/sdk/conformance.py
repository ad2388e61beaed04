"""Whether an event's data keep to its contract."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import datetime
from typing import Annotated, Any, TypeAlias

import msgspec
from msgspec import Meta

from cityhub.sdk.contract import Contract, Field
from cityhub.sdk.contract_check import shown
from cityhub.sdk.contract_rules import INTEGER_LIMIT
from cityhub.sdk.decimals import scaled

_Instant: TypeAlias = Annotated[datetime, Meta(tz=True)]


def violations(contract: Contract, data: Mapping[str, Any]) -> list[str]:
    """Everything in which the data break the contract; empty when they keep to it.

    Fields that the contract does not name are allowed. Values of personal fields are never shown.

    Returns:
        One line per field, `data.<field>: <value> <problem>; <remedy>`, in the contract's order.
    """
    found = []
    for name, field in contract.fields.items():
        value = data.get(name)
        if value is None:
            if not field.optional:
                found.append(f"data.{name}: {'null' if name in data else 'missing'}; {contract.type} requires it")
        elif problem := _CHECKS[field.type](field, value):
            found.append(f"data.{name}: {'the value' if field.personal else shown(value)} {problem}")
    return found


def is_instant(value: Any) -> bool:
    """Whether it is a text that names an instant, offset included (RFC 3339)."""
    try:
        msgspec.convert(value, _Instant)
    except msgspec.ValidationError:
        return False
    return True


def _integer(field: Field, value: Any) -> str:
    if not isinstance(value, int) or isinstance(value, bool):
        return "is no whole number; write digits without point and quotation marks"
    if abs(value) > INTEGER_LIMIT:
        return "does not fit 64 bits; check the source"
    return _bounds(field, value)


def _decimal(field: Field, value: Any) -> str:
    if not isinstance(value, int | float) or isinstance(value, bool):
        return "is no number; write it without quotation marks"
    try:
        return _bounds(field, scaled(value, field.scale))
    except ValueError as error:
        return f"{error}; round it at the source"


def _bounds(field: Field, number: int) -> str:
    """`number` is the engine's integer."""
    low, high = field.low, field.high
    if low is not None and number < low:
        return f"is less than {field.min}; check value and unit ({field.unit})"
    if high is not None and number > high:
        return f"is more than {field.max}; check value and unit ({field.unit})"
    return ""


def _text(field: Field, value: Any) -> str:
    if not isinstance(value, str):
        return "is no text; put it in quotation marks"
    if field.values and value not in field.values:
        return f"is none of {', '.join(field.values)}; name it in the contract before it is sent"
    return ""


def _boolean(_: Field, value: Any) -> str:
    return "" if isinstance(value, bool) else "is neither true nor false; write it without quotation marks"


def _instant(_: Field, value: Any) -> str:
    return "" if is_instant(value) else "is no instant with offset; write it as 2026-11-23T08:00:00Z"


_CHECKS: dict[str, Callable[[Field, Any], str]] = {
    "integer": _integer,
    "decimal": _decimal,
    "text": _text,
    "boolean": _boolean,
    "instant": _instant,
}
