"""Pure: contributions in the contract's words. Rules: docs/adapters/city-participation.md.

One round asks Decidim for the components of all processes, then for the new proposals of each, page by page; CONSUL
for all contributions, because it does not say in which order they come.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from itertools import pairwise

import msgspec
import xxhash
from msgspec import Raw, Struct

from cityhub.adapters.city.participation import consul, wire
from cityhub.adapters.city.participation.source import SUBMITTED
from cityhub.adapters.errors import FeedFault
from cityhub.adapters.formats.json_items import parse_items
from cityhub.adapters.kit.fact import Fact, Reading, changed, memory_key
from cityhub.adapters.kit.pseudonym import Pseudonyms

_ROUND = "round"
_COMPONENT = "component"
_PRIVATE = "private"
_PAGES_AT_MOST = 4_000
"""Of a collection, 100 000 contributions; more is a platform that goes round in circles."""


class Cursor(Struct, frozen=True, array_like=True):
    """The next question. Attributes: component: "" for the list of all. after: where its newest page begins."""

    component: str = ""
    after: str | None = None


class Page(Struct, frozen=True, array_like=True):
    """The next question to CONSUL. Attributes: after: where it begins. number: of the page, from 0."""

    collection: str = consul.COLLECTIONS[0]
    after: str | None = None
    number: int = 0


class _Place(Struct, frozen=True, array_like=True):
    """How far a component was read. Attributes: seen: hashes of what its newest page held."""

    after: str | None = None
    seen: frozenset[str] = frozenset()


def read(body: bytes, memory: Mapping[str, bytes], pseudonyms: Pseudonyms) -> Reading:
    """What an answer says."""
    data = wire.parse(body)
    if data.processes is not None:
        return _begin(data.processes, memory)
    if data.component is not None:
        return _page(data.component, memory, pseudonyms)
    raise FeedFault("parse", "the answer holds neither participatoryProcesses nor a component")


def read_consul(cursor: str, body: bytes, memory: Mapping[str, bytes], pseudonyms: Pseudonyms) -> Reading:
    """What an answer of CONSUL says."""
    at = page_of(cursor)
    connection = consul.parse(body, at.collection)
    contributions, rejects = parse_items(connection.edges, consul.EDGE, at.collection)
    facts: list[Fact] = []
    learnt: dict[str, bytes | None] = {}
    for path, edge in contributions:
        one, process = edge.node, consul.process(at.collection, edge.node)
        key = pseudonyms.of("contribution", process, at.collection, one.id)
        if one.author is not None:
            data = {"pseudonym": pseudonyms.of("participant", process, one.author.id), "process": process}
            moment = consul.moment(one.at)
            facts.append(Fact(type=SUBMITTED, time=moment, subject=process, key=(key,), data=data, path=path))
        elif memory_key(_PRIVATE, key) not in memory:
            learnt[memory_key(_PRIVATE, key)] = b""
    noted = Counter(without_author=len(learnt))
    news, told = changed(facts, memory)
    following = _following(at, connection.page)
    after = _encode(following).decode() if following else ""
    return Reading(facts=news, rejects=rejects, cursor=after, more=bool(after), memory=learnt | told, noted=+noted)


def page_of(cursor: str) -> Page:
    """What a cursor of CONSUL says."""
    return msgspec.json.decode(cursor, type=Page) if cursor else Page()


def _following(at: Page, page: wire.PageInfo) -> Page | None:
    """None after the last page of the last collection."""
    if not page.more:
        collection = dict(pairwise(consul.COLLECTIONS)).get(at.collection)
        return None if collection is None else Page(collection)
    if page.end is None or page.end == at.after or at.number >= _PAGES_AT_MOST:
        text = f"{at.collection} have a page after page {at.number + 1}, but endCursor is {page.end!r}"
        raise FeedFault("parse", f"{text}; it must be another one on each page, of {_PAGES_AT_MOST} at most")
    return Page(at.collection, page.end, at.number + 1)


def _begin(processes: Sequence[wire.Process], memory: Mapping[str, bytes]) -> Reading:
    all_ = [(one, process.slug) for process in processes for one in process.components]
    slugs = dict(sorted((one.id, slug) for one, slug in all_ if one.kind == "Proposals"))
    places = {memory_key(_COMPONENT, id_) for id_ in slugs}
    gone = (key for key in memory if key.startswith(memory_key(_COMPONENT, "")) and key not in places)
    learnt: dict[str, bytes | None] = {_ROUND: _encode(slugs), **dict.fromkeys(gone)}
    return _on(Reading(memory=learnt), next(iter(slugs), None), memory)


def _page(asked: wire.Asked, memory: Mapping[str, bytes], pseudonyms: Pseudonyms) -> Reading:
    slugs = _slugs(memory[_ROUND]) if _ROUND in memory else {}
    if asked.id not in slugs:
        raise FeedFault("parse", f"the answer is about component {asked.id!r}, which was not asked for")
    page, place = asked.proposals.page, _place_of(asked.id, memory)
    hashes = {xxhash.xxh3_64_hexdigest(bytes(node)): node for node in asked.proposals.nodes}
    reading = _said(slugs[asked.id], [node for hash_, node in hashes.items() if hash_ not in place.seen], pseudonyms)
    if page.more:
        if page.end is None or page.end == place.after:
            raise FeedFault("parse", f"component {asked.id} has a next page, but endCursor is {page.end!r}")
        following: str | None = asked.id
        place = _Place(page.end)
    else:
        following = dict(pairwise(slugs)).get(asked.id)
        place = _Place(place.after, frozenset(hashes))
    learnt: dict[str, bytes | None] = {memory_key(_COMPONENT, asked.id): _encode(place)}
    return _on(msgspec.structs.replace(reading, memory=learnt), following, {**memory, **learnt})


def _said(process: str, nodes: Sequence[Raw], pseudonyms: Pseudonyms) -> Reading:
    proposals, rejects = parse_items(nodes, wire.PROPOSAL, f"{process}.new")
    said = [(path, one, one.author) for path, one in proposals]
    facts = [_fact(path, process, one, author.id, pseudonyms) for path, one, author in said if author]
    without = sum(author is None for _, _, author in said)
    return Reading(facts=facts, rejects=rejects, noted=Counter({"without_author": without} if without else {}))


def _fact(path: str, process: str, proposal: wire.Proposal, author: str, pseudonyms: Pseudonyms) -> Fact:
    key = (pseudonyms.of("contribution", process, proposal.id),)
    data = {"pseudonym": pseudonyms.of("participant", process, author), "process": process}
    return Fact(type=SUBMITTED, time=proposal.at, subject=process, key=key, data=data, path=path)


def _on(reading: Reading, component: str | None, memory: Mapping[str, bytes | None]) -> Reading:
    """To the next question; after the last one the round is over."""
    if component is None:
        return msgspec.structs.replace(reading, cursor="")
    cursor = _encode(Cursor(component, _place_of(component, memory).after)).decode()
    return msgspec.structs.replace(reading, cursor=cursor, more=True)


def _place_of(component: str, memory: Mapping[str, bytes | None]) -> _Place:
    known = memory.get(memory_key(_COMPONENT, component))
    return _Place() if known is None else _place(known)


_encode = msgspec.json.Encoder(order="deterministic").encode
_place = msgspec.json.Decoder(_Place).decode
_slugs = msgspec.json.Decoder(dict[str, str]).decode
"""Slugs of processes by their components' ids, in the order of a round."""
