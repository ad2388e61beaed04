"""Contributions to a CONSUL Democracy."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any

import httpx
import msgspec
import pytest
from graphql import build_schema, graphql_sync

from cityhub.adapters.city.participation import consul
from cityhub.adapters.city.participation.client import connect
from cityhub.adapters.city.participation.mapping import read_consul
from cityhub.adapters.errors import FeedFault
from tests.unit.adapters.asked import Asked
from tests.unit.adapters.conformance.spoiling import spoilers
from tests.unit.adapters.journals import PSEUDONYMS, everything, rejects

SCHEMA = build_schema("""
type Query {
  proposals(first: Int, after: String): ProposalConnection!
  debates(first: Int, after: String): DebateConnection!
  comments(first: Int, after: String): CommentConnection!
  votes(first: Int, after: String): VoteConnection!
}
type PageInfo { hasNextPage: Boolean!  endCursor: String }
type User { id: ID!  username: String }
type Proposal { id: ID!  title: String  public_created_at: String  public_author: User  cached_votes_up: Int }
type Debate { id: ID!  title: String  public_created_at: String  public_author: User }
type Comment {
  id: ID!  body: String  public_created_at: String  public_author: User  commentable_id: Int  commentable_type: String
}
type Vote { id: ID!  public_created_at: String  votable_id: Int  votable_type: String  vote_flag: Boolean }
type ProposalEdge { cursor: String!  node: Proposal }
type DebateEdge { cursor: String!  node: Debate }
type CommentEdge { cursor: String!  node: Comment }
type VoteEdge { cursor: String!  node: Vote }
type ProposalConnection { pageInfo: PageInfo!  edges: [ProposalEdge] }
type DebateConnection { pageInfo: PageInfo!  edges: [DebateEdge] }
type CommentConnection { pageInfo: PageInfo!  edges: [CommentEdge] }
type VoteConnection { pageInfo: PageInfo!  edges: [VoteEdge] }
""")
"""As much of CONSUL's as somebody might ask for; votes have nobody in it."""
URL = "https://mitmachen.example/graphql"


def node(id_: str, author: str | None = "a-1", **more: Any) -> dict[str, Any]:
    by = None if author is None else {"id": author, "username": "Erika Mustermann"}
    return {"id": id_, "title": "Bäume", "public_created_at": "2026-11-20 08:00:00 UTC", "public_author": by} | more


class Platform:
    """Cursors are offsets, as those of CONSUL are; at most `at_once` are on a page."""

    def __init__(self, at_once: int = 2, **collections: list[dict[str, Any]]) -> None:
        self.collections = {name: collections.get(name, []) for name in consul.COLLECTIONS}
        self.at_once = at_once
        self.queries: list[str] = []

    def __call__(self, request: httpx.Request) -> httpx.Response:
        assert (request.method, str(request.url)) == ("POST", URL)
        asked = msgspec.json.decode(request.content, type=dict[str, str])
        self.queries.append(asked["query"])
        root = {name: self._connection(found) for name, found in self.collections.items()}
        found = graphql_sync(SCHEMA, asked["query"], root)
        return httpx.Response(200, json=found.formatted)

    def _connection(self, all_: list[dict[str, Any]]) -> Callable[..., dict[str, Any]]:
        def page(_: object, first: int, after: str | None = None) -> dict[str, Any]:
            start = int(after or 0)
            end = start + min(first, self.at_once)
            edges = [{"cursor": "", "node": one} for one in all_[start:end]]
            return {"pageInfo": {"hasNextPage": len(all_) > end, "endCursor": str(end)}, "edges": edges}

        return page


async def test_proposals_debates_and_comments_are_contributions() -> None:
    platform = Platform(
        proposals=[node("1"), node("2", "a-2"), node("3")],
        debates=[node("1")],
        comments=[
            node("1", commentable_type="Proposal"),
            node("2", commentable_type="Budget::Investment", public_created_at="2026-11-20T09:00:00+01:00"),
            node("3", public_created_at="2026-11-20 09:00:00 +0100"),
        ],
    )
    facts = await Asked(connect, URL, platform).facts()
    assert [fact.subject for fact in facts] == [
        *["proposals"] * 3,
        "debates",
        "proposals",
        "budget-investment",
        "comments",
    ]
    assert {fact.time for fact in facts} == {datetime(2026, 11, 20, 8, tzinfo=UTC)}
    assert [fact.data["process"] for fact in facts] == [fact.subject for fact in facts]
    assert len({fact.key for fact in facts}) == 7


async def test_an_author_is_another_one_in_each_process_and_the_same_within() -> None:
    comment = node("9", commentable_type="Proposal")
    platform = Platform(proposals=[node("1"), node("2", "a-2")], debates=[node("1")], comments=[comment])
    asked = Asked(connect, URL, platform)
    readings = await asked.round()
    first, other, debate, remark = [fact.data["pseudonym"] for reading in readings for fact in reading.facts]
    assert first == remark
    assert len({first, other, debate}) == 3
    said = " ".join(map(everything, readings)) + repr(asked.memory)
    assert not [word for word in ("Mustermann", "a-1", "a-2") if word in said]


async def test_names_texts_and_votes_are_not_asked_for() -> None:
    platform = Platform()
    assert await Asked(connect, URL, platform).facts() == []
    assert len(platform.queries) == 3
    assert not [word for word in ("name", "title", "body", "vote") if word in " ".join(platform.queries)]


async def test_each_round_walks_all_pages_and_tells_what_is_new_wherever_it_stands() -> None:
    platform = Platform(proposals=[node(str(n)) for n in range(5)])
    asked = Asked(connect, URL, platform)
    assert len(await asked.facts()) == 5
    assert await asked.facts() == []
    platform.collections["proposals"].insert(1, node("neu"))
    platform.collections["proposals"].reverse()
    assert len(await asked.facts()) == 1


async def test_who_hides_their_activity_is_counted_once_and_told_when_they_show_it() -> None:
    platform = Platform(proposals=[node("1", None), node("2")])
    asked = Asked(connect, URL, platform)
    assert (await asked.round())[0].noted == {"without_author": 1}
    assert (await asked.round())[0].noted == {}
    platform.collections["proposals"][0] = node("1")
    assert len(await asked.facts()) == 1


async def test_a_bad_contribution_costs_no_other() -> None:
    bad = [
        node("1", public_created_at="gestern"),
        node("2", public_created_at=None),
        node("3", public_created_at="2026-13-20 08:00:00 UTC"),
        node("4", commentable_type="Über uns"),
        node("x" * 121),
        node("6"),
    ]
    (reading,) = [one for one in await Asked(connect, URL, Platform(25, comments=bad)).round() if one.rejects]
    assert rejects(reading) == [
        ("schema", "comments[0].node"),
        ("schema", "comments[1].node.public_created_at"),
        ("schema", "comments[2].node"),
        ("schema", "comments[3].node"),
        ("schema", "comments[4].node.id"),
    ]
    assert "public_created_at 'gestern' is no instant with its offset" in reading.rejects[0].detail
    assert len(reading.facts) == 1


def page(more: bool = False, end: str | None = None, collection: str = "proposals") -> dict[str, Any]:
    return {"data": {collection: {"pageInfo": {"hasNextPage": more, "endCursor": end}, "edges": []}}}


@pytest.mark.parametrize(
    ("answer", "reason", "said"),
    [
        ({"errors": [{"message": "Query has complexity of 3000"}]}, "refused", "complexity of 3000"),
        ({"data": None}, "refused", "it said nothing"),
        ({"message": "Query string not present"}, "refused", "it said nothing"),
        ({"data": {}}, "parse", "does not hold proposals"),
        (page(collection="debates"), "parse", "does not hold proposals"),
        ({"data": {"proposals": {"edges": []}}}, "parse", "is not an answer of CONSUL"),
        (page(True), "parse", "endCursor is None; it must be another one"),
    ],
)
def test_answers_that_cannot_be_used_are_faults(answer: object, reason: str, said: str) -> None:
    with pytest.raises(FeedFault, match=said) as caught:
        read_consul("", msgspec.json.encode(answer), {}, PSEUDONYMS)
    assert caught.value.reason == reason


def test_a_platform_that_goes_round_in_circles_is_left() -> None:
    for position in ('["proposals","x",3]', '["proposals","y",4000]'):
        with pytest.raises(FeedFault, match="it must be another one on each page, of 4000 at most"):
            read_consul(position, msgspec.json.encode(page(True, "x")), {}, PSEUDONYMS)


def test_spoilt_answers_are_faults_or_rejects_and_never_more() -> None:
    edges = [{"node": node(str(number))} for number in range(9)]
    connection = {"pageInfo": {"hasNextPage": False, "endCursor": "9"}, "edges": edges}
    good = msgspec.json.encode({"data": {"proposals": connection}})
    outcomes: list[str] = []
    for spoil in spoilers():
        try:
            outcomes.append("rejects" if read_consul("", spoil(good), {}, PSEUDONYMS).rejects else "read")
        except FeedFault as fault:
            outcomes.append(fault.reason)
    assert len(outcomes) == len(spoilers())
    assert outcomes.count("read") < len(outcomes) // 2
