"""The journal of the permit files: its shape, nothing else."""

from __future__ import annotations

from typing import Literal

import msgspec
from msgspec import Struct, field

from cityhub.adapters.formats.json_items import Id, Instant


class Entry(Struct, frozen=True):
    """A file has come to a state. Attributes: number = Aktenzeichen; whose file it is, is never read."""

    number: Id = field(name="aktenzeichen")
    at: Instant = field(name="zeit")
    state: Literal[
        "eingegangen", "nachforderung", "unterlagen-vollstaendig", "erteilt", "versagt", "zurueckgenommen"
    ] = field(name="zustand")
    kind: Literal["bewohnerparkausweis", "leitungsaufbruch", "sonstige"] = field(name="art")
    office: Literal["stadt", "wbd"] = field(name="stelle")
    way: Literal["online-durchgaengig", "online", "e-mail", "post", "telefon", "schalter"] | None = field(
        name="weg", default=None
    )


ENTRY = msgspec.json.Decoder(Entry)
