"""The journal of the ticket office: its shape, nothing else."""

from __future__ import annotations

from uuid import UUID

import msgspec
from msgspec import Struct, field

from cityhub.adapters.formats.json_items import Instant


class Entry(Struct, frozen=True):
    """A ticket was issued; whose, is never read. Attributes: case = the city's number of the application."""

    case: UUID = field(name="vorgang")
    at: Instant = field(name="ausgestellt")


ENTRY = msgspec.json.Decoder(Entry)
