"""The control room of the grids: docs/adapters/dvv-grid.md."""

from __future__ import annotations

from datetime import timedelta

from cityhub.sandbox.city.served.journal import in_words, journal, local
from cityhub.sandbox.city.streams.story import Told

_NAMES = {
    "alarm": "alarm",
    "outage": "unterbrechung",
    "version": "version",
    "customers": "anschluesse",
    "withdrawn": "zurueckgenommen",
}
_KINDS = {
    "alarm-raised": "alarm-ausgeloest",
    "alarm-acknowledged": "alarm-quittiert",
    "outage-ended": "unterbrechung-beendet",
}
_MEDIA = {"power": "strom", "gas": "gas", "water": "wasser"}


def _line(told: Told) -> dict[str, object]:
    said = in_words(told, _NAMES) | {"art": _KINDS[told.type.split(".")[4]], "sparte": _MEDIA[told.data["medium"]]}
    if "minutes" not in told.data:
        return said | {"zeit": local(told.time), "schicht": "Vorname Nachname"}
    begun_at = told.time - timedelta(minutes=told.data["minutes"])
    return said | {"beginn": local(begun_at), "ende": local(told.time), "ort": "Musterstraße"}


SERVED = journal("dvv.grid", ("alarms", "outages"), _line)
