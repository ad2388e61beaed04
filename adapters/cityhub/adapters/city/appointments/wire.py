"""The journal of the appointment system: its shape, nothing else. Every instant carries its offset."""

from __future__ import annotations

from typing import Literal

import msgspec
from msgspec import Struct, field

from cityhub.adapters.formats.json_items import Id, Instant


class Entry(Struct, frozen=True):
    """One line of the journal. Attributes: case = Vorgangsnummer; who came is never part of it."""

    kind: Literal["gebucht", "angemeldet", "aufgerufen", "bedient", "nicht-erschienen", "angebot"] = field(name="art")
    case: Id = field(name="vorgang")
    at: Instant = field(name="zeit")
    office: Id = field(name="dienststelle")
    service: Id = field(name="leistung")
    slot: Instant | None = field(name="termin", default=None)
    checked_in: Instant | None = field(name="angemeldet", default=None)
    called: Instant | None = field(name="aufgerufen", default=None)
    satisfaction: float | None = field(name="zufriedenheit", default=None)
    slots: int | None = field(name="plaetze", default=None)
    booked: int | None = field(name="belegt", default=None)
    next_free: Instant | None = field(name="naechster_freier", default=None)


ENTRY = msgspec.json.Decoder(Entry)
