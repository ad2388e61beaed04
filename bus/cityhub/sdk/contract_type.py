"""Contracts as types: one decoding pass in C reads an event and checks it."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from datetime import datetime
from typing import Annotated, Any, Literal

import msgspec
from msgspec import Meta

from cityhub.sdk.contract import Contract, Field
from cityhub.sdk.decimals import scaled

INTEGER_LIMIT = (1 << 63) - 1


def envelope_type(contract: Contract, more: Iterable[tuple[str, Any, Any]] = ()) -> type[Any]:
    """The structured event of a contract: decoding it checks types, bounds and closed sets.

    Args:
        more: further attributes of the envelope that are read: name, type, default.
    """
    fields: list[Any] = [
        ("id", Annotated[str, Meta(min_length=1, max_length=256)]),
        ("source", Annotated[str, Meta(min_length=1, max_length=256)]),
        ("subject", str),
        ("time", Annotated[datetime, Meta(tz=True)]),
        ("contenthash", Annotated[str, Meta(min_length=64, max_length=64)]),
        ("data", _data_type(contract)),
        ("borough", str, ""),
        ("synthetic", bool, False),
        *more,
    ]
    return msgspec.defstruct("Envelope", fields, tag_field="type", tag=contract.type, gc=False)


def _data_type(contract: Contract) -> type[Any]:
    required: list[Any] = []
    optional: list[Any] = []
    for name, field in contract.fields.items():
        annotation = _annotation(field)
        if field.optional:
            optional.append((name, annotation | None, None))
        else:
            required.append((name, annotation))
    return msgspec.defstruct("Data", [*required, *optional], gc=False, omit_defaults=True)


def _annotation(field: Field) -> Any:
    match field.type:
        case "integer":
            low = -INTEGER_LIMIT if field.low is None else field.low
            high = INTEGER_LIMIT if field.high is None else field.high
            return Annotated[int, Meta(ge=low, le=high)]
        case "decimal":
            return Annotated[float, Meta(ge=field.min, le=field.max)]
        case "boolean":
            return bool
        case "instant":
            return Annotated[datetime, Meta(tz=True)]
    return Literal[field.values] if field.values else str


def decimal_check(contract: Contract) -> Callable[[Any], None] | None:
    """Raises ValidationError for decimals beyond the contract's scale; None where a contract has no decimals."""
    decimals = [(name, field.scale) for name, field in contract.fields.items() if field.type == "decimal"]
    if not decimals:
        return None

    def check(event: Any) -> None:
        for name, scale in decimals:
            value = getattr(event.data, name)
            if value is not None:
                try:
                    scaled(value, scale)
                except ValueError as error:
                    raise msgspec.ValidationError(f"{value!r} {error} - at `$.data.{name}`") from error

    return check
