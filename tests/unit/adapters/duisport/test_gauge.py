"""PEGELONLINE in the contract's words."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from typing import Any

import msgspec
import pytest

from cityhub.adapters.duisport.gauge.mapping import Gauge, gauges, read
from cityhub.adapters.errors import FeedFault
from cityhub.adapters.kit.fact import Reading

NOW = datetime(2026, 11, 26, 12, tzinfo=UTC)
UUID = "c0f51e35-d0e8-4318-afaf-c5fcbc29f4c1"
RUHRORT = Gauge(UUID, "ruhrort", 233)


def station(**more: Any) -> dict[str, Any]:
    named = [
        {"shortname": "MNW", "unit": "cm", "value": 218.4},
        {"shortname": "GlW", "unit": "cm", "value": 233.0},
        {"shortname": "HSW", "unit": "cm", "value": 1130.0},
    ]
    series = {"shortname": "W", "unit": "cm", "equidistance": 15, "characteristicValues": named}
    return {"uuid": UUID, "shortname": "RUHRORT", "water": {"shortname": "RHEIN"}, "timeseries": [series]} | more


def found(*stations: object) -> tuple[list[Gauge], list[Any]]:
    return gauges(msgspec.json.encode(stations))


def levels(*items: object, memory: Mapping[str, bytes | None] | None = None, gauge: Gauge = RUHRORT) -> Reading:
    known = {key: body for key, body in (memory or {}).items() if body is not None}
    return read(gauge, msgspec.json.encode(items), known, NOW)


def level(at: str = "2026-11-26T12:45:00+01:00", value: object = 321.0) -> dict[str, object]:
    return {"timestamp": at, "value": value}


def test_low_water_is_what_navigation_reckons_with() -> None:
    assert found(station()) == ([RUHRORT], [])
    series = station()["timeseries"][0]
    mean = series | {"characteristicValues": series["characteristicValues"][:1]}
    other = series | {"characteristicValues": [{"shortname": "GlW", "unit": "m", "value": 2.33}]}
    assert found(station(timeseries=[mean]))[0][0].low_cm == 218
    assert found(station(timeseries=[other]))[0][0].low_cm is None
    assert found(station(timeseries=[{"shortname": "W", "unit": "cm"}]))[0][0].low_cm is None


def test_stations_that_tell_no_levels_in_centimetres_are_none() -> None:
    assert found(station(timeseries=[{"shortname": "Q", "unit": "m³/s"}])) == ([], [])
    none, (reject,) = found(station(timeseries=[{"shortname": "W", "unit": "m+NHN"}]))
    assert (none, reject.reason, reject.path) == ([], "unit", "stations[0].timeseries")
    assert reject.detail == "RUHRORT measures in 'm+NHN'; only cm above gauge zero can be told"
    _, (reject,) = found(station(uuid="../../admin"))
    assert (reject.reason, reject.path) == ("schema", "stations[0].uuid")
    assert found(station(shortname="DUISBURG  MEIDERICH UW"))[0][0].name == "duisburg-meiderich-uw"
    with pytest.raises(FeedFault, match="101 stations, at most 100"):
        found(*[station()] * 101)


def test_a_level_is_told_with_the_low_water_of_its_gauge() -> None:
    (fact,) = levels(level(value=321.4)).facts
    assert fact.data == {"gauge": "ruhrort", "level_cm": 321, "low_water_cm": 233}
    assert (fact.subject, fact.key) == ("ruhrort", ("ruhrort", "2026-11-26T11:45:00Z"))
    assert fact.time == datetime(2026, 11, 26, 11, 45, tzinfo=UTC)
    (fact,) = levels(level(), gauge=Gauge(UUID, "schleuse", None)).facts
    assert fact.data == {"gauge": "schleuse", "level_cm": 321}


def test_levels_are_told_once_and_gaps_are_closed_late() -> None:
    first = levels(level("2026-11-26T12:00:00+01:00"), level("2026-11-26T12:30:00+01:00"))
    second = levels(
        level("2026-11-26T11:00:00Z"),
        level("2026-11-26T12:15:00+01:00", 319),
        level("2026-11-26T12:30:00+01:00", 320),
        memory=first.memory,
    )
    assert [fact.data["level_cm"] for fact in second.facts] == [319]
    assert second.noted == {"revised": 1}
    assert first.noted == {}


def test_what_lies_ahead_of_the_clock_is_not_remembered_as_told() -> None:
    """The door refuses it; when the clock is right again it is taken."""
    ahead = level("2026-11-26T13:20:00+01:00")
    first = levels(ahead, level())
    assert len(first.facts) == 2
    assert [fact.path for fact in levels(ahead, level(), memory=first.memory).facts] == ["ruhrort[0]"]


def test_only_the_last_days_are_remembered() -> None:
    old = utc_text(NOW - timedelta(days=6))
    reading = levels(level(old), level())
    assert len(reading.facts) == 2
    assert msgspec.json.decode(reading.memory["told\x1fruhrort"] or b"") == {"2026-11-26T11:45:00Z": 321}


def test_a_bad_measurement_costs_no_other() -> None:
    reading = levels(level(value=None), level("2026-11-26T12:45:00"), level(value="3,21"), level())
    assert [(one.reason, one.path) for one in reading.rejects] == [
        ("schema", "ruhrort[0].value"),
        ("schema", "ruhrort[1].timestamp"),
        ("schema", "ruhrort[2].value"),
    ]
    assert len(reading.facts) == 1


def utc_text(moment: datetime) -> str:
    return moment.isoformat()
