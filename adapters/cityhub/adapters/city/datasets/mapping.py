"""Pure: a catalogue of data sets in the contracts' words. Rules: docs/adapters/city-datasets.md."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Mapping
from datetime import UTC, datetime, timedelta

from cityhub.adapters.city.datasets import source, wire
from cityhub.adapters.kit.fact import Fact, Reading, changed, utc
from cityhub.adapters.kit.local_time import LOCAL, from_local
from cityhub.adapters.kit.reject import Reject
from cityhub.sdk.contract_check import shown

_INTERVAL = re.compile(r"R/P(?:(?:\d{1,3}(?:\.\d{1,3})?)[YMWD]|T(?:\d{1,3}(?:\.\d{1,3})?)[HMS])", re.A)
_DAYS = {"Y": 365.0, "M": 365 / 12, "W": 7.0, "D": 1.0}
_SECONDS = {"H": 3_600.0, "M": 60.0, "S": 1.0}
_IRREGULAR = "irregular"


def read(body: bytes, memory: Mapping[str, bytes], now: datetime) -> Reading:
    """What an answer says."""
    items, rejects = wire.parse(body)
    facts: list[Fact] = []
    undated = 0
    for path, item in items:
        try:
            fact = _fact(path, item)
        except ValueError as error:
            rejects.append(Reject("value", path, str(error)))
            continue
        if fact is None:
            undated += 1
        else:
            facts.append(fact)
    news, learnt = changed(facts, memory)
    return Reading(facts=news, rejects=rejects, memory=learnt, noted=+Counter(undated=undated))


def _fact(path: str, item: wire.Dataset) -> Fact | None:
    """None where nothing says when it was."""
    continuous = item.modified is not None and _INTERVAL.fullmatch(item.modified) is not None
    modified = None if continuous else _instant("modified", item.modified)
    issued, period = _instant("issued", item.issued), _period(item.periodicity)
    time = _instant("%modified", item.changed) or modified or issued
    if time is None:
        return None
    published = item.access == "public"
    fresh_until = utc(modified + period) if modified and period else None
    said = {"modified_at": utc(modified), "fresh_until": fresh_until}
    data = {"dataset": item.identifier, "published": published} | {
        name: value for name, value in said.items() if value is not None
    }
    if published and _same_day(issued, time):
        type_ = source.PUBLISHED
    else:
        type_ = source.MODIFIED if continuous or _same_day(modified, time) else source.INVENTORIED
    version = "/".join(map(str, (utc(time), published, *said.values())))
    return Fact(
        type=type_, time=time, subject=item.identifier, key=(item.identifier,), data=data, version=version, path=path
    )


def _same_day(one: datetime | None, other: datetime) -> bool:
    return one is not None and one.astimezone(LOCAL).date() == other.astimezone(LOCAL).date()


def _instant(name: str, text: str | None) -> datetime | None:
    """Local where it has no offset; a day is its midnight."""
    if not text:
        return None
    try:
        moment = datetime.fromisoformat(text)
        return from_local(moment) if moment.tzinfo is None else moment.astimezone(UTC)
    except (ValueError, OverflowError) as error:
        raise ValueError(f"{name}: {shown(text)} is no date of ISO 8601: {error}") from error


def _period(text: str | None) -> timedelta | None:
    """A year has 365 days and a month a twelfth of them; of more than a day whole days count."""
    if not text or text == _IRREGULAR:
        return None
    if not _INTERVAL.fullmatch(text):
        raise ValueError(f"accrualPeriodicity: {shown(text)} is neither irregular nor an interval such as R/P1M")
    number, unit = text[3:-1], text[-1]
    if number.startswith("T"):
        return timedelta(seconds=float(number[1:]) * _SECONDS[unit])
    days = float(number) * _DAYS[unit]
    return timedelta(days=int(days) if days >= 1 else days)
