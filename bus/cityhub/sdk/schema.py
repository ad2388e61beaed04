"""A contract as JSON Schema, for those who check their events with another language's validator.

Source of the rules: JSON Schema 2020-12. It says what the hub's own check says (`conformance.violations`, and at a door
no further fields), with three gaps, where the schema lets more through: it cannot tell `1.0` from `1`; it counts no
decimals of a decimal (`multipleOf` divides doubles, which is not exact; `x-scale` says how many there may be); and it
takes instants on days that no calendar has, such as 30 February.
"""

from __future__ import annotations

from typing import Any

from cityhub.sdk.contract import Contract, Field
from cityhub.sdk.contract_rules import INTEGER_LIMIT
from cityhub.sdk.decimals import LIMIT

DIALECT = "https://json-schema.org/draft/2020-12/schema"
INSTANT = (
    "^(?!0000)[0-9]{4}-(0[1-9]|1[0-2])-(0[1-9]|[12][0-9]|3[01])[Tt ]([01][0-9]|2[0-3]):[0-5][0-9]:[0-5][0-9]"
    r"(\.[0-9]+)?([Zz]|[+-]([01][0-9]|2[0-3]):?[0-5][0-9])$"
)
_TYPES = {"integer": "integer", "decimal": "number", "text": "string", "boolean": "boolean", "instant": "string"}


def json_schema(contract: Contract) -> dict[str, Any]:
    """JSON Schema 2020-12 of an event's `data`, closed as the doors are."""
    return {"$schema": DIALECT, "$id": f"//cityhub/contracts/{contract.type}", **data_schema(contract)}


def data_schema(contract: Contract) -> dict[str, Any]:
    """The same without naming dialect and address: its words are those of draft 7, too, which AsyncAPI speaks."""
    return {
        "title": contract.title.en,
        "description": f"Data of an event of type {contract.type}",
        "type": "object",
        "properties": {name: _property(field) for name, field in contract.fields.items()},
        "required": [name for name, field in contract.fields.items() if not field.optional],
        "additionalProperties": False,
    }


def _property(field: Field) -> dict[str, Any]:
    kind = _TYPES[field.type]
    said: dict[str, Any] = {"description": field.meaning.en, "type": [kind, "null"] if field.optional else kind}
    if field.type in ("integer", "decimal"):
        said["minimum"], said["maximum"] = _bounds(field)
        said["x-unit"] = field.unit
    if field.type == "decimal":
        said["x-scale"] = field.scale
    if field.type == "instant":
        said |= {"format": "date-time", "pattern": INSTANT}
    if field.values:
        said["enum"] = [*field.values, None] if field.optional else list(field.values)
    if field.distinct_at_most is not None:
        said["x-distinct-at-most"] = field.distinct_at_most
    return said | {"x-personal-data": "personal" if field.personal else "none"}


def _bounds(field: Field) -> tuple[float, float]:
    """As they are written; where the contract has none, what an event can carry exactly."""
    widest = INTEGER_LIMIT if field.type == "integer" else LIMIT // 10**field.scale
    return -widest if field.min is None else field.min, widest if field.max is None else field.max
