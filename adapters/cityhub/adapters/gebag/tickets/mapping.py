"""Pure: repairs in the contract's words. Rules: docs/adapters/gebag-tickets.md."""

from __future__ import annotations

from cityhub.adapters.gebag.tickets.source import OPENED, RESOLVED
from cityhub.adapters.gebag.tickets.wire import Entry
from cityhub.adapters.kit.fact import Fact
from cityhub.adapters.kit.pseudonym import Pseudonyms

_TYPES = {"gemeldet": OPENED, "erledigt": RESOLVED}


def fact(path: str, entry: Entry, pseudonyms: Pseudonyms) -> Fact | str:
    """What a line says; states that no contract asks for are counted by their name."""
    if entry.state not in _TYPES:
        return f"state_{entry.state}"
    ticket = pseudonyms.of("ticket", entry.number)
    data = {"ticket": ticket} | ({"trade": entry.trade} if entry.trade else {})
    key = (ticket, entry.state)
    return Fact(type=_TYPES[entry.state], time=entry.at, subject=ticket, key=key, data=data, path=path)
