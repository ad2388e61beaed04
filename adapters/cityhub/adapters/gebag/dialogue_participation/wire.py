"""The journal of the dialogue platform: its shape, nothing else."""

from __future__ import annotations

import msgspec
from msgspec import Struct, field

from cityhub.adapters.formats.json_items import Id, Instant


class Entry(Struct, frozen=True):
    """A contribution. Attributes: account = number of its author; what was written, and by whom, is never read."""

    contribution: Id = field(name="beitrag")
    at: Instant = field(name="zeit")
    process: Id = field(name="verfahren")
    account: Id = field(name="konto")


ENTRY = msgspec.json.Decoder(Entry)
