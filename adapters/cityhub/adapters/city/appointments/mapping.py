"""Pure: the journal of the appointment system in the contracts' words. Rules: docs/adapters/city-appointments.md."""

from __future__ import annotations

from typing import Any

from cityhub.adapters.city.appointments import source, wire
from cityhub.adapters.kit.fact import Fact, known, utc
from cityhub.adapters.kit.pseudonym import Pseudonyms

_TYPES = {
    "gebucht": source.BOOKED,
    "angemeldet": source.CHECKED_IN,
    "aufgerufen": source.CALLED,
    "bedient": source.SERVED,
    "nicht-erschienen": source.NO_SHOW,
    "angebot": source.SLOTS,
}


def fact(path: str, entry: wire.Entry, pseudonyms: Pseudonyms) -> Fact:
    """What a line says."""
    case = pseudonyms.of("appointment", entry.case)
    said = known(_data(entry, case))
    subject = f"{entry.office}:{entry.service}" if entry.kind == "angebot" else entry.office
    key = (case, entry.kind)
    return Fact(type=_TYPES[entry.kind], time=entry.at, subject=subject, key=key, data=said, path=path)


def _data(entry: wire.Entry, case: str) -> dict[str, Any]:
    data = {"office": entry.office, "service": entry.service}
    match entry.kind:
        case "gebucht":
            return data | {"booked_at": utc(entry.at), "slot_start": utc(entry.slot)}
        case "angebot":
            free = {"next_free_at": utc(entry.next_free)}
            return data | {"slots": entry.slots, "booked": entry.booked} | free
        case "angemeldet":
            came: dict[str, Any] = {"slot_start": utc(entry.slot)}
        case "aufgerufen":
            times = (entry.slot, entry.checked_in, entry.called)
            came = dict(zip(("slot_start", "checked_in_at", "called_at"), map(utc, times), strict=True))
        case "bedient":
            came = {"satisfaction": entry.satisfaction}
        case _:
            came = {}
    return data | {"appointment": case} | came
