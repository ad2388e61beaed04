"""Pure: load curves of water, summed by zone and day, in the contract's words: docs/adapters/dvv-water-feed.md."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator, Mapping
from datetime import date, datetime, timedelta
from decimal import Decimal

from cityhub.adapters.dvv.water_feed import wire
from cityhub.adapters.dvv.water_feed.day import QUARTER, Day, Slot, decode, encode, last_quarter, place, quarters
from cityhub.adapters.dvv.water_feed.source import FED_IN
from cityhub.adapters.formats import edifact
from cityhub.adapters.kit.fact import Fact, Reading, memory_key
from cityhub.adapters.kit.reject import Reject

_INLET = re.compile(r"DE[0-9]{11}EINSPEISUNGZONE([0-9]{5})")
"""Metering locations where water enters a zone; all others may be a household's."""
_VOLUME = re.compile(r"8-[0-9]{1,3}:1\.[0-9]{1,3}\.[0-9]{1,3}(?:\*[0-9]{1,3})?")
"""OBIS: volume of cold water."""
_COUNTS = {"220", "67", "Z18"}
"""DE 6063: true, replacement, preliminary value."""
_COUNTS_NOT = {"20", "187", "201"}
"""Not usable, forecast, proposal."""
_NEW, _CANCELLED, _COPY = {"", "9", "5"}, "1", {"7", "31"}
"""DE 1225."""
_UNITS = {"", "MTQ"}
_AMOUNT = re.compile(r"[0-9]{1,9}(?:\.[0-9]{1,6})?")
_KEPT = timedelta(days=100)
_DAY = "day"


def read(name: str, body: bytes, memory: Mapping[str, bytes], now: datetime) -> Reading:
    """What a file says: each day of a zone that is whole now, or another one than was told."""
    interchange = edifact.parse(body)
    found = _Found(memory, wire.decimal_mark(body), list(interchange.rejects))
    for message in interchange.messages:
        found.message(message)
    facts = list(found.facts(name))
    oldest = memory_key(_DAY, f"{now - _KEPT:%Y-%m-%d}")
    gone: dict[str, bytes | None] = {key: None for key in memory if memory_key(_DAY, "") < key < oldest}
    learnt = {key: encode(day) for key, day in found.days.items()}
    return Reading(facts=facts, rejects=found.rejects, memory=gone | learnt, noted=+found.noted)


class _Found:
    """What the messages of a file say of days. Args: mark: that separates decimals."""

    def __init__(self, memory: Mapping[str, bytes], mark: str, rejects: list[Reject]) -> None:
        self._memory = memory
        self._mark = mark
        self.rejects = rejects
        self.noted = Counter[str]()
        self.days: dict[str, Day] = {}

    def message(self, message: edifact.Message) -> None:
        """Take a message in."""
        head = wire.head(message)
        if message.name != "MSCONS" or head.function in _COPY:
            self.noted["copy" if message.name == "MSCONS" else "other_message"] += 1
            return
        if head.function not in _NEW and head.function != _CANCELLED:
            text = f"1225 {head.function!r:.20} must be 9, 5 or, where values are taken back, 1"
            self.rejects.append(Reject("function", f"{message.path}.BGM", text))
            return
        try:
            created = edifact.instant(*head.created)
        except (ValueError, OverflowError) as error:
            self.rejects.append(Reject("time", f"{message.path}.DTM", f"DTM 137: {error}"))
            return
        for series in wire.series(message):
            self._series(series, created, cancelled=head.function == _CANCELLED)

    def _series(self, series: wire.Series, created: datetime, *, cancelled: bool) -> None:
        inlet = _INLET.fullmatch(series.location)
        if inlet is None or not _VOLUME.fullmatch(series.register):
            self.noted["other_register" if inlet else "other_location"] += 1
            return
        zone = f"zone-{int(inlet[1])}"
        seen: set[datetime] = set()
        for number, value in enumerate(series.values):
            if value.qualifier in _COUNTS_NOT:
                self.noted["no_value"] += 1
                continue
            try:
                begin = _begin(value, seen)
                day, quarter = place(begin)
                slot = Slot(created, None if cancelled else self._amount(value))
            except (_Refused, OverflowError) as why:
                self.rejects.append(Reject("value", f"{series.path}.QTY[{number}]", str(why)))
            else:
                seen.add(begin)
                self._day(day, zone).learn(quarter, slot)

    def _amount(self, value: wire.Value) -> Decimal:
        if value.qualifier not in _COUNTS:
            known = ", ".join(sorted(_COUNTS | _COUNTS_NOT))
            raise _Refused(f"6063 {value.qualifier!r:.20} must be one of {known}")
        if value.unit not in _UNITS:
            raise _Refused(f"6411 {value.unit!r:.20} must be MTQ or not be there")
        written = value.amount.replace(self._mark, ".") if self._mark in value.amount or "." not in value.amount else ""
        if not _AMOUNT.fullmatch(written):
            raise _Refused(f"6060 {value.amount!r:.40} must be m³, not negative, with {self._mark!r} before decimals")
        return Decimal(written)

    def _day(self, day: date, zone: str) -> Day:
        key = memory_key(_DAY, day.isoformat(), zone)
        if key not in self.days:
            known = self._memory.get(key)
            self.days[key] = decode(known) if known else Day()
        return self.days[key]

    def facts(self, path: str) -> Iterator[Fact]:
        """What is new of the days that the file spoke of."""
        for key, known in sorted(self.days.items()):
            _, period, zone = key.split(memory_key("", ""))
            day = date.fromisoformat(period)
            if nothing := known.news(quarters(day)):
                self.noted[nothing] += 1
                continue
            data = {"zone": zone, "period": period, "version": known.version, "volume_m3": known.volume}
            if known.withdrawn:
                data["withdrawn"] = True
            time, version = last_quarter(day), str(known.version)
            yield Fact(type=FED_IN, time=time, subject=zone, key=(zone, period), version=version, data=data, path=path)


class _Refused(ValueError):  # noqa: N818 - of a value
    """The value and the rule."""


def _begin(value: wire.Value, seen: set[datetime]) -> datetime:
    try:
        begin, end = edifact.instant(*value.begin), edifact.instant(*value.end)
    except ValueError as error:
        raise _Refused(f"DTM 163 and 164: {error}") from error
    if end - begin != QUARTER or begin.minute % 15 or begin.second or not 2000 <= begin.year < 2100:  # noqa: PLR2004
        raise _Refused(
            f"from {begin.isoformat()} to {end.isoformat()}: it must be a quarter of an hour of this century"
        )
    if begin in seen:
        raise _Refused(f"{begin.isoformat()} was told before in the same series; the first value stands")
    return begin
