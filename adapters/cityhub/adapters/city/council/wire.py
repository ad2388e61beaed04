"""OParl 1.0 and 1.1: the shape of what is read. Persons, titles, files, places and meetings never are.

Source of the form: the OParl specification; both versions have these fields in common.
"""

from __future__ import annotations

from typing import Annotated, TypeAlias

import msgspec
from msgspec import Meta, Raw, Struct, field

from cityhub.adapters.errors import FeedFault
from cityhub.adapters.formats.json_items import Instant, parse_json

Address: TypeAlias = Annotated[str, Meta(min_length=1, max_length=250)]
"""Of an object; it is its id, too."""
Name: TypeAlias = Annotated[str, Meta(max_length=250)]


class Entry(Struct, frozen=True):
    """What stands at the address, a System or a Body. Attributes: body: list of bodies. Others: lists."""

    type: str
    body: Address | None = None
    paper: Address | None = None
    organization: Address | None = None


class Body(Struct, frozen=True):
    """A municipality. Attributes: paper, organization: lists."""

    id: Address
    paper: Address | None = None
    organization: Address | None = None
    deleted: bool = False


class Organization(Struct, frozen=True):
    """A committee, or whatever else people are members of."""

    id: Address
    name: Name | None = None
    short_name: Name | None = field(name="shortName", default=None)
    deleted: bool = False


class Consultation(Struct, frozen=True):
    """Attributes: authoritative: a decision is made in it. Servers write one organization, a list, or nothing in it."""

    organization: tuple[Address | None, ...] | Address | None = None
    authoritative: bool | None = None

    @property
    def committee(self) -> str:
        """The first organization, "" where there is none."""
        named = (self.organization,) if isinstance(self.organization, str) else self.organization or ()
        return next(filter(None, named), "")


class Paper(Struct, frozen=True):
    """Attributes: modified: version of the record; of a deleted paper only id, type, created and modified are there.
    consultation: as objects, of which servers that write addresses say nothing."""

    id: Address
    type: str
    modified: Instant
    created: Instant | None = None
    deleted: bool = False
    reference: Name | None = None
    kind: Name | None = field(name="paperType", default=None)
    date: str | None = None
    consultation: tuple[Consultation | str | None, ...] | None = None


class Links(Struct, frozen=True):
    """Attributes: next: address of the next page."""

    next: Address | None = None


class Page(Struct, frozen=True):
    """Of an external list of objects. Attributes: links: servers in PHP write an empty list where there are none."""

    data: tuple[Raw, ...]
    links: Links | tuple[()] | None = None

    @property
    def following(self) -> str | None:
        """Address of the next page."""
        return self.links.next if isinstance(self.links, Links) else None


ORGANIZATION, BODY, PAPER = msgspec.json.Decoder(Organization), msgspec.json.Decoder(Body), msgspec.json.Decoder(Paper)
_entry = msgspec.json.Decoder(Entry)
_page = msgspec.json.Decoder(Page)


def kind(type_: str) -> str:
    """`Paper` of `https://schema.oparl.org/1.1/Paper`."""
    return type_.rstrip("/").rpartition("/")[2]


def entry(body: bytes) -> Entry:
    """Raises: FeedFault: `parse` or `too_many_values`."""
    found = parse_json(body, _entry, "a System or a Body of OParl")
    if kind(found.type) not in {"System", "Body"}:
        raise FeedFault(
            "parse", f"the answer is a {found.type!r:.80}; the address must be that of an OParl System or Body"
        )
    return found


def page(body: bytes) -> Page:
    """Raises: FeedFault: `parse` or `too_many_values`."""
    return parse_json(body, _page, "a list of OParl")
