"""The participation platform, a Decidim: docs/adapters/city-participation.md. Some proposals are the city's own."""

from __future__ import annotations

from base64 import b64decode, b64encode
from collections.abc import Iterator, Mapping, Sequence
from functools import partial
from itertools import islice
from typing import Any
from zlib import crc32

import msgspec
from graphql import build_schema, graphql_sync
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from cityhub.sandbox.city.chronicle import text
from cityhub.sandbox.city.served.account import account, as_pseudonym
from cityhub.sandbox.city.served.endpoint import City, Served, answer
from cityhub.sandbox.city.served.journal import local
from cityhub.sandbox.city.streams.story import Told

_SCHEMA = build_schema("""
type Query { participatoryProcesses: [ParticipatoryProcess!]!  component(id: ID!): ComponentInterface }
type ParticipatoryProcess { id: ID!  slug: String!  components: [ComponentInterface!]! }
interface ComponentInterface { id: ID! }
type Meetings implements ComponentInterface { id: ID! }
type Proposals implements ComponentInterface {
  id: ID!
  proposals(first: Int, after: String, order: ProposalSort): ProposalConnection!
}
input ProposalSort { publishedAt: String }
type ProposalConnection { pageInfo: PageInfo!  nodes: [Proposal!]! }
type PageInfo { hasNextPage: Boolean!  endCursor: String }
type Proposal { id: ID!  publishedAt: String!  author: AuthorInterface }
interface AuthorInterface { id: ID!  name: String!  nickname: String! }
type User implements AuthorInterface { id: ID!  name: String!  nickname: String! }
""")
"""As much of Decidim's as somebody asks for."""
_OFFICIAL = 15
"""One of so many proposals is followed by one that the city made."""


def _serve(city: City) -> Sequence[Route]:
    async def api(request: Request) -> Response:
        now = city.clock()
        asked = msgspec.json.decode(await request.body(), type=dict[str, Any])
        told = city.chronicle.between(("participation",), now - city.chronicle.history("participation"), now)
        by_process: dict[str, list[Told]] = {}
        for one in told:
            by_process.setdefault(one.subject, []).append(one)
        found = graphql_sync(_SCHEMA, asked["query"], _root(by_process), variable_values=asked.get("variables"))
        return answer(request, msgspec.json.encode(found.formatted), "application/json", now)

    return [Route("/city/participation/api", api, methods=["POST"])]


def _root(by_process: Mapping[str, Sequence[Told]]) -> dict[str, Any]:
    components = {slug: _components(slug, told) for slug, told in sorted(by_process.items())}
    processes = [{"id": slug, "slug": slug, "components": both} for slug, both in components.items()]
    by_id = {one["id"]: one for both in components.values() for one in both}
    return {"participatoryProcesses": processes, "component": lambda _, id: by_id.get(id)}  # noqa: A006 - its name


def _components(slug: str, told: Sequence[Told]) -> list[dict[str, Any]]:
    number = slug.rpartition("-")[2]
    proposals = {"__typename": "Proposals", "id": f"{number}1", "proposals": partial(_connection, told)}
    return [proposals, {"__typename": "Meetings", "id": f"{number}2"}]


def _connection(
    told: Sequence[Told],
    _: object,
    first: int = 100,
    after: str | None = None,
    order: object = None,
) -> dict[str, Any]:
    position = b64decode(after).decode() if after else ""
    waiting = ((at, node) for one in told for at, node in _nodes(one) if at > position)
    page = list(islice(waiting, first + 1))
    ends = [b64encode(at.encode()).decode() for at, _ in page[:first]]
    info = {"hasNextPage": len(page) > first, "endCursor": ends[-1] if ends else None}
    return {"pageInfo": info, "nodes": [node for _, node in page[:first]]}


def _nodes(told: Told) -> Iterator[tuple[str, dict[str, Any]]]:
    """With their places in the order of all."""
    id_ = "".join(told.key).replace("-", "")
    at, person = f"{text(told.due)}/{id_}", account(told)
    author = {"__typename": "User", "id": person, "name": f"Person {person}", "nickname": f"person_{person}"}
    node = {"id": id_, "publishedAt": local(told.time), "author": author}
    yield at, node
    if crc32(id_.encode()) % _OFFICIAL == 0:
        yield f"{at}0", node | {"id": f"{id_}0", "author": None}


SERVED = Served(feed="city.participation", streams=("participation",), serve=_serve, arrives=as_pseudonym)
