"""Pure: publications in the contract's words. Rules: docs/adapters/ude-publications.md.

A list is walked page by page; of each record is remembered what was told, as its deletion does not say it.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from datetime import UTC, datetime, time, timedelta
from typing import Any

import msgspec
from msgspec import Struct
from msgspec.structs import replace

from cityhub.adapters.kit.fact import Fact, Reading, memory_key, utc
from cityhub.adapters.kit.local_time import LOCAL
from cityhub.adapters.kit.reject import Reject
from cityhub.adapters.ude.publications.dublin_core import open_access, published, topic
from cityhub.adapters.ude.publications.source import DEPOSITED
from cityhub.adapters.ude.publications.wire import Answer, Record, parse
from cityhub.sdk.event import FUTURE_TOLERANCE

HISTORY = timedelta(days=400)
"""Nobody asks for what is older, or tells it: the contract's horizon."""
TOKEN, FROM = "token:", "from:"
"""What cursors begin with."""
_OVERLAP = timedelta(days=1)
"""Records appear some time after their datestamp."""
_AHEAD = timedelta(days=2)
"""A datestamp that is wrong by more would be the newest version for long."""
_SINCE, _UPTO = "list-since", "list-upto"
"""Days with which the list began that is walked, and with which the next one will."""
_RECORD = memory_key("record", "")


class Told(Struct, frozen=True, array_like=True):
    """A record as it was told last. Attributes: time: when it was published. changed: its datestamp then."""

    time: datetime
    changed: datetime
    open_access: bool
    topic: str | None = None
    deleted: bool = False


def read(body: bytes, memory: Mapping[str, bytes], now: datetime) -> Reading:
    """What a page says; see `http_adapter.Read`."""
    answer = parse(body)
    if answer.expired:
        since = memory.get(_SINCE, b"").decode()
        cursor = f"{FROM}{since}" if since else ""
        return Reading(cursor=cursor, memory={_UPTO: None}, noted=Counter(token_expired=1))
    upto = memory.get(_UPTO, b"").decode() or _next(answer.at, now)
    page = _page(answer, memory, now)
    if answer.token:
        return replace(page, cursor=f"{TOKEN}{answer.token}", more=True, memory={**page.memory, _UPTO: upto.encode()})
    known = {**page.memory, **_outlived(memory, now), _SINCE: upto.encode(), _UPTO: None}
    return replace(page, cursor=f"{FROM}{upto}", as_of=answer.at, memory=known)


def _next(answered_at: datetime, now: datetime) -> str:
    """Day with which the list begins after one whose first page was answered then; a wrong clock cannot end it all."""
    return (max(min(answered_at, now), now - HISTORY) - _OVERLAP).astimezone(UTC).date().isoformat()


def _page(answer: Answer, memory: Mapping[str, bytes], now: datetime) -> Reading:
    told: dict[str, Told] = {}
    facts: list[Fact] = []
    rejects = list(answer.rejects)
    noted: Counter[str] = Counter()
    for path, record in answer.records:
        key = _RECORD + record.id
        found = _of(record, told.get(key) or _known(memory.get(key)), now)
        if isinstance(found, str):
            noted[found] += 1
        elif isinstance(found, Reject):
            rejects.append(replace(found, path=path))
        else:
            told[key] = found
            facts.append(_fact(path, record.id, found))
    learnt = {key: _encode(one) for key, one in told.items() if one.time <= now + FUTURE_TOLERANCE}
    return Reading(facts=facts, rejects=rejects, memory=learnt, noted=noted)


def _of(record: Record, known: Told | None, now: datetime) -> Told | Reject | str:
    """What is to be told of a record, why it is refused, or why nothing is told, as that is counted."""
    if record.changed > now + _AHEAD:
        return Reject("time_in_future", "", f"datestamp {record.changed} lies ahead")
    if known is not None and (record.changed <= known.changed or (record.deleted and known.deleted)):
        return "told_before"
    if record.deleted:
        return "deleted_unknown" if known is None else replace(known, changed=record.changed, deleted=True)
    day, is_open = published(record.dates), open_access(record.rights)
    if day is None:
        return Reject("date", "", f"none of {list(record.dates)[:3]} is a date as W3CDTF writes it, 2026-11-20")
    if isinstance(is_open, str):
        return Reject("rights", "", is_open)
    moment = datetime.combine(day, time(), LOCAL).astimezone(UTC)
    return Told(moment, record.changed, is_open, topic(record.subjects)) if now - moment <= HISTORY else "long_ago"


def _fact(path: str, id_: str, told: Told) -> Fact:
    stamp = str(utc(told.changed))
    data: dict[str, Any] = {"publication": id_, "datestamp": stamp, "open_access": told.open_access}
    data |= {"topic": told.topic} if told.topic else {}
    data |= {"deleted": True} if told.deleted else {}
    return Fact(type=DEPOSITED, time=told.time, subject=id_, key=(id_,), version=stamp, data=data, path=path)


def _outlived(memory: Mapping[str, bytes], now: datetime) -> dict[str, bytes | None]:
    """What was published before anybody would believe a change of it."""
    mine = (body for body in memory.items() if body[0].startswith(_RECORD))
    return {key: None for key, body in mine if now - _decode(body).time > HISTORY}


def _known(body: bytes | None) -> Told | None:
    return None if body is None else _decode(body)


_encode = msgspec.json.Encoder().encode
_decode = msgspec.json.Decoder(Told).decode
