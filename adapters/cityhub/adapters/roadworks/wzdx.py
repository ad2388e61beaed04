"""A work zone feed, WZDx 4.2, GeoJSON: its shape, nothing else. Every instant carries its offset."""

from __future__ import annotations

from collections import Counter
from datetime import datetime
from typing import Annotated, Literal, TypeAlias

import msgspec
from msgspec import Meta, Raw, Struct

from cityhub.adapters.formats.json_items import Id, Instant, parse_items, parse_json
from cityhub.adapters.kit.reject import Reject

Position: TypeAlias = Annotated[tuple[float, ...], Meta(min_length=2)]


class Core(Struct, frozen=True):
    """What all road events have in common."""

    event_type: str
    creation_date: Instant | None = None
    update_date: Instant | None = None


class Lane(Struct, frozen=True):
    """One lane of the road. Attributes: type, status: codes."""

    type: str
    status: str


class Properties(Struct, frozen=True):
    """What is said of a road event."""

    core_details: Core
    start_date: Instant
    end_date: Instant
    is_start_date_verified: bool = False
    is_end_date_verified: bool = False
    lanes: tuple[Lane, ...] = ()


class Line(Struct, frozen=True):
    """Where it is. Attributes: coordinates: longitude, latitude."""

    type: Literal["LineString", "MultiPoint"]
    coordinates: Annotated[tuple[Position, ...], Meta(min_length=1)]


class Feature(Struct, frozen=True):
    """A road event."""

    id: Id
    properties: Properties
    geometry: Line


class _Identified(Struct, frozen=True):
    id: Id


class _Info(Struct, frozen=True):
    update_date: Instant


class _Feed(Struct, frozen=True):
    feed_info: _Info
    features: tuple[Raw, ...]


class Wzdx(Struct, frozen=True):
    """An answer. Attributes: unread: ids of features that were refused, "" for one whose id cannot be read."""

    at: datetime
    features: list[tuple[str, Feature]]
    unread: frozenset[str]
    rejects: list[Reject]
    noted: Counter[str]


_feed = msgspec.json.Decoder(_Feed)
_feature = msgspec.json.Decoder(Feature)
_identified = msgspec.json.Decoder(_Identified)


def parse(body: bytes) -> Wzdx:
    """The feed, its well-formed work zones with their paths, the others.

    Raises:
        FeedFault: `parse` or `too_many_values`.
    """
    feed = parse_json(body, _feed, "a work zone feed (WZDx 4)")
    found, rejects = parse_items(feed.features, _feature, "features")
    named, _ = parse_items(feed.features, _identified, "features")
    read, ids = dict(found), {path: one.id for path, one in named}
    paths = [f"features[{index}]" for index in range(len(feed.features))]
    unread = frozenset(ids.get(path, "") for path in paths if path not in read)
    zones = [(path, one) for path, one in found if one.properties.core_details.event_type == "work-zone"]
    noted = Counter({"not_roadworks": len(found) - len(zones)})
    return Wzdx(feed.feed_info.update_date, zones, unread, rejects, +noted)
