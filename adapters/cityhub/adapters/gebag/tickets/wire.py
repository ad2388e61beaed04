"""The journal of the tenants' app: its shape, nothing else."""

from __future__ import annotations

from typing import Annotated, Literal

import msgspec
from msgspec import Meta, Struct, field

from cityhub.adapters.formats.json_items import Id, Instant


class Entry(Struct, frozen=True):
    """A repair has come to a state.

    Attributes:
        number: of the report; whose flat it is, and what was written, is never read.
        trade: a code, so that nothing that somebody wrote gets in; None where nobody has looked yet.
    """

    number: Id = field(name="meldung")
    at: Instant = field(name="zeit")
    state: Literal["gemeldet", "beauftragt", "termin", "erledigt", "storniert"] = field(name="zustand")
    trade: Annotated[str, Meta(pattern="^[a-z][a-z-]{0,29}$")] | None = field(name="gewerk", default=None)


ENTRY = msgspec.json.Decoder(Entry)
