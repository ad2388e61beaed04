"""Locations of OCPI 2.2.1: their shape, nothing else. Whole objects and parts of them (PATCH) look alike here."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import UTC, datetime
from typing import Annotated, Literal

import msgspec
from msgspec import Meta, Raw, Struct, field

from cityhub.adapters.errors import FeedFault
from cityhub.adapters.formats.json_items import Id, parse_items, parse_json
from cityhub.adapters.kit.reject import Reject

_Code = Annotated[int, Meta(ge=1000, le=9999)]


class _Envelope(Struct, frozen=True):
    code: _Code = field(name="status_code")
    message: str | None = field(name="status_message", default=None)
    timestamp: datetime | None = None
    data: tuple[Raw, ...] | None = None


class _Location(Struct, frozen=True):
    last_updated: datetime | None = None
    evses: tuple[Raw, ...] = ()


class Evse(Struct, frozen=True):
    """A charge point; what a part does not say is None."""

    uid: Id
    status: (
        Literal[
            "AVAILABLE",
            "BLOCKED",
            "CHARGING",
            "INOPERATIVE",
            "OUTOFORDER",
            "PLANNED",
            "REMOVED",
            "RESERVED",
            "UNKNOWN",
        ]
        | None
    ) = None
    last_updated: datetime | None = None


class Said(Struct, frozen=True):
    """An EVSE within its location. Attributes: updated_at, location_updated_at: UTC, where they are said."""

    path: str
    evse: Evse
    updated_at: datetime | None
    location_updated_at: datetime | None


class Answer(Struct, frozen=True):
    """A page. Attributes: timestamp = the partner's clock."""

    said: Sequence[Said]
    rejects: Sequence[Reject]
    timestamp: datetime | None


_envelope = msgspec.json.Decoder(_Envelope)
_location = msgspec.json.Decoder(_Location)
_evse = msgspec.json.Decoder(Evse)


def parse(body: bytes) -> Answer:
    """Read a page.

    Raises:
        FeedFault: `parse`, `too_many_values`, or `partner_error`: a status code of 2000 or more.
    """
    envelope = parse_json(body, _envelope, "an answer of OCPI")
    if envelope.code >= 2000:  # noqa: PLR2004 - OCPI: 1xxx success, 2xxx our mistake, 3xxx theirs
        raise FeedFault("partner_error", f"OCPI status_code {envelope.code}: {(envelope.message or '')[:120]!r}")
    if envelope.data is None:
        raise FeedFault("parse", f"OCPI status_code {envelope.code} without data; a list of locations must be there")
    locations, rejects = parse_items(envelope.data, _location, "data")
    said: list[Said] = []
    for path, location in locations:
        good, bad = parse_items(location.evses, _evse, f"{path}.evses")
        rejects += bad
        said += _within(location, good)
    return Answer(said, rejects, _utc(envelope.timestamp))


def _within(location: _Location, evses: Sequence[tuple[str, Evse]]) -> Iterator[Said]:
    of_location = _utc(location.last_updated)
    for path, evse in evses:
        yield Said(path, evse, _utc(evse.last_updated) or of_location, of_location)


def _utc(moment: datetime | None) -> datetime | None:
    """Without an offset it is UTC: OCPI 2.2.1, type DateTime. What UTC cannot say stays as it is."""
    if moment is None or moment.tzinfo is None:
        return moment and moment.replace(tzinfo=UTC)
    try:
        return moment.astimezone(UTC)
    except OverflowError:
        return moment
