"""Pure: completed cases in the contract's words. Rules: docs/adapters/city-cases.md."""

from __future__ import annotations

from typing import Any

from cityhub.adapters.city.cases.source import COMPLETED
from cityhub.adapters.city.cases.wire import Entry
from cityhub.adapters.kit.fact import Fact
from cityhub.adapters.kit.pseudonym import Pseudonyms

_LEVELS = {
    "STORK-QAA-Level-1": "basic",
    "STORK-QAA-Level-3": "substantial",
    "STORK-QAA-Level-4": "high",
    "http://eidas.europa.eu/LoA/low": "basic",
    "http://eidas.europa.eu/LoA/substantial": "substantial",
    "http://eidas.europa.eu/LoA/high": "high",
}


def fact(path: str, entry: Entry, pseudonyms: Pseudonyms) -> Fact:
    """What a line says."""
    case = pseudonyms.of("case", entry.case)
    data: dict[str, Any] = {"case_id": case, "service": entry.service, "media_breaks": entry.media_breaks}
    if entry.paid is not None:
        data["paid_online"] = entry.paid == "online"
    if entry.level is not None:
        data["assurance"] = _LEVELS[entry.level]
    return Fact(type=COMPLETED, time=entry.at, subject=case, key=(case,), data=data, path=path)
