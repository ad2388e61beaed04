"""Telematics of the collection vehicles: docs/adapters/wbd-emptyings.md."""

from __future__ import annotations

from zlib import crc32

from cityhub.sandbox.city.served.journal import journal, local
from cityhub.sandbox.city.streams.story import Told

_SHAKEN = 3
"""Where the scale has nothing valid to say, one of so many says something invalid."""


def _line(told: Told) -> dict[str, object]:
    number = "-".join(told.key)
    said: dict[str, object] = {
        "leerung": number,
        "zeit": local(told.time),
        "behaelter": told.subject,
        "kennzeichen": f"DU-WB {100 + crc32(number.encode()) % 3}",
    }
    if (kg := told.data.get("kg")) is not None:
        said["verwiegung"] = {"kg": kg, "status": "gueltig"}
    elif crc32(number.encode()) % _SHAKEN == 0:
        said["verwiegung"] = {"kg": -1.5, "status": "ungueltig"}
    if (km := told.data.get("km")) is not None:
        said["fahrweg_m"] = round(1000 * km)
    if (fill := told.data.get("fill_before")) is not None:
        said["fuellstand_prozent"] = round(100 * fill)
    return said


SERVED = journal("wbd.emptyings", ("bins-emptied",), _line)
