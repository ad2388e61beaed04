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

_EVSE, _AHEAD, _CONFIRMED = "evse", "ahead", "confirmed"
"""What is remembered: `last_updated` that was told last, and that was refused last as lying ahead of our clock; the
hour for which it was confirmed last."""


def read(body: bytes, memory: Mapping[str, bytes], now: datetime, hour: datetime | None = None) -> Reading:
    """What a page says; its cursor is the newest `last_updated` that is not ahead of our clock.

    Args:
        hour: the page is of all there are, asked for in that hour: a state that was told and still stands since before
            the hour began is told as that of its beginning.
    """
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
            still, mark = updated_at == known, memory_key(_CONFIRMED, uid)
            if (
                still
                and hour
                and time < hour
                and learnt.get(mark, memory.get(mark)) != (told := hour.isoformat()).encode()
            ):
                learnt[mark] = told.encode()
                facts.append(_fact(said, hour, (uid, updated_at, told)))
            else:
                noted["repeated" if still else "outdated"] += 1
            continue
        learnt[key] = updated_at.encode()
        facts.append(_fact(said, time, (uid, updated_at)))
    cursor = utc(_newest(answer.said, now))
    return Reading(facts=facts, rejects=rejects, memory=learnt, noted=noted, cursor=cursor, as_of=answer.timestamp)


def _fact(said: wire.Said, time: datetime, key: tuple[str, ...]) -> Fact:
    uid = said.evse.uid
    data = {"charge_point": uid, "status": said.evse.status}
    return Fact(type=STATUS_CHANGED, time=time, subject=uid, key=key, data=data, path=said.path)


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
