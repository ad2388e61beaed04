"""GraphQL of CONSUL Democracy: its queries and the shape of their answers. Who wrote, and what, is not asked for.

Source of the form: CONSUL's public schema. Names are written with underscores, which old and new versions know; nothing
is sent as a variable, which old ones do not read. Pages hold 25, and votes name nobody, so they are not asked for.
"""

from __future__ import annotations

import re
from datetime import datetime
from typing import Annotated

import msgspec
from msgspec import Meta, Raw, Struct, field

from cityhub.adapters.city.participation.wire import Answer, Author, PageInfo, answered
from cityhub.adapters.errors import FeedFault
from cityhub.adapters.formats.json_items import Id

COLLECTIONS = ("proposals", "debates", "comments")
_COMMENTS = "comments"
_AT_ONCE = 25
_MOMENT = re.compile(r"(\d{4}-\d\d-\d\d)[T ](\d\d:\d\d(?::\d\d(?:\.\d{1,9})?)?) ?(Z|UTC|[+-]\d\d:?\d\d)", re.A)
_TYPE = re.compile(r"[A-Za-z]+(?:::[A-Za-z]+)*")


class Contribution(Struct, frozen=True):
    """A proposal, a debate or a comment.

    Attributes:
        at: to the hour, as Ruby or ISO 8601 writes it. author: None where their activity is not public.
        about: what a comment is about, `Proposal`, `Debate`, `Budget::Investment` …
    """

    id: Id
    at: str = field(name="public_created_at")
    author: Author | None = field(name="public_author", default=None)
    about: Annotated[str, Meta(max_length=60)] | None = field(name="commentable_type", default=None)

    def __post_init__(self) -> None:
        moment(self.at)
        if self.about is not None and not _TYPE.fullmatch(self.about):
            raise ValueError(f"commentable_type {self.about!r:.60} is no name of a type")


class Edge(Struct, frozen=True):
    """Of a connection."""

    node: Contribution


class Connection(Struct, frozen=True):
    """A page."""

    page: PageInfo = field(name="pageInfo")
    edges: tuple[Raw, ...]


EDGE = msgspec.json.Decoder(Edge)
_answer = msgspec.json.Decoder(Answer[dict[str, Connection | None]])


def query(collection: str, after: str | None) -> str:
    """The question for a page."""
    begin = f", after: {msgspec.json.encode(after).decode()}" if after else ""
    about = " commentable_type" if collection == _COMMENTS else ""
    node = f"id public_created_at public_author {{ id }}{about}"
    page = f"pageInfo {{ hasNextPage endCursor }} edges {{ node {{ {node} }} }}"
    return f"query {{ {collection}(first: {_AT_ONCE}{begin}) {{ {page} }} }}"


def moment(written: str) -> datetime:
    """Aware. Raises: ValueError: it is no instant with its offset."""
    found = _MOMENT.fullmatch(written)
    if not found:
        raise ValueError(f"public_created_at {written!r:.60} is no instant with its offset")
    day, time, zone = found.groups()
    return datetime.fromisoformat(f"{day}T{time}{'Z' if zone == 'UTC' else zone}")


def process(collection: str, one: Contribution) -> str:
    """What somebody took part in: `proposals`, `debates`, or for comments on something else its type, `poll`."""
    if collection != _COMMENTS or one.about is None:
        return collection
    name = one.about.lower().replace("::", "-")
    return f"{name}s" if f"{name}s" in COLLECTIONS else name


def parse(body: bytes, collection: str) -> Connection:
    """The page that was asked for.

    Raises:
        FeedFault: `parse`, `too_many_values` or `refused`.
    """
    data = answered(body, _answer, "an answer of CONSUL Democracy")
    connection = data.get(collection)
    if connection is None:
        raise FeedFault("parse", f"the answer does not hold {collection}, which were asked for")
    return connection
