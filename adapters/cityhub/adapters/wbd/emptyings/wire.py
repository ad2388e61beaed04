"""The journal of the collection vehicles' telematics: its shape, nothing else."""

from __future__ import annotations

from typing import Annotated, Literal

import msgspec
from msgspec import Meta, Struct, field

from cityhub.adapters.formats.json_items import Id, Instant


class Weighing(Struct, frozen=True):
    """What the lifter's scale says. Attributes: state: whether it stood still enough to be valid."""

    kg: Annotated[float, Meta(ge=-100_000, le=100_000)]
    state: Literal["gueltig", "ungueltig"] = field(name="status")


class Entry(Struct, frozen=True):
    """One emptying; plate, crew and position of the vehicle are never read.

    Attributes:
        bin: that its transponder stands for; None where none was read.
        metres: that the vehicle drove since the emptying before. percent: how full the bin was.
    """

    number: Id = field(name="leerung")
    at: Instant = field(name="zeit")
    bin: Id | None = field(name="behaelter")
    weighing: Weighing | None = field(name="verwiegung", default=None)
    metres: Annotated[int, Meta(ge=0, le=10_000_000)] | None = field(name="fahrweg_m", default=None)
    percent: Annotated[int, Meta(ge=0, le=100)] | None = field(name="fuellstand_prozent", default=None)


ENTRY = msgspec.json.Decoder(Entry)
