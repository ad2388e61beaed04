"""Pure: load curves of network zones, value by value, in the contract's words: docs/adapters/dvv-load-curves.md."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Mapping
from datetime import datetime, timedelta
from decimal import Decimal

import msgspec
from msgspec import Struct

from cityhub.adapters.dvv.load_curves.source import MEASURED
from cityhub.adapters.formats import edifact, mscons
from cityhub.adapters.formats.mscons import QUARTER, Quantity, Unit
from cityhub.adapters.kit.fact import Fact, Reading, memory_key, utc
from cityhub.adapters.kit.reject import Reject

_HOUR = timedelta(hours=1)
_MEDIA = {
    "power": (re.compile(r"1-[0-9]{1,3}:1\.(?:10|29)\.[0-9]{1,3}(?:\*[0-9]{1,3})?"), Unit("KWH", "kWh")),
    "heat": (re.compile(r"6-[0-9]{1,3}:1\.[0-9]{1,3}\.[0-9]{1,3}(?:\*[0-9]{1,3})?"), Unit("KWH", "kWh")),
    "gas": (re.compile(r"7-[0-9]{1,3}:99\.33\.17(?:\*[0-9]{1,3})?"), Unit("KWH", "kWh", (QUARTER, _HOUR))),
}
"""OBIS codes of energy that is drawn: of power a direction of its own, of gas and heat none."""
_KEPT = timedelta(days=100)
_DAY = "day"


class _Known(Struct, frozen=True, array_like=True):
    """A value that was told. Attributes: amount: kWh, None = taken back."""

    created: datetime
    amount: Decimal | None
    quality: str


def read(name: str, body: bytes, memory: Mapping[str, bytes], now: datetime) -> Reading:
    """What a file says: each value of a zone that is new, or another one in a younger message than was told."""
    interchange = edifact.parse(body)
    found = _Found(memory, list(interchange.rejects))
    mark = mscons.decimal_mark(body)
    for message in interchange.messages:
        for curve in mscons.curves(message, found.rejects, found.noted):
            found.take(curve, mark, name)
    oldest = memory_key(_DAY, f"{now - _KEPT:%Y-%m-%d}")
    gone: dict[str, bytes | None] = {key: None for key in memory if memory_key(_DAY, "") < key < oldest}
    learnt = {key: msgspec.json.encode(values) for key, values in found.days.items()}
    return Reading(facts=found.facts, rejects=found.rejects, memory=gone | learnt, noted=+found.noted)


class _Found:
    """What the curves of a file say."""

    def __init__(self, memory: Mapping[str, bytes], rejects: list[Reject]) -> None:
        self._memory = memory
        self.rejects = rejects
        self.noted = Counter[str]()
        self.facts: list[Fact] = []
        self.days: dict[str, dict[str, _Known]] = {}

    def take(self, curve: mscons.Curve, mark: str, path: str) -> None:
        """Take a curve in; of a household, or of another register, nothing but that there was one."""
        inlet = mscons.INLET.fullmatch(curve.series.location)
        medium = next((one for one, (code, _) in _MEDIA.items() if code.fullmatch(curve.series.register)), None)
        if inlet is None or medium is None:
            self.noted["other_register" if inlet else "other_location"] += 1
            return
        zone = f"zone-{int(inlet[1])}"
        for one in mscons.quantities(curve, mark, _MEDIA[medium][1], self.rejects, self.noted):
            self._learn(zone, medium, one, curve.created, path)

    def _learn(self, zone: str, medium: str, one: Quantity, created: datetime, path: str) -> None:
        period = f"{one.begin:%Y-%m-%dT%H:%MZ}"
        day = self._day(memory_key(_DAY, period[:10], zone, medium))
        last = day.get(period)
        if last is not None and created < last.created:
            self.noted["outdated"] += 1
            return
        day[period] = _Known(created, one.amount, one.quality)
        if last is not None and (last.amount, last.quality) == (one.amount, one.quality):
            self.noted["unchanged"] += 1
        else:
            self.facts.append(_fact((zone, medium, period), one, created, path))

    def _day(self, key: str) -> dict[str, _Known]:
        if key not in self.days:
            self.days[key] = _values(self._memory.get(key, b"{}"))
        return self.days[key]


def _fact(key: tuple[str, str, str], one: Quantity, created: datetime, path: str) -> Fact:
    zone, medium, period = key
    minutes = (one.end - one.begin) // timedelta(minutes=1)
    data = {"zone": zone, "medium": medium, "period": period, "minutes": minutes, "created": utc(created)}
    energy_wh = None if one.amount is None else round(one.amount * 1000)
    data |= {"withdrawn": True} if energy_wh is None else {"energy_wh": energy_wh, "quality": one.quality}
    version = created.isoformat()
    return Fact(type=MEASURED, time=one.begin, subject=zone, key=key, version=version, data=data, path=path)


_values = msgspec.json.Decoder(dict[str, _Known]).decode
