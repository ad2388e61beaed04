"""Pure: what became of audio alerts in the contracts' words. Rules: docs/adapters/city-order-office.md."""

from __future__ import annotations

from typing import Any

from cityhub.adapters.city.order_office.source import CLOSED, DISPATCHED
from cityhub.adapters.city.order_office.wire import Entry
from cityhub.adapters.kit.fact import Fact, known, utc
from cityhub.adapters.kit.pseudonym import Pseudonyms

_TYPES = {"entsandt": DISPATCHED, "abgeschlossen": CLOSED}


def fact(path: str, entry: Entry, _: Pseudonyms) -> Fact:
    """What a line says."""
    data: dict[str, Any] = {"alert": entry.alert}
    if entry.kind == "entsandt":
        times = (entry.received, entry.at, entry.sounded)
        data |= zip(("received_at", "dispatched_at", "sounded_at"), map(utc, times), strict=True)
    else:
        data["confirmed"] = entry.confirmed
    key = (entry.alert, entry.kind)
    return Fact(type=_TYPES[entry.kind], time=entry.at, subject=entry.alert, key=key, data=known(data), path=path)
