"""The appointment system of Bürgerservice and Straßenverkehrsamt: docs/adapters/city-appointments.md."""

from __future__ import annotations

from cityhub.sandbox.city.served.journal import hidden, in_words, journal, local
from cityhub.sandbox.city.streams.story import Told

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


def _line(told: Told) -> dict[str, object]:
    verb = told.type.split(".")[4]
    return {"art": _KINDS[verb], "vorgang": _case(told, verb), "zeit": local(told.time)} | in_words(told, _NAMES)


def _case(told: Told, verb: str) -> str:
    """Of a booking and of an offer the number in the system's own journal."""
    return "/".join(told.key) if verb in {"booked", "slots-observed"} else told.key[0]


SERVED = journal(
    "city.appointments",
    ("appointments", "counters", "visits", "slots"),
    _line,
    hidden("appointment", "appointment"),
)
