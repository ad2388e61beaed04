"""The appointment system of Bürgerservice and Straßenverkehrsamt: docs/adapters/city-appointments.md."""

from __future__ import annotations

from datetime import datetime

import msgspec

from cityhub.sandbox.city.chronicle import Page
from cityhub.sandbox.city.served.endpoint import Served, paged
from cityhub.sandbox.city.streams.story import Told
from cityhub.sandbox.city.timetable import LOCAL

_STREAMS = ("appointments", "counters", "visits", "slots")
_KINDS = {
    "booked": "gebucht",
    "checked-in": "angemeldet",
    "called": "aufgerufen",
    "served": "bedient",
    "no-show": "nicht-erschienen",
    "slots-observed": "angebot",
}
_NAMES = {
    "office": "dienststelle",
    "service": "leistung",
    "slot_start": "termin",
    "checked_in_at": "angemeldet",
    "called_at": "aufgerufen",
    "satisfaction": "zufriedenheit",
    "slots": "plaetze",
    "booked": "belegt",
    "next_free_at": "naechster_freier",
}


def _page(page: Page, now: datetime) -> bytes:
    return msgspec.json.encode(
        {
            "stand": now.astimezone(LOCAL).isoformat(),
            "naechster": page.cursor,
            "weitere": page.more,
            "ereignisse": [_item(told) for told in page.items],
        }
    )


def _item(told: Told) -> dict[str, object]:
    verb = told.type.split(".")[4]
    said = {_NAMES[name]: _local(value) for name, value in told.data.items() if name in _NAMES}
    return {"art": _KINDS[verb], "vorgang": _case(told, verb), "zeit": told.time.astimezone(LOCAL).isoformat()} | said


def _case(told: Told, verb: str) -> str:
    """Of a booking and of an offer the number in the system's own journal."""
    return "/".join(told.key) if verb in {"booked", "slots-observed"} else told.key[0]


def _local(value: object) -> object:
    """Instants as the system writes them: local time with its offset."""
    if isinstance(value, str) and value.endswith("Z"):
        return datetime.fromisoformat(value).astimezone(LOCAL).isoformat()
    return value


SERVED = Served(
    feed="city.appointments",
    streams=_STREAMS,
    serve=paged("/city/appointments", _STREAMS, "seit", _page, "application/json"),
)
