"""Missions of vehicles that speak VDA 5050: added up by hand from a few states."""

from __future__ import annotations

import random
from collections import Counter
from collections.abc import Iterable, Mapping
from datetime import UTC, datetime, timedelta
from typing import Any

import msgspec
import pytest

from cityhub.adapters.kit.fact import Fact, Reading
from cityhub.adapters.kit.mqtt_connection import Received
from cityhub.adapters.wbd.vehicles.drive import WINDOW
from cityhub.adapters.wbd.vehicles.mapping import read
from cityhub.adapters.wbd.vehicles.source import FINISHED
from cityhub.adapters.wbd.vehicles.wire import filters

BEGIN = datetime(2026, 11, 20, 8, tzinfo=UTC)
NOW = datetime(2026, 11, 26, 12, tzinfo=UTC)
TOPIC = "uagv/v2/kommunaltechnik/kehrer-1/state"
ALONE, BY_HAND, STOPPED = ("AUTOMATIC", "NONE"), ("MANUAL", "NONE"), ("AUTOMATIC", "MANUAL")


def state(number: int, node: int, metres: float, mode: tuple[str, str] = ALONE, *, left: int = 1, **more: Any) -> Any:
    """As in VDA 5050, 6.10.6, shortened: a state a minute, with so many nodes ahead."""
    return {
        "headerId": number,
        "timestamp": (BEGIN + timedelta(minutes=number)).isoformat().replace("+00:00", ".123Z"),
        "version": "2.0.0",
        "manufacturer": "kommunaltechnik",
        "serialNumber": "kehrer-1",
        "orderId": "auftrag-7",
        "orderUpdateId": 0,
        "lastNodeId": f"n{node}",
        "lastNodeSequenceId": node,
        "distanceSinceLastNode": metres,
        "nodeStates": [{"nodeId": "n", "sequenceId": node + 2, "released": True}] * left,
        "edgeStates": [{"edgeId": "e", "sequenceId": node + 1, "released": True}] * left,
        "driving": bool(left),
        "agvPosition": {"x": 51.43, "y": 6.76, "theta": 0.1, "mapId": "du", "positionInitialized": True},
        "batteryState": {"batteryCharge": 80.5, "charging": False},
        "operatingMode": mode[0],
        "safetyState": {"eStop": mode[1], "fieldViolation": False},
    } | more


MISSION = [
    state(10, 0, 0.0, BY_HAND),  # out of the depot by hand: no intervention
    state(11, 0, 300.0),
    state(12, 0, 1_000.0),
    state(13, 2, 0.0),
    state(14, 2, 400.0, BY_HAND),  # the first intervention
    state(15, 2, 700.0, ("SEMIAUTOMATIC", "NONE")),  # which goes on
    state(16, 2, 900.0),
    state(17, 2, 900.0, STOPPED),  # the second one
    state(18, 2, 900.0),
    state(19, 2, 1_250.5),
    state(20, 4, 0.0, left=0),
]
"""2 250.5 m, of which 300 + 500 by hand and 1 450.5 alone."""
WHOLE = {"km": 2.3, "autonomous_km": 1.5, "interventions": 2}


def said(*states: Any, memory: Mapping[str, bytes] | None = None, now: datetime = NOW) -> Reading:
    return read([Received(TOPIC, msgspec.json.encode(one)) for one in states], memory or {}, now)


def lives(parts: Iterable[list[Any]]) -> tuple[list[Fact], Counter[str]]:
    """What is said when the adapter is started anew for each part, with what it had kept."""
    memory: dict[str, bytes] = {}
    facts: list[Fact] = []
    noted: Counter[str] = Counter()
    for part in parts:
        reading = said(*part, memory=memory)
        memory |= {key: body for key, body in reading.memory.items() if body is not None}
        facts += reading.facts
        noted += reading.noted
    return facts, noted


def test_a_mission_is_an_order_that_is_carried_out() -> None:
    reading = said(*MISSION)
    (fact,) = reading.facts
    assert (fact.type, fact.subject, fact.key) == (FINISHED, "kehrer-1", ("kehrer-1", "auftrag-7"))
    assert fact.time == BEGIN + timedelta(minutes=20, milliseconds=123)
    assert fact.data == WHOLE
    assert (reading.noted, reading.rejects) == ({}, [])
    assert "51.43" not in repr(reading)


def test_before_the_last_node_nothing_is_told_and_after_it_once() -> None:
    assert said(*MISSION[:-1]).facts == []
    again = [state(number, 4, 0.0, left=0) for number in (21, 22, 23)]
    assert len(said(*MISSION, *again).facts) == 1


@pytest.mark.parametrize("cut", range(len(MISSION)))
def test_a_restart_anywhere_adds_up_the_same(cut: int) -> None:
    """The broker sends the last messages again: they had not been acknowledged."""
    facts, noted = lives([MISSION[:cut], MISSION[max(0, cut - 3) :]])
    assert [fact.data for fact in facts] == [WHOLE]
    assert noted["repeated_or_late"] == min(cut, 3)


def test_any_order_within_the_window_and_any_copies_add_up_the_same() -> None:
    chance = random.Random(5050)  # noqa: S311
    for _ in range(200):
        rest = MISSION[1:] + chance.choices(MISSION, k=4)
        chance.shuffle(rest)
        facts, noted = lives([one] for one in [MISSION[0], *rest])
        assert [fact.data for fact in facts] == [WHOLE]
        assert noted == {"repeated_or_late": 4}


def test_a_state_that_never_comes_is_waited_for_as_long_as_the_window_is() -> None:
    missing = MISSION[:5] + MISSION[6:]
    idle = [state(21 + number, 4, 0.0, left=0) for number in range(WINDOW)]
    before = len(idle) - (len(MISSION) - 6)
    assert said(*missing, *idle[:before]).facts == []
    (fact,) = said(*missing, *idle[: before + 1]).facts
    assert fact.data == WHOLE


def test_what_was_not_seen_whole_is_not_told() -> None:
    first_unseen = said(*MISSION[3:])
    assert (first_unseen.facts, first_unseen.noted) == ([], {"not_seen_whole": 1})
    skipped = [state(1, 0, 0.0), state(2, 0, 90.0), state(3, 4, 10.0), state(4, 6, 0.0, left=0)]
    assert said(*skipped).noted == {"not_seen_whole": 1}


def test_the_next_order_begins_from_nothing() -> None:
    other = {"orderId": "auftrag-8"}
    following = [state(21, 0, 5.0, **other), state(22, 0, 55.0, **other), state(23, 2, 0.0, left=0, **other)]
    first, second = said(*MISSION, *following).facts
    assert (first.data, second.data) == (WHOLE, {"km": 0.1, "autonomous_km": 0.1, "interventions": 0})
    assert said(*MISSION[:-1], *[one | {"headerId": one["headerId"] - 1} for one in following]).noted == {
        "order_given_up": 1
    }


def test_an_idle_vehicle_says_nothing() -> None:
    idle = [state(n, 0, 0.0, left=0, orderId="", distanceSinceLastNode=None) for n in range(3)]
    assert (said(*idle).facts, said(*idle).rejects) == ([], [])


def test_a_counter_begins_anew_or_runs_over() -> None:
    restarted = [*MISSION[:5], *(one | {"headerId": place} for place, one in enumerate(MISSION[5:]))]
    over = [one | {"headerId": (2**32 - 4 + place) % 2**32} for place, one in enumerate(MISSION)]
    assert [fact.data for fact in (*said(*restarted).facts, *said(*over).facts)] == [WHOLE, WHOLE]


def test_a_clock_that_is_put_right_does_not_silence_a_vehicle() -> None:
    astray = state(9, 0, 0.0, timestamp="2099-01-01T00:00:00Z", orderId="auftrag-6")
    (fact,) = said(astray, *MISSION).facts
    assert fact.data == WHOLE


def test_a_distance_that_falls_back_takes_nothing_away() -> None:
    states = [state(1, 0, 0.0), state(2, 0, 400.0), state(3, 0, 100.0), state(4, 0, 300.0), state(5, 2, 0.0, left=0)]
    (fact,) = said(*states).facts
    assert fact.data["km"] == 0.6


def test_only_states_of_the_interface_are_listened_to() -> None:
    assert filters("uagv") == ("uagv/v2/+/+/state",)


@pytest.mark.parametrize(
    ("wrong", "reason", "where"),
    [
        (b"{", "schema", ""),
        (state(1, 0, 0.0) | {"headerId": -1}, "schema", ".headerId"),
        (state(1, 0, 0.0) | {"timestamp": "2026-11-20T08:00:00"}, "schema", ".timestamp"),
        (state(1, 0, 0.0) | {"operatingMode": "AUTONOMOUS"}, "schema", ".operatingMode"),
        (state(1, 0, 0.0) | {"safetyState": {"eStop": "YES"}}, "schema", ".safetyState.eStop"),
        (state(1, 0, -1.0), "schema", ".distanceSinceLastNode"),
        (state(1, 0, 0.0) | {"distanceSinceLastNode": None}, "schema", ".distanceSinceLastNode"),
        (state(1, 0, 0.0) | {"serialNumber": ""}, "schema", ".serialNumber"),
        (b'"' + b"x" * 70_000 + b'"', "too_large", ""),
    ],
)
def test_what_is_wrong_is_refused_where_it_stands(wrong: Any, reason: str, where: str) -> None:
    body = wrong if isinstance(wrong, bytes) else msgspec.json.encode(wrong)
    (reject,) = read([Received(TOPIC, body)], {}, NOW).rejects
    assert (reject.reason, reject.path) == (reason, f"{TOPIC}{where}")
