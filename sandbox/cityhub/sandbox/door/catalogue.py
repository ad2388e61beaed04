"""What a tenant can work with: streams, event types with their fields, KPIs of the city, kinds of injects."""

from __future__ import annotations

from typing import Any, get_args

from cityhub.kpi.definition import Catalogue
from cityhub.sandbox.room.injects import Kind
from cityhub.sandbox.room.offered import is_open
from cityhub.sandbox.room.story import STREAM_NAMES
from cityhub.sdk.door import HUB


def catalogue(city: Catalogue) -> dict[str, Any]:
    """JSON-able."""
    types = [
        {
            "type": one.type,
            "title": one.title,
            "partner": one.partner,
            "topic": one.topic,
            "fields": {
                name: {"type": field.type, "unit": field.unit, "optional": field.optional, "values": list(field.values)}
                for name, field in one.fields.items()
            },
        }
        for one in city.contracts.values()
        if not one.personal and one.partner != HUB and one.status == "active"
    ]
    kpis = [{"id": one.id, "name": one.name, "unit": one.unit, "windows": one.windows} for one in city if is_open(one)]
    return {"streams": STREAM_NAMES, "injects": get_args(Kind), "kpis": kpis, "types": types}
