"""Roadworks of one motorway as the Autobahn GmbH's API lists them, JSON: its shape, nothing else.

Source: its published OpenAPI description, `/{road}/services/roadworks`.
"""

from __future__ import annotations

from typing import Annotated, TypeAlias

import msgspec
from msgspec import Meta, Raw, Struct, field

from cityhub.adapters.formats.json_items import Id, parse_items, parse_json
from cityhub.adapters.kit.reject import Reject

Degrees: TypeAlias = Annotated[str, Meta(max_length=40)] | float
Text: TypeAlias = Annotated[str, Meta(max_length=4000)]


class Coordinate(Struct, frozen=True):
    """Where it is; some have the two the other way round."""

    lat: Degrees
    long: Degrees


class Work(Struct, frozen=True):
    """An entry.

    Attributes:
        kind: `ROADWORKS`, `SHORT_TERM_ROADWORKS` or another one. point: both degrees in one text.
        description: lines for people; begin and end stand in them. start: missing for most short ones.
        future: it has not begun.
    """

    identifier: Id
    kind: str = field(name="display_type", default="ROADWORKS")
    coordinate: Coordinate | None = None
    point: Annotated[str, Meta(max_length=80)] | None = None
    description: Annotated[tuple[Text, ...], Meta(max_length=200)] = ()
    start: Annotated[str, Meta(max_length=40)] | None = field(name="startTimestamp", default=None)
    future: bool = False


class _Identified(Struct, frozen=True):
    identifier: Id


class _List(Struct, frozen=True):
    roadworks: tuple[Raw, ...]


class Autobahn(Struct, frozen=True):
    """An answer. Attributes: unread: ids of entries that were refused, "" for one whose id cannot be read."""

    works: list[tuple[str, Work]]
    unread: frozenset[str]
    rejects: list[Reject]


_list = msgspec.json.Decoder(_List)
_work = msgspec.json.Decoder(Work)
_identified = msgspec.json.Decoder(_Identified)


def speaks(body: bytes) -> bool:
    """Whether an answer in JSON is such a list."""
    try:
        _list.decode(body)
    except (msgspec.MsgspecError, UnicodeDecodeError, RecursionError):
        return False
    return True


def parse(body: bytes) -> Autobahn:
    """The well-formed entries with their paths, the others.

    Raises:
        FeedFault: `parse` or `too_many_values`.
    """
    entries = parse_json(body, _list, "a list of roadworks of the Autobahn GmbH").roadworks
    works, rejects = parse_items(entries, _work, "roadworks")
    named, _ = parse_items(entries, _identified, "roadworks")
    read, ids = {path for path, _ in works}, {path: one.identifier for path, one in named}
    paths = (f"roadworks[{index}]" for index in range(len(entries)))
    return Autobahn(works, frozenset(ids.get(path, "") for path in paths if path not in read), rejects)
