"""The journal of the WLAN controller: its shape, nothing else. Devices, their addresses and users are never read."""

from __future__ import annotations

from typing import Literal

import msgspec
from msgspec import Struct, field

from cityhub.adapters.formats.json_items import Id, Instant


class Status(Struct, frozen=True, tag_field="art", tag="zugangspunkt"):
    """How an access point is. Attributes: covered = area that it serves, m²."""

    access_point: Id = field(name="zugangspunkt")
    at: Instant = field(name="zeit")
    status: Literal["in-betrieb", "gestoert", "abgebaut"] = field(name="zustand")
    covered: int = field(name="flaeche_m2")


class Closed(Struct, frozen=True, tag_field="art", tag="sitzung-beendet"):
    """A session is over. Attributes: session = its number, in which controllers hide the device's address."""

    session: Id = field(name="sitzung")
    access_point: Id = field(name="zugangspunkt")
    at: Instant = field(name="zeit")


ENTRY = msgspec.json.Decoder(Status | Closed)
