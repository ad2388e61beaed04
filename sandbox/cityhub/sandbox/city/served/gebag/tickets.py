"""The tenants' app of GEBAG: docs/adapters/gebag-tickets.md."""

from __future__ import annotations

from cityhub.sandbox.city.served.journal import hidden, in_words, journal, local
from cityhub.sandbox.city.streams.story import Told

_STATES = {"opened": "gemeldet", "resolved": "erledigt"}
_NAMES = {"ticket": "meldung", "trade": "gewerk"}


def _line(told: Told) -> dict[str, object]:
    return in_words(told, _NAMES) | {"zeit": local(told.time), "zustand": _STATES[told.key[-1]]}


SERVED = journal("gebag.tickets", ("repairs",), _line, hidden("ticket", "ticket"))
