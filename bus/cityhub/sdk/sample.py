"""A first event of a type, for those who begin."""

from __future__ import annotations

from datetime import datetime

from cityhub.sdk.contract import Contract, Field
from cityhub.sdk.event import Event, make_event


def first_event(contract: Contract, now: datetime) -> Event:
    """A synthetic event of a type, with the least values that its contract allows."""
    fields = contract.fields.items()
    return make_event(
        type_=contract.type,
        source=f"//{contract.partner}.example/system",
        natural_key=("first",),
        version=now.isoformat(),
        subject="example-1",
        time=now,
        recorded_at=now,
        data={name: _least(field, now) for name, field in fields if not field.optional},
        synthetic=True,
    )


def _least(field: Field, now: datetime) -> str | int | float | bool:
    if field.type == "text":
        return field.values[0] if field.values else "example"
    if field.type == "instant":
        return f"{now:%Y-%m-%dT%H:%M:%SZ}"
    return False if field.type == "boolean" else field.min or 0
