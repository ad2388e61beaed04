"""The order office: docs/adapters/city-order-office.md."""

from __future__ import annotations

from cityhub.sandbox.city.served.journal import in_words, journal, local
from cityhub.sandbox.city.streams.story import Told

_KINDS = {"alert-dispatched": "entsandt", "alert-closed": "abgeschlossen"}
_NAMES = {"alert": "alarm", "received_at": "eingang", "sounded_at": "geraeusch", "confirmed": "bestaetigt"}


def _line(told: Told) -> dict[str, object]:
    return {"art": _KINDS[told.type.split(".")[4]], "zeit": local(told.time)} | in_words(told, _NAMES)


SERVED = journal("city.order-office", ("dispatches", "closings"), _line)
