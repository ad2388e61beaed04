"""Pure: the calendar of collections in the contract's words. Rules: docs/adapters/wbd-collections.md."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from datetime import date, datetime, timedelta

import msgspec
from msgspec import Struct
from msgspec.structs import replace

from cityhub.adapters.errors import FeedFault
from cityhub.adapters.kit.fact import Fact, Reading, memory_key, utc
from cityhub.adapters.kit.local_time import LOCAL
from cityhub.adapters.kit.reject import Reject
from cityhub.adapters.wbd.collections import wire
from cityhub.adapters.wbd.collections.source import PLANNED
from cityhub.sdk.contract_check import shown

_FILE = re.compile(r"abfuhr_([\w-]{1,60}?)(?:_[\w.-]{1,60})?\.ics")
_WORDS = {
    "residual": ("restmüll", "restabfall", "graue tonne"),
    "organic": ("bio",),
    "paper": ("papier", "blaue tonne"),
    "recyclables": ("wertstoff", "gelbe", "verpackung"),
    "": ("weihnachtsb", "schadstoff", "sperr", "grünschnitt", "grünabfall", "elektro"),
}
"""What entries are called, by fraction; "" is no bin of a house."""
_TOLD = memory_key("told", "")
_FORGOTTEN_AFTER = timedelta(days=400)


class _Told(Struct, frozen=True, array_like=True):
    """What was last told of a collection. Attributes: file: that said so."""

    tour: str
    fraction: str
    day: date
    stamp: datetime
    cancelled: bool
    file: str

    @property
    def mark(self) -> str:
        """Its key in the memory."""
        return _TOLD + memory_key(self.tour, self.fraction, self.day.isoformat())

    def fact(self, path: str) -> Fact:
        """In the contract's words."""
        day = self.day.isoformat()
        return Fact(
            type=PLANNED,
            time=self.stamp,
            subject=self.tour,
            key=(self.tour, self.fraction, day),
            version=f"{utc(self.stamp)}/{'cancelled' if self.cancelled else 'planned'}",
            data={"tour": self.tour, "fraction": self.fraction, "day": day, "cancelled": self.cancelled},
            path=path,
            mark=self.mark,
        )


def read(name: str, body: bytes, memory: Mapping[str, bytes], now: datetime) -> Reading:
    """What a file says; see `folder_adapter.ReadFile`."""
    named = _FILE.fullmatch(name)
    if named is None:
        raise FeedFault(
            "unknown_file", f"{name}: calendars are called abfuhr_<tour>.ics or abfuhr_<tour>_<anything>.ics"
        )
    entries, rejects = wire.parse(name, body)
    today = now.astimezone(LOCAL).date()
    told = {key: _decode(said) for key, said in memory.items() if key.startswith(_TOLD)}
    learnt: dict[str, bytes | None] = {mark: None for mark, one in told.items() if _is_long_ago(one.day, today)}
    told = {mark: one for mark, one in told.items() if mark not in learnt}
    noted: Counter[str] = Counter()
    there = _said(named[1], name, entries, today, rejects, noted)
    news = {mark: (path, one) for mark, (path, one) in there.items() if _is_news(one, told.get(mark))}
    if rejects:
        noted["absence_not_judged"] += 1
    else:
        news |= {one.mark: (name, one) for one in _left_out(name, [one for _, one in there.values()], told)}
    learnt |= {mark: _encode(one) for mark, (_, one) in news.items()}
    return Reading(facts=[one.fact(path) for path, one in news.values()], rejects=rejects, memory=learnt, noted=noted)


def _said(  # noqa: PLR0917 - called in one place
    tour: str,
    file: str,
    entries: Sequence[tuple[str, wire.Collection]],
    today: date,
    rejects: list[Reject],
    noted: Counter[str],
) -> dict[str, tuple[str, _Told]]:
    """By mark, what the calendar says of a day last, with its path; the others are refused or counted."""
    there: dict[str, tuple[str, _Told]] = {}
    for path, entry in entries:
        fraction = _fraction(entry.summary)
        one = _Told(tour, fraction or "", entry.day, entry.stamp, entry.cancelled, file)
        if fraction is None:
            rejects.append(Reject("value", path, f"SUMMARY: {shown(entry.summary)} names no fraction that is known"))
        elif not fraction:
            noted["no_bin"] += 1
        elif _is_long_ago(one.day, today):
            noted["long_ago"] += 1
        elif one.mark not in there or there[one.mark][1].stamp <= one.stamp:
            there[one.mark] = path, one
    return there


def _fraction(summary: str) -> str | None:
    """None where nobody knows what it is."""
    words = summary.lower()
    return next((fraction for fraction, known in _WORDS.items() if any(word in words for word in known)), None)


def _is_news(one: _Told, was: _Told | None) -> bool:
    return was is None or (one.cancelled != was.cancelled and one.stamp >= was.stamp)


def _left_out(name: str, there: Sequence[_Told], told: Mapping[str, _Told]) -> Iterator[_Told]:
    """What this calendar said before and does not say any more: it is off, unless the day was over by then."""
    if not there:
        return
    stamp, marks = max(one.stamp for one in there), {one.mark for one in there}
    today = stamp.astimezone(LOCAL).date()
    for mark, one in told.items():
        if one.file == name and mark not in marks and not one.cancelled and one.day >= today:
            yield replace(one, stamp=max(stamp, one.stamp), cancelled=True)


def _is_long_ago(day: date, today: date) -> bool:
    return today - day > _FORGOTTEN_AFTER


_encode = msgspec.json.Encoder().encode
_decode = msgspec.json.Decoder(_Told).decode
