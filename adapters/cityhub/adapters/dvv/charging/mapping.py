"""Pure: states of charge points in the contract's words. Rules: docs/adapters/dvv-charging.md."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping
from datetime import UTC, datetime

from cityhub.adapters.dvv.charging import wire
from cityhub.adapters.dvv.charging.source import STATUS_CHANGED
from cityhub.adapters.kit.fact import Fact, Reading, memory_key, utc
from cityhub.adapters.kit.reject import Reject
from cityhub.sdk.event import FUTURE_TOLERANCE

_EVSE, _AHEAD = "evse", "ahead"
"""What is remembered: `last_updated` that was told last, and that was refused last as lying ahead of our clock."""


def read(body: bytes, memory: Mapping[str, bytes], now: datetime) -> Reading:
    """What a page says; its cursor is the newest `last_updated` that is not ahead of our clock."""
    answer = wire.parse(body)
    rejects, noted = list(answer.rejects), Counter[str]()
    facts: list[Fact] = []
    learnt: dict[str, bytes] = {}
    for said, time in sorted(_dated(answer.said, rejects), key=lambda one: one[1]):
        uid, status = said.evse.uid, said.evse.status
        if status is None:
            noted["no_status"] += 1
            continue
        key, updated_at = memory_key(_AHEAD if time > now + FUTURE_TOLERANCE else _EVSE, uid), time.isoformat()
        known = learnt.get(key, memory.get(key, b"")).decode()
        if updated_at <= known:
            noted["repeated" if updated_at == known else "outdated"] += 1
            continue
        learnt[key] = updated_at.encode()
        data = {"charge_point": uid, "status": status}
        facts.append(
            Fact(type=STATUS_CHANGED, time=time, subject=uid, key=(uid, updated_at), data=data, path=said.path)
        )
    cursor = utc(_newest(answer.said, now))
    return Reading(facts=facts, rejects=rejects, memory=learnt, noted=noted, cursor=cursor, as_of=answer.timestamp)


def _dated(said: Iterable[wire.Said], rejects: list[Reject]) -> list[tuple[wire.Said, datetime]]:
    dated: list[tuple[wire.Said, datetime]] = []
    for one in said:
        if one.updated_at is None:
            rejects.append(Reject("schema", one.path, "no last_updated, neither here nor of the location"))
        else:
            dated.append((one, one.updated_at))
    return dated


def _newest(said: Iterable[wire.Said], now: datetime) -> datetime | None:
    told = (moment for one in said for moment in (one.updated_at, one.location_updated_at))
    return max((one for one in told if one and one.tzinfo is UTC and one <= now + FUTURE_TOLERANCE), default=None)
