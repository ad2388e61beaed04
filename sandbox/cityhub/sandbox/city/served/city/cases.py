"""The Serviceportal: docs/adapters/city-cases.md."""

from __future__ import annotations

from zlib import crc32

from cityhub.sandbox.city.served.journal import hidden, in_words, journal, local
from cityhub.sandbox.city.streams.story import Told

_NAMES = {"case_id": "vorgang", "service": "leistung", "media_breaks": "medienbrueche"}
_LEVELS = {
    "basic": ("STORK-QAA-Level-1", "http://eidas.europa.eu/LoA/low"),
    "substantial": ("STORK-QAA-Level-3", "http://eidas.europa.eu/LoA/substantial"),
    "high": ("STORK-QAA-Level-4", "http://eidas.europa.eu/LoA/high"),
}


def _line(told: Told) -> dict[str, object]:
    said = in_words(told, _NAMES) | {"zeit": local(told.time)}
    number = crc32(told.subject.encode())
    if "paid_online" in told.data:
        said["bezahlt"] = "online" if told.data["paid_online"] else ("rechnung", "bar")[number % 2]
    if "assurance" in told.data:
        said["vertrauensniveau"] = _LEVELS[told.data["assurance"]][number // 2 % 2]
    return said


SERVED = journal("city.cases", ("cases",), _line, hidden("case_id", "case"))
