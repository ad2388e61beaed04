"""The journal of the Serviceportal: its shape, nothing else."""

from __future__ import annotations

from typing import Literal

import msgspec
from msgspec import Struct, field

from cityhub.adapters.formats.json_items import Id, Instant


class Entry(Struct, frozen=True):
    """One completed case; who applied is never read.

    Attributes:
        paid: how; None where there was nothing to pay.
        level: of the log-in, as BundID (STORK) or another eIDAS scheme says it; None without log-in.
    """

    case: Id = field(name="vorgang")
    at: Instant = field(name="zeit")
    service: Id = field(name="leistung")
    media_breaks: int = field(name="medienbrueche")
    paid: Literal["online", "rechnung", "bar"] | None = field(name="bezahlt", default=None)
    level: (
        Literal[
            "STORK-QAA-Level-1",
            "STORK-QAA-Level-3",
            "STORK-QAA-Level-4",
            "http://eidas.europa.eu/LoA/low",
            "http://eidas.europa.eu/LoA/substantial",
            "http://eidas.europa.eu/LoA/high",
        ]
        | None
    ) = field(name="vertrauensniveau", default=None)


ENTRY = msgspec.json.Decoder(Entry)
