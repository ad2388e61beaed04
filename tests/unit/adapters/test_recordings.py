"""The recorded messages of Berlin-Brandenburg mean what a person reads in them."""

from __future__ import annotations

from collections.abc import Callable

from cityhub.adapters.dvv.transit.wire import ActualTrip, PlannedTrip
from tests.unit.adapters.conftest import applied, delays

Recorded = Callable[[str], ActualTrip]


def test_u8_of_bvg_has_nine_of_twelve_departures_on_time(recorded: Recorded) -> None:
    """The message has no Zst. IstAbfahrtPrognose − Abfahrtszeit read off the file: 11:32:06 − 11:30 = 126 s and so on;
    the last three leave 6 min 20 s late, which is more than 300 s. 9 ÷ 12 = 75 %."""
    step = applied(recorded("bvg"), at="2024-06-27T13:00:00Z")
    assert delays(step) == [0, 0, 126, 192, 192, 192, 291, 291, 291, 380, 380, 380]
    assert sum(-60 <= delay <= 300 for delay in delays(step)) == 9
    first = step.events[0]
    assert first.data == {
        "trip": "270624_1327HMSWIU#BVG",
        "operating_day": "2024-06-27",
        "line": "U8",
        "direction": "2",
        "stop": "ODEG_900079221",
        "stop_name": None,
        "planned_at": "2024-06-27T11:27:00Z",
        "departed_at": "2024-06-27T11:27:00Z",
        "delay_s": 0,
        "classifier": "ACT",
    }
    assert first.partitionkey == "2024-06-27/270624_1327HMSWIU#BVG"
    assert not first.synthetic


def test_hvg_reports_one_departure_twice(recorded: Recorded) -> None:
    """22 halts: the last has no departure, and stop 900210287 at 14:00:30 is there twice, so 20 departures: ten 38 s
    late, the others 0 or 1 s. The same stop at 13:55:30 is another departure. All are punctual."""
    step = applied(recorded("hvg"), at="2024-06-27T13:00:00Z")
    assert delays(step) == [38] * 10 + [0] * 4 + [1, 1, 0, 1, 1, 1]
    assert step.counts["duplicate_stop"] == 1
    assert len({event.id for event in step.events}) == 20
    assert step.events[0].data["line"] == "687"
    assert step.events[0].data["direction"] == "Friesack"


def test_m5_partial_is_measured_against_the_timetable(recorded: Recorded, recorded_plan: PlannedTrip) -> None:
    """The partial message calls 19:49 planned for Freienwalder Str.; REF-AUS says 19:47: 120 s late, not 0."""
    step = applied(recorded("m5-partial"), plan=(recorded_plan,), at="2026-06-04T20:00:00Z")
    assert delays(step) == [120]
    assert step.events[0].data["stop_name"] == "Freienwalder Str. (Berlin)"
    assert step.events[0].data["planned_at"] == "2026-06-04T17:47:00Z"


def test_m5_full_message_replaces_the_older_partial_one(recorded: Recorded, recorded_plan: PlannedTrip) -> None:
    """Both have Zst 16:04:38; the full one was answered at 16:23:03, the partial one at 16:04:43: the full one holds,
    whichever arrives first. It serves 26 of the 34 planned departures, all on the second."""
    full, partial = recorded("m5-full"), recorded("m5-partial")
    for arrival in ((full, partial), (partial, full)):
        step = applied(*arrival, plan=(recorded_plan,), at="2026-06-04T20:00:00Z")
        assert delays(step) == [0] * 26
        assert {event.data["stop"] for event in step.events} >= {"900150513", "900003255"}
        assert step.counts["without_reference"] == 0
