"""Pure: closed contacts in the contract's words. Rules: docs/adapters/city-contacts.md."""

from __future__ import annotations

from typing import Any

from cityhub.adapters.city.contacts.source import CLOSED
from cityhub.adapters.city.contacts.wire import Entry
from cityhub.adapters.kit.fact import Fact
from cityhub.adapters.kit.pseudonym import Pseudonyms

_HANDLED_BY = {"bot": "bot", "mensch": "person"}


def fact(path: str, entry: Entry, pseudonyms: Pseudonyms) -> Fact:
    """What a line says."""
    contact, version = pseudonyms.of("contact", entry.contact), entry.version
    data: dict[str, Any] = {
        "contact": contact,
        "version": version,
        "handled_by": _HANDLED_BY[entry.first],
        "handover": entry.handover,
    }
    if entry.reopened is not None:
        data["reopened_7d"] = entry.reopened
    return Fact(type=CLOSED, time=entry.at, subject=contact, key=(contact,), version=str(version), data=data, path=path)
