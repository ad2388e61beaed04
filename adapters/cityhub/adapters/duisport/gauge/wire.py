"""PEGELONLINE's answers: their shape, nothing else. Unknown fields are ignored, gaps in a series are silent."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated, TypeAlias

import msgspec
from msgspec import Meta, Raw, Struct

from cityhub.adapters.errors import FeedFault
from cityhub.adapters.formats.json_items import parse_items, parse_json
from cityhub.adapters.kit.reject import Reject

MOST_STATIONS = 100
"""More of them within a city are hostile."""
Instant: TypeAlias = Annotated[datetime, Meta(tz=True)]


class Characteristic(Struct, frozen=True):
    """A level that has a name, such as `GlW`."""

    shortname: str
    unit: str
    value: float


class Series(Struct, frozen=True):
    """What a station measures; `W` are raw water levels."""

    shortname: str
    unit: str
    characteristics: tuple[Characteristic, ...] = msgspec.field(name="characteristicValues", default=())


class Station(Struct, frozen=True):
    """A gauge."""

    uuid: Annotated[str, Meta(pattern="^[0-9a-fA-F-]{36}$")]
    shortname: Annotated[str, Meta(min_length=1, max_length=80)]
    timeseries: tuple[Series, ...] = ()


class Level(Struct, frozen=True):
    """One measurement."""

    timestamp: Instant
    value: float


_items = msgspec.json.Decoder(tuple[Raw, ...])
_station = msgspec.json.Decoder(Station)
_level = msgspec.json.Decoder(Level)


def parse_stations(body: bytes) -> tuple[list[tuple[str, Station]], list[Reject]]:
    """The well-formed stations with their paths, the others.

    Raises:
        FeedFault: `parse`, `too_many_values` or `too_many_stations`.
    """
    items = parse_json(body, _items, "a list of stations")
    if len(items) > MOST_STATIONS:
        raise FeedFault("too_many_stations", f"{len(items)} stations, at most {MOST_STATIONS} are near a city")
    return parse_items(items, _station, "stations")


def parse_levels(body: bytes, station: str) -> tuple[list[tuple[str, Level]], list[Reject]]:
    """The well-formed measurements of a station with their paths, the others.

    Raises:
        FeedFault: `parse` or `too_many_values`.
    """
    items = parse_json(body, _items, f"a list of measurements of {station}")
    return parse_items(items, _level, station)
