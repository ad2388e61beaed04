"""Load curves of power, gas and heat: MSCONS."""

from __future__ import annotations

import re
from collections.abc import Iterable
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

from cityhub.adapters.dvv.load_curves.mapping import read
from cityhub.adapters.dvv.load_curves.source import DVV_LOAD_CURVES, MEASURED
from cityhub.adapters.errors import FeedFault
from cityhub.sdk.conformance import violations
from cityhub.sdk.contract import load_contracts
from tests.unit.adapters.dvv.mscons import BEGIN, HOUSE, INLET, NOW, QUARTER, day, interchange, moment, quantity, told

POWER, GAS, HEAT = "1-1?:1.29.0", "7-20?:99.33.17", "6-0?:1.29.0"
HOUR = timedelta(hours=1)


def hour(amount: str, begin: datetime = BEGIN, length: timedelta = HOUR) -> list[str]:
    return [f"QTY+220:{amount}", f"DTM+163:{moment(begin)}", f"DTM+164:{moment(begin + length)}"]


def story(bodies: Iterable[bytes]) -> list[dict[str, Any]]:
    """What files say one after the other."""
    memory: dict[str, bytes] = {}
    facts: list[dict[str, Any]] = []
    for body in bodies:
        found = read("file", body, memory, NOW)
        assert found.rejects == []
        memory |= {key: value for key, value in found.memory.items() if value is not None}
        facts += told(found)
    return facts


def test_a_value_is_told_as_it_was_measured() -> None:
    found = read("x.edi", interchange(quantity(3, "1234.5678"), register=POWER), {}, NOW)
    (fact,) = found.facts
    assert fact.data == {
        "zone": "zone-3",
        "medium": "power",
        "period": "2026-11-18T23:45Z",
        "minutes": 15,
        "created": "2026-11-20T06:00:00Z",
        "energy_wh": 1_234_568,
        "quality": "measured",
    }
    assert (fact.type, fact.subject, fact.time) == (MEASURED, "zone-3", BEGIN + 3 * QUARTER)
    assert (fact.key, fact.version) == (("zone-3", "power", "2026-11-18T23:45Z"), "2026-11-20T06:00:00+00:00")
    assert violations(load_contracts()[MEASURED], fact.data) == []
    assert not DVV_LOAD_CURVES.personal


@pytest.mark.parametrize(
    ("register", "medium"),
    [(POWER, "power"), ("1-1?:1.10.0", "power"), (GAS, "gas"), ("7-1?:99.33.17", "gas"), (HEAT, "heat")],
)
def test_the_obis_code_says_the_medium(register: str, medium: str) -> None:
    assert [one["medium"] for one in story([interchange(quantity(0, "1"), register=register)])] == [medium]


@pytest.mark.parametrize(
    "register",
    ["8-0?:1.29.0", "1-1?:2.29.0", "1-1?:1.8.0", "1-1?:3.29.0", "7-1?:99.23.15", "7-20?:99.33.170", "6-0?:8.0.0", ""],
)
def test_other_registers_are_noted(register: str) -> None:
    found = read("x", interchange(quantity(0, "1"), register=register), {}, NOW)
    assert (told(found), found.rejects, found.noted) == ([], [], {"other_register": 1})


@pytest.mark.parametrize("register", [POWER, GAS, HEAT])
def test_nothing_of_a_household_is_told_or_kept(register: str) -> None:
    found = read("x", interchange(day("0.417"), location=HOUSE, register=register), {}, NOW)
    assert (told(found), found.rejects, found.memory, found.noted) == ([], [], {}, {"other_location": 1})


def test_gas_comes_by_the_hour_and_the_others_by_the_quarter() -> None:
    assert [one["minutes"] for one in story([interchange(hour("1"), register=GAS)])] == [60]
    found = read("x", interchange(hour("1"), register=POWER), {}, NOW)
    assert [(one.reason, "a quarter of an hour" in one.detail) for one in found.rejects] == [("value", True)]
    odd = [hour("1", BEGIN + QUARTER), hour("1", BEGIN, 2 * HOUR), hour("1", BEGIN, -HOUR), hour("1", BEGIN, 0 * HOUR)]
    found = read("x", interchange(*odd, register=GAS), {}, NOW)
    words = "a quarter of an hour or an hour"
    assert [(one.reason, words in one.detail) for one in found.rejects] == [("value", True)] * 4


def test_the_youngest_message_counts_in_whatever_order_files_come() -> None:
    first = interchange(quantity(0, "1", worth="67"), register=POWER)
    second = interchange(quantity(0, "2"), register=POWER, created="202611210700?+01:303")
    third = interchange(quantity(0, "2"), register=POWER, created="202611220700?+01:303")
    late = interchange(quantity(0, "9"), register=POWER, created="202611211200?+01:303")
    said = story([first, first, second, third, late])
    assert [(one["energy_wh"], one["quality"], one["created"]) for one in said] == [
        (1000, "substitute", "2026-11-20T06:00:00Z"),
        (2000, "measured", "2026-11-21T06:00:00Z"),
    ]
    assert [one["energy_wh"] for one in story([second, first])] == [2000]


def test_a_value_is_taken_back() -> None:
    value = interchange(quantity(0, "1"), register=HEAT)
    back = interchange(quantity(0, "1"), register=HEAT, function="1", created="202611210700?+01:303")
    first, second = story([value, back, back])
    assert (first["energy_wh"], second.get("energy_wh"), second["withdrawn"]) == (1000, None, True)
    assert "quality" not in second
    assert violations(load_contracts()[MEASURED], second) == []


@pytest.mark.parametrize(
    ("bad", "words"),
    [
        (quantity(1, "-1"), "kWh"),
        (quantity(1, "1,5"), "before decimals"),
        (quantity(1, "1", worth="79"), "6063"),
        (quantity(1, "1:MTQ"), "KWH"),
        (quantity(0, "1"), "told before"),
    ],
)
def test_a_bad_value_costs_no_other(bad: list[str], words: str) -> None:
    found = read("x", interchange(quantity(0, "1"), bad, quantity(2, "1:KWH"), register=POWER), {}, NOW)
    assert [one["period"][11:] for one in told(found)] == ["23:00Z", "23:30Z"]
    (reject,) = found.rejects
    assert (reject.reason, words in reject.detail) == ("value", True)


def test_what_cannot_be_read_as_a_whole_is_a_fault() -> None:
    with pytest.raises(FeedFault, match="no complete EDIFACT interchange"):
        read("x", interchange(quantity(0, "1"))[:-9], {}, NOW)


def test_days_are_forgotten_after_a_while() -> None:
    kept = read("x", interchange(quantity(0, "1"), register=POWER), {}, NOW).memory
    later = read("x", interchange(register=POWER), {k: v for k, v in kept.items() if v}, NOW + timedelta(days=200))
    assert later.memory == dict.fromkeys(kept)


def test_the_recorded_month_is_power_value_by_value(recordings: Path) -> None:
    """2 976 values of 680.282 kWh, counted with a regular expression; 73 have no quarter of an hour of their own."""
    body = (recordings.parent / "energy" / "mscons-load-curve.edi").read_bytes()
    assert read("x", body, {}, NOW).noted == {"other_location": 1}
    found = read("x", body.replace(b"US0001062600000001000000022345671", INLET.encode()), {}, NOW)
    assert (len(found.facts), len(found.rejects)) == (2976 - 73, 73)
    quarter = rb"QTY\+220:([0-9,]+)'DTM\+163:(\d{12})\?\+01:303'DTM\+164:(\d{12})\?\+01:303'"
    values: dict[datetime, Decimal] = {}
    for amount, *times in re.findall(quarter, body):
        begin, end = (datetime.strptime(one.decode(), "%Y%m%d%H%M").replace(tzinfo=UTC) for one in times)
        if end - begin == QUARTER and begin.minute % 15 == 0:
            values.setdefault(begin, Decimal(amount.decode().replace(",", ".")))
    assert len(values) == len(found.facts)
    assert sum(one["energy_wh"] for one in told(found)) == sum(values.values()) * 1000
