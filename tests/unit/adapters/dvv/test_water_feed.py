"""Water fed into the grid: MSCONS load curves."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from cityhub.adapters.dvv.water_feed.mapping import read
from cityhub.adapters.errors import FeedFault
from tests.unit.adapters.dvv.mscons import BEGIN, HOUSE, NOW, day, interchange, quantity, told


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


def test_a_whole_day_is_summed() -> None:
    found = read("x.edi", interchange(day()), {}, NOW)
    (fact,) = found.facts
    assert fact.data == {"zone": "zone-3", "period": "2026-11-19", "version": 1, "volume_m3": 144}
    assert (fact.subject, fact.key, fact.version) == ("zone-3", ("zone-3", "2026-11-19"), "1")
    assert fact.time == datetime(2026, 11, 19, 22, 45, tzinfo=UTC)
    assert (found.rejects, found.noted) == ([], {})


@pytest.mark.parametrize(
    ("begin", "count"),
    [(datetime(2026, 10, 24, 22, tzinfo=UTC), 100), (datetime(2026, 3, 28, 23, tzinfo=UTC), 92)],
    ids=["summer time ends", "summer time begins"],
)
def test_days_of_23_and_25_hours_are_whole(begin: datetime, count: int) -> None:
    whole = interchange(day("1", count, begin))
    assert [one["volume_m3"] for one in story([whole])] == [count]
    assert story([interchange(day("1", count - 1, begin))]) == []


@pytest.mark.parametrize(
    ("una", "amount", "volume"),
    [
        ("", "1.5", 144),
        ("UNA:+.? '", "1.5", 144),
        ("UNA:+,? '", "1,5", 144),
        ("UNA:+,? '", "2", 192),
        ("\ufeff".encode().decode("latin-1") + "UNA:+,? '", "0,005", 0),
        ("", "0.0052083334", None),
    ],
)
def test_una_says_what_separates_decimals(una: str, amount: str, volume: int | None) -> None:
    found = read("x", interchange(day(amount), una=una), {}, NOW)
    assert [one["volume_m3"] for one in told(found)] == ([] if volume is None else [volume])


@pytest.mark.parametrize(("una", "amount"), [("", "1,5"), ("UNA:+.? '", "1,5"), ("UNA:+,? '", "1.5"), ("", "-1.5")])
def test_another_mark_and_a_sign_are_refused(una: str, amount: str) -> None:
    found = read("x", interchange(quantity(0, amount), una=una), {}, NOW)
    (reject,) = found.rejects
    assert (reject.reason, reject.path) == ("value", "message[0].LIN[0].QTY[0]")
    assert amount in reject.detail


def test_a_una_with_a_mark_that_is_none_is_a_fault() -> None:
    with pytest.raises(FeedFault, match="must be a comma or a point"):
        read("x", interchange(day(), una="UNA:+0? '"), {}, NOW)


def test_sums_are_rounded_once_half_to_even() -> None:
    half = [*day("1", 95), *quantity(95, "0.5")]
    assert [one["volume_m3"] for one in story([interchange(half)])] == [96]
    assert [one["volume_m3"] for one in story([interchange([*day("1", 95), *quantity(95, "1.5")])])] == [96]
    assert [one["volume_m3"] for one in story([interchange(day("0.026"))])] == [2]


def test_a_day_in_parts_is_told_when_it_is_whole_and_again_when_it_changes() -> None:
    parts = [interchange(day("1", 50)), interchange(day("1", 46, first=50))]
    later = interchange(quantity(3, "7", "67"), created="202611210700?+01:303")
    same = interchange(quantity(3, "7.1"), created="202611220700?+01:303")
    assert [(one["version"], one["volume_m3"]) for one in story([*parts, later, later, same])] == [(1, 96), (2, 102)]


def test_the_youngest_message_counts_in_whatever_order_they_come() -> None:
    old, young = interchange(day("1")), interchange(quantity(0, "5", "67"), created="202611210700?+01:303")
    assert [one["volume_m3"] for one in story([young, old])] == [100]
    assert [(one["version"], one["volume_m3"]) for one in story([old, young, old])] == [(1, 96), (2, 100)]


def test_what_is_taken_back_says_what_it_was_and_may_come_again() -> None:
    taken = interchange(day("1"), function="1", created="202611210700?+01:303")
    again = interchange(day("2"), created="202611220700?+01:303")
    assert story([interchange(day("1")), taken, taken, again]) == [
        {"zone": "zone-3", "period": "2026-11-19", "version": 1, "volume_m3": 96},
        {"zone": "zone-3", "period": "2026-11-19", "version": 2, "volume_m3": 96, "withdrawn": True},
        {"zone": "zone-3", "period": "2026-11-19", "version": 3, "volume_m3": 192},
    ]
    assert story([taken]) == []


@pytest.mark.parametrize("worth", ["20", "187", "201"])
def test_what_is_no_value_leaves_its_day_open(worth: str) -> None:
    found = read("x", interchange(day("1", 95), quantity(95, "1", worth)), {}, NOW)
    assert (told(found), found.rejects, found.noted) == ([], [], {"no_value": 1, "incomplete_day": 1})


@pytest.mark.parametrize("worth", ["220", "67", "Z18"])
def test_what_counts(worth: str) -> None:
    assert [one["volume_m3"] for one in story([interchange(day("1", 95), quantity(95, "3", worth))])] == [98]


def spoilt(old: str, new: str) -> bytes:
    return interchange([one.replace(old, new) for one in quantity(0, "1")])


@pytest.mark.parametrize(
    ("body", "said"),
    [
        (spoilt("220:1", "999:1"), "6063 '999' must be one of 187, 20, 201, 220, 67, Z18"),
        (spoilt("220:1", "220:1:KWH"), "6411 'KWH' must be MTQ"),
        (spoilt("182315?+00", "182330?+00"), "must be a quarter of an hour"),
        (spoilt("1823", "1824"), "DTM 163 and 164"),
        (spoilt(":303", ":203"), "DTM 163 and 164"),
        (spoilt("DTM+164", "DTM+165"), "DTM 163 and 164"),
        (spoilt("20261118", "99991118"), "of this century"),
        (spoilt("202611182300?+00", "000101010000?+05"), "out of range"),
    ],
)
def test_values_that_are_refused_say_why(body: bytes, said: str) -> None:
    found = read("x", body, {}, NOW)
    (reject,) = found.rejects
    assert reject.reason == "value"
    assert said in reject.detail
    assert told(found) == []


def test_a_cubic_metre_may_be_named() -> None:
    assert read("x", spoilt("220:1", "220:1:MTQ"), {}, NOW).rejects == []


@pytest.mark.parametrize(
    ("body", "reason"),
    [
        (interchange(day(), function="3"), "function"),
        (interchange(day(), created="20261120:102"), "time"),
        (interchange(day(), created=""), "time"),
    ],
)
def test_messages_that_are_refused(body: bytes, reason: str) -> None:
    found = read("x", body, {}, NOW)
    assert [one.reason for one in found.rejects] == [reason]
    assert told(found) == []


@pytest.mark.parametrize(
    ("body", "noted"),
    [
        (interchange(day(), function="7"), "copy"),
        (interchange(day(), name="UTILMD"), "other_message"),
        (interchange(day(), register="1-1?:1.29.0"), "other_register"),
        (interchange(day(), register="8-0?:2.29.0"), "other_register"),
        (interchange(day(), location=HOUSE), "other_location"),
        (interchange(day(), location=""), "other_location"),
    ],
)
def test_what_is_counted_and_not_told(body: bytes, noted: str) -> None:
    found = read("x", body, {}, NOW)
    assert (told(found), found.rejects, found.noted) == ([], [], {noted: 1})


def test_nothing_of_a_household_leaves_not_even_what_is_wrong_with_it() -> None:
    found = read("x", interchange(quantity(0, "4711,0", "999"), location=HOUSE), {}, NOW)
    for secret in ("HAUS42", "4711"):
        assert secret not in repr(found)


def test_a_quarter_of_an_hour_is_told_once_in_a_series() -> None:
    found = read("x", interchange(day("1"), quantity(5, "2")), {}, NOW)
    assert [one["volume_m3"] for one in told(found)] == [96]
    assert [(one.path, "told before" in one.detail) for one in found.rejects] == [("message[0].LIN[0].QTY[96]", True)]


def test_days_are_forgotten_when_nobody_asks_for_them_any_more() -> None:
    memory = read("x", interchange(day("1")), {}, NOW).memory
    (key,) = memory
    known = {key: value for key, value in memory.items() if value is not None}
    other = interchange(quantity(0, "1", begin=BEGIN + timedelta(days=99)))
    assert key not in read("x", other, known, NOW + timedelta(days=99)).memory
    assert read("x", other, known, NOW + timedelta(days=102)).memory[key] is None
