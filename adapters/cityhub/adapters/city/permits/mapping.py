"""Pure: states of permit files in the contracts' words. Rules: docs/adapters/city-permits.md."""

from __future__ import annotations

from cityhub.adapters.city.permits.source import FILE_COMPLETED, ISSUED
from cityhub.adapters.city.permits.wire import Entry
from cityhub.adapters.kit.fact import Fact
from cityhub.adapters.kit.pseudonym import Pseudonyms

_TYPES = {"unterlagen-vollstaendig": FILE_COMPLETED, "erteilt": ISSUED}
_KINDS = {"bewohnerparkausweis": "resident-parking", "leitungsaufbruch": "trench", "sonstige": "other"}
_OFFICES = {"stadt": "city", "wbd": "wbd"}
_WAYS = {
    "online-durchgaengig": "online-e2e",
    "online": "online",
    "e-mail": "email",
    "post": "post",
    "telefon": "phone",
    "schalter": "counter",
}


def fact(path: str, entry: Entry, pseudonyms: Pseudonyms) -> Fact | str:
    """What a line says; states that no contract asks for are counted by their name."""
    if entry.state not in _TYPES:
        return f"state_{entry.state}"
    permit = pseudonyms.of("permit", entry.number)
    data = {"permit": permit, "kind": _KINDS[entry.kind], "office": _OFFICES[entry.office]}
    if entry.way is not None and _TYPES[entry.state] == ISSUED:
        data["channel"] = _WAYS[entry.way]
    key = (permit, entry.state)
    return Fact(type=_TYPES[entry.state], time=entry.at, subject=permit, key=key, data=data, path=path)
