"""The journal of the order office: its shape, nothing else."""

from __future__ import annotations

from typing import Literal

import msgspec
from msgspec import Struct, field

from cityhub.adapters.formats.json_items import Id, Instant


class Entry(Struct, frozen=True):
    """Somebody was sent to an alert, or it was closed. Attributes: alert = number that the lamp's message gave it."""

    kind: Literal["entsandt", "abgeschlossen"] = field(name="art")
    alert: Id = field(name="alarm")
    at: Instant = field(name="zeit")
    received: Instant | None = field(name="eingang", default=None)
    sounded: Instant | None = field(name="geraeusch", default=None)
    confirmed: bool | None = field(name="bestaetigt", default=None)


ENTRY = msgspec.json.Decoder(Entry)
