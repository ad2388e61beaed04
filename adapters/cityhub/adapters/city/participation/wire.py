"""Decidim's GraphQL: two queries and the shape of their answers. Who wrote, and what, is not asked for."""

from __future__ import annotations

from typing import Annotated, Generic, TypeVar

import msgspec
from msgspec import Meta, Raw, Struct, field

from cityhub.adapters.errors import FeedFault
from cityhub.adapters.formats.json_items import Id, Instant, parse_json

_T = TypeVar("_T")
COMPONENTS = "query { participatoryProcesses { slug components { __typename id } } }"
PROPOSALS = """\
query ($id: ID!, $first: Int!, $after: String) {
  component(id: $id) {
    id
    ... on Proposals {
      proposals(first: $first, after: $after, order: {publishedAt: "asc"}) {
        pageInfo { hasNextPage endCursor }
        nodes { id publishedAt author { id } }
      }
    }
  }
}"""


class Component(Struct, frozen=True):
    """A part of a process."""

    id: Id
    kind: str = field(name="__typename")


class Process(Struct, frozen=True):
    """A participation process."""

    slug: Id
    components: tuple[Component, ...]


class Author(Struct, frozen=True):
    """Attributes: id: of the account."""

    id: Id


class Proposal(Struct, frozen=True):
    """A contribution. Attributes: author: None where the city itself or a meeting made it."""

    id: Id
    at: Instant = field(name="publishedAt")
    author: Author | None = None


class PageInfo(Struct, frozen=True):
    """Where a page ends."""

    more: bool = field(name="hasNextPage")
    end: Annotated[str, Meta(max_length=200)] | None = field(name="endCursor", default=None)


class Proposals(Struct, frozen=True):
    """A page."""

    page: PageInfo = field(name="pageInfo")
    nodes: tuple[Raw, ...]


class Asked(Struct, frozen=True):
    """A component with a page of its proposals."""

    id: Id
    proposals: Proposals


class Data(Struct, frozen=True):
    """Answer to one of the queries."""

    processes: tuple[Process, ...] | None = field(name="participatoryProcesses", default=None)
    component: Asked | None = None


class Error(Struct, frozen=True):
    """Why a query was not answered."""

    message: str = ""


class Answer(Struct, Generic[_T], frozen=True):
    """As GraphQL has it."""

    data: _T | None = None
    errors: tuple[Error, ...] = ()


PROPOSAL = msgspec.json.Decoder(Proposal)
_answer = msgspec.json.Decoder(Answer[Data])


def parse(body: bytes) -> Data:
    """What Decidim answered. Raises: FeedFault: as `answered` does."""
    return answered(body, _answer, "an answer of Decidim")


def answered(body: bytes, decoder: msgspec.json.Decoder[Answer[_T]], what: str) -> _T:
    """What was answered. Args: what: it should be, for messages.

    Raises:
        FeedFault: `parse`, `too_many_values`, or `refused` when the platform says that it did not answer.
    """
    answer = parse_json(body, decoder, what)
    if answer.errors or answer.data is None:
        why = "; ".join(error.message[:200] for error in answer.errors[:3])
        raise FeedFault("refused", f"the platform did not answer the query: {why or 'it said nothing'}")
    return answer.data
