"""The service centre: docs/adapters/city-contacts.md."""

from __future__ import annotations

from cityhub.sandbox.city.served.journal import hidden, in_words, journal, local
from cityhub.sandbox.city.streams.story import Told

_NAMES = {
    "contact": "anliegen",
    "version": "fassung",
    "handover": "uebergabe",
    "reopened_7d": "wieder_aufgenommen",
}


def _line(told: Told) -> dict[str, object]:
    first = {"bot": "bot", "person": "mensch"}[told.data["handled_by"]]
    return in_words(told, _NAMES) | {"zeit": local(told.time), "zuerst": first}


SERVED = journal("city.contacts", ("contacts",), _line, hidden("contact", "contact"))
