"""Frames: each once, at the time at which it was measured."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from cityhub.adapters.formats.lorawan.profile import Profile, Rule, Said
from cityhub.adapters.formats.lorawan.uplink import KEPT, Uplink, read_uplinks

NOW = datetime(2026, 11, 26, 12, 0, 7, 654_321, tzinfo=UTC)
RECEIVED = NOW.replace(microsecond=0)
FILL = "de.duisburg.wbd.bin.level-observed.v1"
SAID = (Said(FILL, {"fill": Rule(source="fill")}),)
PROFILES = {
    "plain": Profile("plain", SAID),
    "clock": Profile("clock", SAID, clock="at"),
    "age": Profile("age", SAID, age="ago"),
    "twice": Profile("twice", (*SAID, Said(FILL, {"fill": Rule(source="other")}))),
}


def uplink(frame: int = 1, model: str = "plain", device: str = "d", **decoded: Any) -> Uplink:
    return Uplink(
        path="t/up",
        device=device,
        asset="bin-1",
        model=model,
        key=(device, str(frame)),
        received_at=NOW,
        port=1,
        decoded={"fill": 0.5} | decoded,
        payload=b"",
    )


def test_a_frame_is_told_once_also_in_a_later_reading() -> None:
    first = read_uplinks([uplink(1), uplink(2), uplink(1), uplink(1, device="e")], {}, PROFILES)
    assert [one.key for one in first.facts] == [("d", "1", "0"), ("d", "2", "0"), ("e", "1", "0")]
    assert first.noted == {"duplicate": 1}
    kept = {key: body for key, body in first.memory.items() if body is not None}
    again = read_uplinks([uplink(2), uplink(3)], kept, PROFILES)
    assert [one.key for one in again.facts] == [("d", "3", "0")]
    assert again.noted == {"duplicate": 1}


def test_so_many_frames_of_a_device_are_remembered() -> None:
    reading = read_uplinks(map(uplink, range(KEPT + 1)), {}, PROFILES)
    kept = {key: body for key, body in reading.memory.items() if body is not None}
    assert len(kept) == 1
    assert read_uplinks([uplink(1), uplink(KEPT)], kept, PROFILES).facts == []
    assert len(read_uplinks([uplink(0)], kept, PROFILES).facts) == 1


def test_a_refused_frame_is_refused_once() -> None:
    reading = read_uplinks([uplink(fill="full"), uplink(fill="full")], {}, PROFILES)
    ((reject,), noted) = reading.rejects, reading.noted
    assert (reject.reason, reject.path) == ("value", "t/up.fill")
    assert reject.detail == "d, frame d/1: 'full' must be a number"
    assert noted == {"duplicate": 1}


@pytest.mark.parametrize(
    ("model", "decoded", "time"),
    [
        ("plain", {}, RECEIVED),
        ("clock", {}, RECEIVED),
        ("clock", {"at": RECEIVED.timestamp() - 3_600}, RECEIVED - timedelta(hours=1)),
        ("clock", {"at": RECEIVED.timestamp() + 300}, RECEIVED + timedelta(minutes=5)),
        ("age", {"ago": 0}, RECEIVED),
        ("age", {"ago": 900}, RECEIVED - timedelta(minutes=15)),
        ("age", {"ago": 7 * 86_400}, RECEIVED - timedelta(days=7)),
    ],
)
def test_the_time_is_the_sensors_where_it_tells_one(model: str, decoded: dict[str, Any], time: datetime) -> None:
    (fact,) = read_uplinks([uplink(model=model, **decoded)], {}, PROFILES).facts
    assert fact.time == time


@pytest.mark.parametrize(
    ("model", "decoded", "reason"),
    [
        ("clock", {"at": 0}, "sensor_clock"),
        ("clock", {"at": RECEIVED.timestamp() + 301}, "sensor_clock"),
        ("clock", {"at": RECEIVED.timestamp() - 7 * 86_400 - 1}, "sensor_clock"),
        ("clock", {"at": "12:00"}, "value"),
        ("age", {"ago": -301}, "sensor_clock"),
        ("age", {"ago": 7 * 86_400 + 1}, "sensor_clock"),
        ("age", {"ago": 1e14}, "sensor_clock"),
        ("age", {"ago": -1e14}, "sensor_clock"),
        ("nobody's", {}, "unknown_model"),
        ("plain", {"fill": None}, "empty"),
    ],
)
def test_what_cannot_be_is_refused_by_name(model: str, decoded: dict[str, Any], reason: str) -> None:
    reading = read_uplinks([uplink(model=model, **decoded)], {}, PROFILES)
    assert [one.reason for one in reading.rejects] == [reason]
    assert reading.facts == []


def test_events_of_one_frame_have_keys_of_their_own() -> None:
    facts = read_uplinks([uplink(model="twice", other=0.25)], {}, PROFILES).facts
    assert [(one.key, one.data) for one in facts] == [
        (("d", "1", "0"), {"fill": 0.5}),
        (("d", "1", "1"), {"fill": 0.25}),
    ]
    (alone,) = read_uplinks([uplink(model="twice", fill=None, other=0.25)], {}, PROFILES).facts
    assert alone.data == {"fill": 0.25}
