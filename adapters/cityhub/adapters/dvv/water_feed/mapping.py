"""Pure: load curves of water, summed by zone and day, in the contract's words: docs/adapters/dvv-water-feed.md."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator, Mapping
from datetime import date, datetime, timedelta

from cityhub.adapters.dvv.water_feed.day import Day, Slot, decode, encode, last_quarter, place, quarters
from cityhub.adapters.dvv.water_feed.source import FED_IN
from cityhub.adapters.formats import edifact, mscons
from cityhub.adapters.kit.fact import Fact, Reading, memory_key
from cityhub.adapters.kit.reject import Reject

_VOLUME = re.compile(r"8-[0-9]{1,3}:1\.[0-9]{1,3}\.[0-9]{1,3}(?:\*[0-9]{1,3})?")
"""OBIS: volume of cold water."""
_UNIT = mscons.Unit("MTQ", "m³")
_KEPT = timedelta(days=100)
_DAY = "day"


def read(name: str, body: bytes, memory: Mapping[str, bytes], now: datetime) -> Reading:
    """What a file says: each day of a zone that is whole now, or another one than was told."""
    interchange = edifact.parse(body)
    found = _Found(memory, mscons.decimal_mark(body), list(interchange.rejects))
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
        for curve in mscons.curves(message, self.rejects, self.noted):
            inlet = mscons.INLET.fullmatch(curve.series.location)
            if inlet is None or not _VOLUME.fullmatch(curve.series.register):
                self.noted["other_register" if inlet else "other_location"] += 1
                continue
            zone = f"zone-{int(inlet[1])}"
            for one in mscons.quantities(curve, self._mark, _UNIT, self.rejects, self.noted):
                day, quarter = place(one.begin)
                self._day(day, zone).learn(quarter, Slot(curve.created, one.amount))

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
