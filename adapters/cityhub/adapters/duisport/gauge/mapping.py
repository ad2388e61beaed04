"""Pure: PEGELONLINE's water levels in the contract's words. Rules: docs/adapters/duisport-gauge.md."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from datetime import datetime, timedelta

import msgspec
from msgspec import Struct

from cityhub.adapters.duisport.gauge import wire
from cityhub.adapters.duisport.gauge.source import OBSERVED
from cityhub.adapters.kit.fact import Fact, Reading, memory_key, utc
from cityhub.adapters.kit.reject import Reject
from cityhub.sdk.event import FUTURE_TOLERANCE

SERIES = "W"
_UNIT = "cm"
_LOW = ("GLW", "MNW")
"""What the source calls low water: the level that navigation reckons with, else the mean of the lowest."""
_KEPT = timedelta(days=5)
_told = msgspec.json.Decoder(dict[str, int])


class Gauge(Struct, frozen=True):
    """A station whose levels can be told. Attributes: low_cm: below it the source speaks of low water."""

    uuid: str
    name: str
    low_cm: int | None


def gauges(body: bytes) -> tuple[list[Gauge], list[Reject]]:
    """The gauges that measure in centimetres, and what is wrong with the others; stations without levels are none."""
    stations, rejects = wire.parse_stations(body)
    found = []
    for path, station in stations:
        series = next((one for one in station.timeseries if one.shortname == SERIES), None)
        if series is None:
            continue
        if series.unit != _UNIT:
            text = f"{station.shortname} measures in {series.unit!r}; only {_UNIT} above gauge zero can be told"
            rejects.append(Reject("unit", f"{path}.timeseries", text))
            continue
        found.append(Gauge(station.uuid, "-".join(station.shortname.lower().split()), _low_cm(series)))
    return found, rejects


def _low_cm(series: wire.Series) -> int | None:
    levels = {one.shortname.upper(): one.value for one in series.characteristics if one.unit == _UNIT}
    return next((round(levels[name]) for name in _LOW if name in levels), None)


def read(gauge: Gauge, body: bytes, memory: Mapping[str, bytes], now: datetime) -> Reading:
    """What a gauge's answer says that was not told yet; levels ahead of the clock are not remembered as told."""
    levels, rejects = wire.parse_levels(body, gauge.name)
    key = memory_key("told", gauge.name)
    told = _told.decode(memory.get(key, b"{}"))
    facts, noted = [], Counter[str]()
    for path, level in levels:
        at, cm = utc(level.timestamp) or "", round(level.value)
        if at in told:
            noted["revised"] += told[at] != cm
            continue
        data = {"gauge": gauge.name, "level_cm": cm} | ({} if gauge.low_cm is None else {"low_water_cm": gauge.low_cm})
        moment = level.timestamp
        facts.append(Fact(type=OBSERVED, time=moment, subject=gauge.name, key=(gauge.name, at), data=data, path=path))
        if moment <= now + FUTURE_TOLERANCE:
            told[at] = cm
    oldest = utc(now - _KEPT) or ""
    kept = {at: cm for at, cm in told.items() if at >= oldest}
    return Reading(facts=facts, rejects=rejects, memory={key: msgspec.json.encode(kept)}, noted=+noted)
