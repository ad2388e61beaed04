"""A contract as an Open Data Contract Standard document, for catalogues of other houses.

Source of the rules: ODCS 3.1.0. What it has no word for, such as unit and scale, stands in `customProperties`.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import msgspec

from cityhub.sdk.contract import Contract, Field

_LOGICAL = {
    "integer": "integer",
    "decimal": "number",
    "text": "string",
    "boolean": "boolean",
    "instant": "timestamp",
}


def odcs(contract: Contract, purposes: Sequence[str] = ()) -> dict[str, Any]:
    """The contract as a document of ODCS 3.1.0.

    Args:
        purposes: what its events are used for besides its own purpose, a sentence each.
    """
    purposes = [*((contract.purpose.en,) if contract.purpose else ()), *purposes]
    return {
        "apiVersion": "v3.1.0",
        "kind": "DataContract",
        "id": contract.type,
        "name": contract.title.en,
        "version": f"{contract.type.rpartition('.v')[2]}.0.0",
        "status": contract.status,
        "domain": contract.partner,
        "dataProduct": contract.topic,
        "description": {
            "purpose": "; ".join(purposes) or "not used by any KPI yet",
            "limitations": "holds personal data; never shown, never a dimension"
            if contract.personal
            else "no personal data",
        },
        "team": {"name": contract.owner or contract.partner},
        "schema": [_schema(contract)],
        "slaProperties": [
            {"property": "frequency", "value": contract.cadence_s, "unit": "s", "description": "news are expected"},
            {"property": "latency", "value": contract.lateness_s, "unit": "s", "description": "an event may be late"},
            {"property": "horizon", "value": contract.horizon_s, "unit": "s", "description": "repeats are recognised"},
            {
                "property": "throughput",
                "value": contract.events_per_day_at_most,
                "unit": "/d",
                "description": "at most",
            },
        ],
    }


def _schema(contract: Contract) -> dict[str, Any]:
    more = {
        "key": contract.key,
        "subjectsAtMost": contract.subjects_at_most,
        "hours": contract.hours,
        "reporters": contract.reporters.en if contract.reporters else None,
        "correctable": msgspec.to_builtins(contract.correctable),
        "personalData": "personal" if contract.personal else "none",
    }
    return {
        "name": contract.type,
        "logicalType": "object",
        "physicalName": contract.topic,
        "physicalType": "topic",
        "businessName": contract.title.de,
        "description": contract.title.en,
        "dataGranularityDescription": "one event each",
        "properties": [_property(name, field, contract) for name, field in contract.fields.items()],
        "customProperties": _custom(more),
    }


def _property(name: str, field: Field, contract: Contract) -> dict[str, Any]:
    said: dict[str, Any] = {
        "name": name,
        "logicalType": _LOGICAL[field.type],
        "physicalType": field.type,
        "businessName": field.meaning.de,
        "description": field.meaning.en,
        "required": not field.optional,
        "classification": "personal" if field.personal else "none",
    }
    options = {"minimum": field.min, "maximum": field.max} | ({"timezone": True} if field.type == "instant" else {})
    if known := {option: value for option, value in options.items() if value is not None}:
        said["logicalTypeOptions"] = known
    if contract.key == f"${name}":
        said |= {"partitioned": True, "partitionKeyPosition": 1}
    if field.values:
        arguments = {"validValues": list(field.values)}
        said["quality"] = [{"type": "library", "metric": "invalidValues", "arguments": arguments, "mustBe": 0}]
    number = field.type in ("integer", "decimal")
    more = {
        "unit": field.unit if number else None,
        "scale": field.scale or None,
        "distinctAtMost": field.distinct_at_most,
        "dimension": _may_be_dimension(field),
    }
    return said | {"customProperties": _custom(more)}


def _may_be_dimension(field: Field) -> bool:
    """Whether KPIs may be cut by it: not personal, and of a bounded number of values."""
    bounded = {
        "text": bool(field.values) or field.distinct_at_most is not None,
        "integer": field.min is not None and field.max is not None,
        "boolean": True,
    }
    return not field.personal and bounded.get(field.type, False)


def _custom(properties: dict[str, Any]) -> list[dict[str, Any]]:
    return [{"property": name, "value": value} for name, value in properties.items() if value is not None]
