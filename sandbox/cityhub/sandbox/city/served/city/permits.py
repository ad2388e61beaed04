"""The permit files: docs/adapters/city-permits.md."""

from __future__ import annotations

from cityhub.sandbox.city.served.journal import hidden, journal, local
from cityhub.sandbox.city.streams.story import Told

_STATES = {"file-completed": "unterlagen-vollstaendig", "issued": "erteilt"}
_KINDS = {"resident-parking": "bewohnerparkausweis", "trench": "leitungsaufbruch", "other": "sonstige"}
_OFFICES = {"city": "stadt", "wbd": "wbd"}
_WAYS = {
    "online-e2e": "online-durchgaengig",
    "online": "online",
    "email": "e-mail",
    "post": "post",
    "phone": "telefon",
    "counter": "schalter",
}


def _line(told: Told) -> dict[str, object]:
    return {
        "aktenzeichen": told.subject,
        "zeit": local(told.time),
        "zustand": _STATES[told.type.split(".")[4]],
        "art": _KINDS[told.data["kind"]],
        "stelle": _OFFICES[told.data["office"]],
        "weg": _WAYS.get(told.data.get("channel", "")),
    }


SERVED = journal("city.permits", ("permits",), _line, hidden("permit", "permit"))
