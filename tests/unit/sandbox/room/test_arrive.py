"""Records of a tenant's topic are judged as its requests are; what is refused is told in the log."""

from __future__ import annotations

from pathlib import Path

import msgspec
import pytest

from cityhub.sandbox.room.log import TenantLog
from cityhub.sandbox.room.own_events import Came
from cityhub.sdk import codec
from tests.unit.sandbox.room.rooms import PLAY, START, hours, room
from tests.unit.sandbox.room.test_room import parking_events

TOPIC = "sbx.demo.in"
BAD = (
    b"",
    b"null",
    b"\xff\xfe",
    b"[" * 100_000,
    b"{}",
    b'{"id":"x"}',
    b"0" * 70_000,
    b'"\\ud800"',
    b'{"id":"\\ud800"}',
)


def told(folder: Path) -> list[tuple[str, dict[str, object]]]:
    log = TenantLog(folder / "log.db", read_only=True)
    found = [(one.name, msgspec.json.decode(one.body)) for one in log.after(0, kinds=["refused"])]
    log.close()
    return found


def test_the_same_verdicts_as_over_http(tmp_path: Path) -> None:
    good = codec.encode(next(iter(parking_events())))
    bodies = [good, *BAD, good.replace(b"dvv", b"xyz", 1)]
    asked, arriving = room(tmp_path / "asked"), room(tmp_path / "arriving")
    for one in (asked, arriving):
        one.replay(PLAY, 0.0, speed=0)
    wanted = asked.publish(bodies)
    assert arriving.arrive(TOPIC, [Came(number, body) for number, body in enumerate(bodies)]) == wanted
    assert asked.digests() == arriving.digests()
    refused = [(number, one) for number, one in enumerate(wanted) if one.status == "rejected"]
    assert len(refused) == len(bodies) - 1
    found = told(tmp_path / "arriving")
    assert [name for name, _ in found] == [one.reason for _, one in refused]
    assert [body["offset"] for _, body in found] == [number for number, _ in refused]
    assert all(body["topic"] == TOPIC and body["detail"] for _, body in found)
    asked.close()
    arriving.close()


def test_what_was_not_unpacked_is_said_and_its_neighbours_count(tmp_path: Path) -> None:
    one, good = room(tmp_path), codec.encode(next(iter(parking_events())))
    one.replay(PLAY, 0.0, speed=0)
    outcomes = one.arrive(TOPIC, [Came(0, good), Came(7, None), Came(8, b"{}")])
    assert [outcome.status for outcome in outcomes] == ["accepted", "rejected", "rejected"]
    assert [(name, body["offset"]) for name, body in told(tmp_path)] == [("compression", 7), ("envelope", 8)]
    one.close()


def test_judged_again_after_a_death_an_event_counts_once(tmp_path: Path) -> None:
    one, good = room(tmp_path), codec.encode(next(iter(parking_events())))
    one.replay(PLAY, 0.0, speed=0)
    for _ in range(3):
        one.arrive(TOPIC, [Came(0, good)])
    assert hours(one, "M07")[START].n == 1
    one.close()


def test_a_full_room_says_so_for_each(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    one, good = room(tmp_path), codec.encode(next(iter(parking_events())))
    one.replay(PLAY, 0.0, speed=0)
    monkeypatch.setattr("cityhub.sandbox.room.checks.MOST_BYTES", 0)
    assert {outcome.reason for outcome in one.arrive(TOPIC, [Came(7, good), Came(8, good)])} == {"log_full"}
    assert [(name, body["offset"]) for name, body in told(tmp_path)] == [("log_full", 7), ("log_full", 8)]
    one.close()
