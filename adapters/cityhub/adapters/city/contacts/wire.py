"""The journal of the service centre: its shape, nothing else."""

from __future__ import annotations

from typing import Literal

import msgspec
from msgspec import Struct, field

from cityhub.adapters.formats.json_items import Id, Instant


class Entry(Struct, frozen=True):
    """A closed contact, as one version of its record says; what it was about is never read.

    Attributes:
        reopened: within seven days; None while nobody can know.
    """

    contact: Id = field(name="anliegen")
    version: int = field(name="fassung")
    at: Instant = field(name="zeit")
    first: Literal["bot", "mensch"] = field(name="zuerst")
    handover: bool = field(name="uebergabe")
    reopened: bool | None = field(name="wieder_aufgenommen", default=None)


ENTRY = msgspec.json.Decoder(Entry)
