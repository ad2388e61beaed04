"""Pure: papers in the contract's words. Rules: docs/adapters/city-council.md.

A round asks the system for its bodies, these for their organizations and then for the papers that were modified since
the last round, page by page. Of each paper is remembered when it was told, as its deletion does not say it.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from datetime import UTC, datetime, time, timedelta
from typing import Any, Literal, TypeAlias
from urllib.parse import urlsplit

import msgspec
from msgspec import Struct
from msgspec.structs import replace

from cityhub.adapters.city.council import wire
from cityhub.adapters.city.council.source import PUBLISHED
from cityhub.adapters.errors import FeedFault
from cityhub.adapters.formats.json_items import parse_items
from cityhub.adapters.kit.fact import Fact, Reading, known, memory_key, utc
from cityhub.adapters.kit.local_time import LOCAL
from cityhub.adapters.kit.reject import Reject
from cityhub.sdk.contract_check import shown

HISTORY = timedelta(days=400)
"""Nobody asks for what is older, or tells it: the contract's horizon."""
_OVERLAP = timedelta(days=1)
"""Their clock and ours differ, and records appear some time after they were modified."""
_AHEAD = timedelta(days=2)
"""An instant that is wrong by more would be the newest version for long."""
_PAGES_AT_MOST = 5_000
_SINCE = "since"
_PAPER, _ORGANIZATION = memory_key("paper", ""), memory_key("organization", "")
Kind: TypeAlias = Literal["entry", "bodies", "organizations", "papers"]


class Walk(Struct, frozen=True, array_like=True):
    """The next question, and what is left to ask in this round.

    Attributes:
        address: path and query of the list's page, "" for where all begins. page: its number, from 0.
        since: what was modified before is not asked for. upto: with which the next round begins.
        waiting: lists to come, by kind and address.
    """

    kind: Kind = "entry"
    address: str = ""
    page: int = 0
    since: str = ""
    upto: str = ""
    waiting: tuple[tuple[Kind, str], ...] = ()


class Told(Struct, frozen=True, array_like=True):
    """A paper as it was told last."""

    time: datetime
    modified: datetime
    deleted: bool = False


def walk_of(cursor: str) -> Walk:
    """What a cursor says."""
    return msgspec.json.decode(cursor, type=Walk) if cursor else Walk()


def read(host: str, cursor: str, body: bytes, memory: Mapping[str, bytes], now: datetime) -> Reading:
    """What an answer says. Args: host: of the address, with its port; nobody leads us elsewhere."""
    at = walk_of(cursor)
    if at.kind == "entry":
        since = memory.get(_SINCE, b"").decode() or _text(now - HISTORY)
        at = _entered(wire.entry(body), Walk(since=since, upto=_text(now - _OVERLAP)), host)
        return Reading(cursor=_encode(at).decode(), more=True)
    page = wire.page(body)
    if at.kind == "bodies":
        bodies, rejects = parse_items(page.data, wire.BODY, "body")
        reading, lists = Reading(rejects=rejects), [_lists(one, host) for _, one in bodies if not one.deleted]
        at = replace(at, waiting=_in_order((*at.waiting, *(each for one in lists for each in one))))
        if not at.waiting and page.following is None:
            raise FeedFault("parse", "the list of bodies has none whose papers could be asked for")
    else:
        reading = _organizations(page) if at.kind == "organizations" else _papers(page, memory, now)
    after = _turned(at, page.following, host)
    if after is not None:
        return replace(reading, cursor=_encode(after).decode(), more=True)
    learnt = {**reading.memory, **_outlived(memory, now), _SINCE: at.upto.encode()}
    return replace(reading, cursor="", memory=learnt)


def _entered(entry: wire.Entry, begun: Walk, host: str) -> Walk:
    if wire.kind(entry.type) == "System":
        if entry.body is None:
            raise FeedFault("parse", "the System names no list of bodies")
        return replace(begun, kind="bodies", address=_address(entry.body, host))
    (kind, address), *rest = _in_order(_lists(entry, host))
    return replace(begun, kind=kind, address=address, waiting=tuple(rest))


def _lists(body: wire.Body | wire.Entry, host: str) -> tuple[tuple[Kind, str], ...]:
    if body.paper is None:
        raise FeedFault("parse", "a Body names no list of papers")
    named: tuple[tuple[Kind, str | None], ...] = (("organizations", body.organization), ("papers", body.paper))
    return tuple((kind, _address(address, host)) for kind, address in named if address is not None)


def _in_order(lists: tuple[tuple[Kind, str], ...]) -> tuple[tuple[Kind, str], ...]:
    """Organizations before papers, which name them."""
    return tuple(sorted(dict.fromkeys(lists), key=lambda one: one[0]))


def _turned(at: Walk, following: str | None, host: str) -> Walk | None:
    """To the next page, else to the next list; None when the round is over."""
    if following is not None:
        address = _address(following, host)
        if address == at.address or at.page >= _PAGES_AT_MOST:
            text = f"page {at.page + 1} of {at.kind} names {shown(following)} as the next one"
            raise FeedFault("parse", f"{text}; it must be another one, of {_PAGES_AT_MOST} at most")
        return replace(at, address=address, page=at.page + 1)
    if not at.waiting:
        return None
    (kind, address), *rest = at.waiting
    return replace(at, kind=kind, address=address, page=0, waiting=tuple(rest))


def _address(url: str, host: str) -> str:
    try:
        parts = urlsplit(url)
    except ValueError as error:
        raise FeedFault("parse", f"{shown(url)} is no address: {error}") from error
    if not (url.isascii() and url.isprintable()):
        raise FeedFault("parse", f"{shown(url)} is no address: it holds characters that must be escaped")
    if parts.scheme not in {"http", "https"} or parts.netloc != host:
        raise FeedFault("parse", f"{shown(url)} leads to another server; lists must be at {host}")
    return f"{parts.path}?{parts.query}" if parts.query else parts.path


def _organizations(page: wire.Page) -> Reading:
    found, rejects = parse_items(page.data, wire.ORGANIZATION, "organization")
    names = {_ORGANIZATION + one.id: one.name or one.short_name for _, one in found if not one.deleted}
    return Reading(rejects=rejects, memory={key: name.encode() for key, name in names.items() if name})


def _papers(page: wire.Page, memory: Mapping[str, bytes], now: datetime) -> Reading:
    found, rejects = parse_items(page.data, wire.PAPER, "paper")
    told: dict[str, bytes | None] = {}
    facts: list[Fact] = []
    noted: Counter[str] = Counter()
    for path, paper in found:
        key = _PAPER + paper.id
        one = _of(paper, _known(told.get(key) or memory.get(key)), now)
        if isinstance(one, str):
            noted[one] += 1
        elif isinstance(one, Reject):
            rejects.append(replace(one, path=path))
        else:
            told[key] = _encode(one)
            facts.append(_fact(path, paper, one, memory, noted))
    return Reading(facts=facts, rejects=rejects, memory=told, noted=+noted)


def _of(paper: wire.Paper, before: Told | None, now: datetime) -> Told | Reject | str:
    """What is to be told of a paper, why it is refused, or why nothing is told, as that is counted."""
    if wire.kind(paper.type) != "Paper":
        return "no_paper"
    if paper.modified > now + _AHEAD:
        return Reject("time_in_future", "", f"modified {paper.modified} lies ahead, it is {now} here")
    if before is not None and (paper.modified <= before.modified or (paper.deleted and before.deleted)):
        return "told_before"
    if paper.deleted:
        return "deleted_unknown" if before is None else replace(before, modified=paper.modified, deleted=True)
    try:
        dated = _midnight(paper.date)
    except (ValueError, OverflowError) as error:
        return Reject("value", "", f"date: {shown(paper.date)} is no date of ISO 8601: {error}")
    moment = dated if dated and dated <= paper.modified else paper.created or paper.modified
    return Told(moment, paper.modified) if now - moment <= HISTORY else "long_ago"


def _fact(path: str, paper: wire.Paper, told: Told, memory: Mapping[str, bytes], noted: Counter[str]) -> Fact:
    data: dict[str, Any] = {"paper": paper.id, "modified_at": utc(told.modified)}
    if told.deleted:
        data["deleted"] = True
    else:
        committee = _committee(paper)
        name = memory.get(_ORGANIZATION + committee, b"").decode() or None
        noted["unknown_committee"] += bool(committee) and name is None
        said = {"reference": paper.reference, "kind": paper.kind, "dated_at": utc(_midnight(paper.date))}
        data |= {field: value for field, value in (said | {"committee": name}).items() if value}
    return Fact(
        type=PUBLISHED,
        time=told.time,
        subject=paper.id,
        key=(paper.id,),
        version=str(utc(told.modified)),
        data=known(data),
        path=path,
        mark=_PAPER + paper.id,
    )


def _committee(paper: wire.Paper) -> str:
    """That which decides, else the last one; "" where nobody discusses it."""
    found = [one for one in reversed(paper.consultation or ()) if isinstance(one, wire.Consultation)]
    ranked = sorted(found, key=lambda one: not one.authoritative)
    return next(filter(None, (one.committee for one in ranked)), "")


def _midnight(date: str | None) -> datetime | None:
    """Of a day; servers that write date and time mean the day, too."""
    day = datetime.fromisoformat(date).date() if date else None
    return None if day is None else datetime.combine(day, time(), LOCAL).astimezone(UTC)


def _outlived(memory: Mapping[str, bytes], now: datetime) -> dict[str, bytes | None]:
    """What was published before anybody would believe a change of it."""
    mine = (body for body in memory.items() if body[0].startswith(_PAPER))
    return {key: None for key, body in mine if now - _decode(body).time > HISTORY}


def _text(moment: datetime) -> str:
    return moment.astimezone(UTC).replace(microsecond=0).isoformat()


def _known(body: bytes | None) -> Told | None:
    return None if body is None else _decode(body)


_encode = msgspec.json.Encoder().encode
_decode = msgspec.json.Decoder(Told).decode
