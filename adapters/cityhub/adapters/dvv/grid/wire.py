"""The journal of the control room: its shape, nothing else. Addresses and who acknowledged are never read."""

from __future__ import annotations

from typing import Annotated, Literal, TypeAlias

import msgspec
from msgspec import Meta, Struct, field

from cityhub.adapters.formats.json_items import Id, Instant

Medium: TypeAlias = Literal["strom", "gas", "wasser"]


class Raised(Struct, frozen=True, tag_field="art", tag="alarm-ausgeloest"):
    """An alarm came up."""

    alarm: Id
    medium: Medium = field(name="sparte")
    at: Instant = field(name="zeit")


class Acknowledged(Struct, frozen=True, tag_field="art", tag="alarm-quittiert"):
    """Somebody has taken it."""

    alarm: Id
    medium: Medium = field(name="sparte")
    at: Instant = field(name="zeit")


class OutageEnded(Struct, frozen=True, tag_field="art", tag="unterbrechung-beendet"):
    """Everybody has supply again.

    Attributes:
        version: of the record, which is corrected under a higher one. withdrawn: it was none.
    """

    outage: Id = field(name="unterbrechung")
    version: Annotated[int, Meta(ge=1)]
    medium: Medium = field(name="sparte")
    begun_at: Instant = field(name="beginn")
    ended_at: Instant = field(name="ende")
    customers: int = field(name="anschluesse")
    withdrawn: bool = field(name="zurueckgenommen", default=False)


ENTRY = msgspec.json.Decoder(Raised | Acknowledged | OutageEnded)
