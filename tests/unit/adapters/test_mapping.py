"""Rules of meaning of VDV-454, one by one."""

from __future__ import annotations

from datetime import timedelta

import pytest

from cityhub.adapters.dvv.transit import mapping
from cityhub.adapters.dvv.transit.mapping import SETTLE_S
from cityhub.adapters.dvv.transit.trips import KEEP_S
from cityhub.adapters.dvv.transit.wire import ActualTrip
from tests.unit.adapters.conftest import applied, delays
from tests.unit.adapters.messages import EIGHT, actual, at, halt, planned, text

PLAN = planned(("A", 0), ("B", 3), ("C", 6), ("D", None))


def test_departure_is_known_only_when_the_feed_has_passed_it_by_a_minute() -> None:
    early = applied(actual(1, halt("A", 0, 1)), plan=(PLAN,), at=text(1.9))
    assert early.events == []
    known = applied(state=early.state, at=text(2))
    assert delays(known) == [60]
    assert known.events[0].time == at(1)
    assert applied(state=known.state, at=text(9)).events == []
    assert SETTLE_S == 60


def test_last_reported_value_stands_and_an_older_message_does_not_replace_it() -> None:
    newer, older = actual(2, halt("A", 0, 2)), actual(1, halt("A", 0, 5))
    assert delays(applied(newer, older, plan=(PLAN,), at=text(9))) == [120]
    assert delays(applied(older, newer, plan=(PLAN,), at=text(9))) == [120]


def test_at_equal_age_the_later_arrival_holds() -> None:
    one, two = actual(1, halt("A", 0, 1)), actual(1, halt("A", 0, 2))
    assert delays(applied(one, two, plan=(PLAN,), at=text(9))) == [120]


def test_more_trips_than_anybody_runs_are_refused_by_name(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(mapping, "MAX_TRIPS", 0)
    (reject,) = applied(actual(1, halt("A", 0, 1)), at=text(9)).rejects
    assert (reject.reason, reject.detail) == ("too_many_trips", "0 trips are known already")


def test_missing_zst_is_that_of_the_answer() -> None:
    first = applied(actual(None, halt("B", 3, 4)), plan=(PLAN,), at=text(1))
    second = applied(actual(0.5, halt("B", 3, 9)), state=first.state, at=text(2))
    assert delays(applied(state=second.state, at=text(60))) == [60]


def test_stop_without_prognosis_is_no_event_but_is_counted_when_the_trip_is_over() -> None:
    step = applied(actual(1, halt("A", 0, 0), halt("B", 3)), plan=(PLAN,), at=text(-5))
    step = applied(state=step.state, at=text(20))
    assert [event.subject for event in step.events] == ["A"]
    over = applied(state=step.state, at=text(21 + KEEP_S / 60))
    assert over.counts["without_realtime"] == 2
    assert over.state.trips == {}


@pytest.mark.parametrize("yes", ["true", True])
def test_vehicle_that_passes_a_stop_does_not_depart_there(yes: bool | str) -> None:
    step = applied(actual(1, halt("A", 0, 0, passes=yes), halt("B", 3, 3)), plan=(PLAN,), at=text(20))
    assert [event.subject for event in step.events] == ["B"]


def test_last_stop_has_no_departure() -> None:
    assert applied(actual(1, halt("D", None, 9)), plan=(PLAN,), at=text(20)).events == []


def test_full_message_ends_what_it_no_longer_contains() -> None:
    full = actual(1, halt("A", 0, 0), halt("B", 3, 3), halt("C", 6, 6), complete="true")
    shortened = actual(2, halt("A", 0, 0), halt("B", 3, 3), complete=True)
    for arrival in ((full, shortened), (shortened, full)):
        step = applied(*arrival, plan=(PLAN,), at=text(20))
        assert [event.subject for event in step.events] == ["A", "B"]


def test_full_message_does_not_unmake_a_departure_that_had_passed() -> None:
    step = applied(actual(1, halt("A", 0, 1)), actual(2, halt("B", 3, 3), complete="true"), plan=(PLAN,), at=text(20))
    assert [event.subject for event in step.events] == ["A", "B"]


def test_without_prognosis_only_what_had_happened_counts() -> None:
    tracked = actual(0, halt("A", 0, 0), halt("B", 3, 3), halt("C", 6, 6))
    lost = actual(4, predictable="false")
    step = applied(tracked, lost, plan=(PLAN,), at=text(20))
    assert [event.subject for event in step.events] == ["A", "B"]


def test_cancelled_trip_is_one_event_at_its_start_and_has_no_departures() -> None:
    step = applied(actual(-9, halt("A", 0, 0), cancelled="true"), plan=(PLAN,), at=text(-8))
    assert step.events == []
    step = applied(actual(-7, cancelled="true"), actual(-6, halt("A", 0, 0)), state=step.state, at=text(20))
    (event,) = step.events
    assert event.type == "de.duisburg.dvv.transit.trip-cancelled.v1"
    assert (event.time, event.subject) == (EIGHT, "T1")
    assert event.data == {
        "trip": "T1",
        "operating_day": "2026-11-20",
        "line": "901",
        "direction": "",
        "planned_at": "2026-11-20T07:00:00Z",
    }
    later = applied(actual(21, halt("B", 3, 3), cancelled="false"), state=step.state, at=text(40))
    assert later.events == []


def test_cancellation_taken_back_in_time_counts_as_a_trip() -> None:
    cancelled, runs = actual(-9, cancelled="true"), actual(-5, halt("A", 0, 0), complete="true")
    assert delays(applied(cancelled, runs, plan=(PLAN,), at=text(20))) == [0]


def test_cancellation_of_a_trip_nobody_knows_is_counted() -> None:
    step = applied(actual(-9, cancelled="true"), at=text(0))
    assert applied(state=step.state, at=text(KEEP_S)).counts["cancelled_without_start"] == 1


def test_news_of_a_departure_already_told_is_counted_not_repeated() -> None:
    told = applied(actual(1, halt("A", 0, 1)), plan=(PLAN,), at=text(5))
    step = applied(actual(6, halt("A", 0, 4)), state=told.state, at=text(20))
    assert step.events == []
    assert step.counts["late_change"] == 1


def test_stop_served_twice_is_matched_by_occurrence_or_by_time() -> None:
    loop = planned(("A", 0), ("B", 5), ("A", 10), ("C", None))
    both = applied(actual(1, halt("A", 8, 9), halt("A", 18, 19)), plan=(loop,), at=text(60))
    assert [event.data["planned_at"][11:16] for event in both.events] == ["07:00", "07:10"]
    assert delays(both) == [540, 540]
    one = applied(actual(1, halt("A", 8, 12)), plan=(loop,), at=text(60))
    assert delays(one) == [120]


def test_additional_stop_keeps_its_own_planned_time() -> None:
    step = applied(actual(1, halt("A", 0, 0), halt("A", 2, 3, extra="true")), plan=(PLAN,), at=text(20))
    assert delays(step) == [0, 60]


def test_timetable_that_comes_late_takes_the_reports_over() -> None:
    first = applied(actual(0, halt("A", 2, 3)), at=text(1))
    step = applied(plan=(PLAN,), state=first.state, at=text(20))
    assert delays(step) == [180]
    assert step.events[0].data["stop_name"] == "Halt A"


def test_new_timetable_does_not_repeat_what_was_told() -> None:
    told = applied(actual(0, halt("A", 0, 1)), plan=(PLAN,), at=text(5))
    moved = planned(("A", 2), ("B", 5), ("D", None), created=4)
    assert applied(plan=(moved,), state=told.state, at=text(20)).events == []


def test_departures_without_timetable_are_counted() -> None:
    assert applied(actual(1, halt("A", 0, 1)), at=text(20)).counts["without_reference"] == 1


def test_more_data_waiting_means_that_only_the_newest_message_is_reached() -> None:
    """The partner's clock says 08:60, but what happened between is on the next page."""
    page = applied(actual(0, halt("A", 0, 0), halt("B", 3, 3)), plan=(PLAN,), at=text(60), more=True)
    assert page.events == []
    step = applied(actual(2, halt("A", 0, 2), halt("B", 3, 5)), state=page.state, at=text(60))
    assert delays(step) == [120, 120]


def test_clock_of_the_partner_that_runs_ahead_is_not_followed() -> None:
    step = applied(actual(1, halt("B", 3, 3)), plan=(PLAN,), at=text(600), now=at(2))
    assert step.events == []
    assert step.state.clock_s == at(2).timestamp()


def test_simulated_answers_carry_their_own_source() -> None:
    step = applied(actual(1, halt("A", 0, 1)), at=text(20), synthetic=True)
    assert step.events[0].synthetic
    assert step.events[0].source == "//cityhub/simulated-city/dvv/vdv454"


@pytest.mark.parametrize(
    ("message", "reason", "path"),
    [
        (actual(6, halt("A", 0, 0)), "time_in_future", "IstFahrt[2026-11-20/T1].Zst"),
        (actual(0, halt("A", 60 * 70)), "outside_operating_day", "IstFahrt[2026-11-20/T1].IstHalts[0].Abfahrtszeit"),
        (actual(0, halt("A", 0, 800)), "implausible_time", "IstFahrt[2026-11-20/T1].IstHalts[0].IstAbfahrtPrognose"),
    ],
)
def test_unbelievable_trip_is_refused_and_its_neighbour_goes_on(message: ActualTrip, reason: str, path: str) -> None:
    neighbour = actual(-30, halt("A", -30, -30), trip="T2")
    step = applied(message, neighbour, at=text(0), now=EIGHT)
    assert [(reject.reason, reject.path) for reject in step.rejects] == [(reason, path)]
    assert [event.data["trip"] for event in step.events] == ["T2"]


def test_operating_day_far_ahead_is_refused() -> None:
    step = applied(actual(-60 * 24 * 20, halt("A", 0, 0)), at=text(0), now=EIGHT - timedelta(days=9))
    assert [reject.reason for reject in step.rejects] == ["operating_day"]


def test_event_that_breaks_the_profile_is_refused_once() -> None:
    step = applied(actual(0, halt("A\u2028", 0, 0)), at=text(20))
    assert [reject.reason for reject in step.rejects] == ["envelope"]
    assert applied(state=step.state, at=text(30)).rejects == []
