"""DCSA Track & Trace events: their shape, nothing else. Whose cargo it is and who publishes is never read.

Source of the shape: DCSA Track & Trace 3.0.0.
"""

from __future__ import annotations

from datetime import datetime
from typing import Annotated, Literal, TypeAlias

import msgspec
from msgspec import Meta, Raw, Struct, field
from msgspec.structs import replace

from cityhub.adapters.formats.json_items import parse_items, parse_json
from cityhub.adapters.kit.reject import Reject

Id: TypeAlias = Annotated[str, Meta(min_length=1, max_length=100)]
Instant: TypeAlias = Annotated[datetime, Meta(tz=True)]


class Metadata(Struct, frozen=True):
    """Attributes: retracts = eventID that is taken back; such an event has no payload."""

    id: Id = field(name="eventID")
    created: Instant = field(name="eventCreatedDateTime")
    kind: Id = field(name="eventType")
    retracts: str | None = field(name="retractedEventID", default=None)


class Location(Struct, frozen=True):
    """Attributes: locode = UN/LOCODE."""

    locode: str = field(name="UNLocationCode", default="")


class Call(Struct, frozen=True):
    """A transport call: a means of transport at a place."""

    mode: str = field(name="modeOfTransport", default="")
    location: Location = Location()


class Reference(Struct, frozen=True):
    """A document such as a booking, `BKG`."""

    type: str
    value: str


class Move(Struct, frozen=True):
    """Payload of an equipment event. Attributes: call or location says where it is."""

    classifier: Literal["PLN", "EST", "ACT"] = field(name="eventClassifierCode")
    at: Instant = field(name="eventDateTime")
    code: Id = field(name="equipmentEventTypeCode")
    number: Annotated[str, Meta(max_length=40)] = field(name="equipmentReference", default="")
    size: Annotated[str, Meta(max_length=4)] = field(name="ISOEquipmentCode", default="")
    call: Call = field(name="transportCall", default=Call())
    location: Location = Location()
    references: tuple[Reference, ...] = field(name="relatedDocumentReferences", default=())


class Item(Struct, frozen=True):
    """One event. Attributes: payload: of equipment events a `Move`."""

    metadata: Metadata
    payload: Raw = Raw(b"null")


_items = msgspec.json.Decoder(tuple[Raw, ...])
_item = msgspec.json.Decoder(Item)
_move = msgspec.json.Decoder(Move)


def parse(body: bytes) -> tuple[int, list[tuple[str, Item]], list[Reject]]:
    """How many events there are, the well-formed ones with their paths, the others.

    Raises:
        FeedFault: `parse` or `too_many_values`.
    """
    items = parse_json(body, _items, "a list of events")
    return (len(items), *parse_items(items, _item, "events"))


def parse_move(path: str, item: Item) -> Move | Reject:
    """The payload of an equipment event."""
    moves, rejects = parse_items([item.payload], _move, f"{path}.payload")
    if moves:
        return moves[0][1]
    return replace(rejects[0], path=rejects[0].path.replace("payload[0]", "payload", 1))
