"""TripUpdates made with the bindings, against a small timetable: what they say of departures."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable
from datetime import UTC, date, datetime, timedelta
from pathlib import Path

import pytest
from google.transit.gtfs_realtime_pb2 import FeedMessage, TripDescriptor, TripUpdate

from cityhub.adapters.dvv.transit import wire
from cityhub.adapters.dvv.transit.gtfs import parse_gtfs
from cityhub.adapters.dvv.transit.gtfs_rt import Updates, parse_updates
from cityhub.adapters.errors import FeedFault
from tests.unit.adapters.conformance.spoiling import spoilers
from tests.unit.adapters.conftest import applied, delays
from tests.unit.adapters.dvv.transit.feeds import EIGHT, FRIDAY, gtfs, seconds, stop, update, updates

DAYS = [FRIDAY + timedelta(days=ahead) for ahead in (-1, 0, 1)]
TIMETABLE = parse_gtfs(gtfs(), DAYS, ["DVG"])
PLAN = tuple(TIMETABLE.planned(FRIDAY))
SKIPPED, NO_DATA = TripUpdate.StopTimeUpdate.SKIPPED, TripUpdate.StopTimeUpdate.NO_DATA


def read(*said: TripUpdate, at: float = 0, whole: bool = False) -> Updates:
    """Of a message made `at` minutes after 08:00."""
    return parse_updates(updates(*said, at=at).SerializeToString(), TIMETABLE, None, whole=whole)


def late(*stops: TripUpdate.StopTimeUpdate, trip: str = "T1") -> list[int | None]:
    """Seconds late at the stops of which something is said; None where there is no prognosis."""
    (found,) = read(update(trip, *stops)).trips
    known = ((halt.predicted, halt.planned) for halt in found.stops)
    return [
        int((predicted - planned).total_seconds()) if predicted and planned else None for predicted, planned in known
    ]


@pytest.mark.parametrize(
    ("stops", "expected"),
    [
        ([stop(10, departure_delay=60)], [60, 60, 60]),
        ([stop(20, departure_delay=60)], [60, 60]),
        ([stop(10, departure_delay=60), stop(30, departure_delay=-30)], [60, 60, -30]),
        ([stop(10, departure_time=seconds(1.5))], [90, 90, 90]),
        ([stop(10, departure_time=seconds(1), departure_delay=999)], [60, 60, 60]),
        ([stop(20, arrival_time=seconds(4))], [90, 90]),
        ([stop(20, arrival_delay=45)], [45, 45]),
        ([stop(20, arrival_delay=45, departure_delay=10)], [10, 10]),
        ([stop(10, departure_delay=60), stop(20, schedule_relationship=SKIPPED)], [60, None, 60]),
        ([stop(10, departure_delay=60), stop(20, schedule_relationship=NO_DATA)], [60, None]),
        ([stop(10, departure_delay=60), stop(20)], [60, 60, 60]),
        ([stop(stop_id="de:05112:2::4", departure_delay=20)], [20, 20]),
        ([stop(stop_id="de:05112:2::4"), stop(30, departure_delay=5)], [None, 5]),
        ([stop(40, arrival_delay=20)], []),
        ([], []),
    ],
)
def test_what_an_update_says_holds_up_to_the_next_one(
    stops: list[TripUpdate.StopTimeUpdate], expected: list[int | None]
) -> None:
    assert late(*stops) == expected


def test_a_delay_of_the_whole_trip_counts_where_no_stop_is_named() -> None:
    whole = update("T1")
    whole.delay = 30
    named = update("T1", stop(20, departure_delay=60))
    named.delay = 30
    assert [len(trip.stops) for trip in read(whole, named).trips] == [3, 2]
    assert delays(applied(read(named).trips[0], plan=PLAN, at="2026-11-20T08:00:00Z")) == [60, 60]


def test_updates_and_timetable_give_the_departures_of_the_mapping() -> None:
    """By hand: 20 s, then 90 s; Lutherplatz is skipped. The night trip is not yet on its way."""
    said = read(
        update(
            "T1", stop(10, departure_delay=20), stop(20, departure_delay=90), stop(30, schedule_relationship=SKIPPED)
        )
    )
    step = applied(*said.trips, plan=PLAN, at="2026-11-20T07:30:00Z")
    assert delays(step) == [20, 90]
    assert (step.rejects, step.counts["without_reference"]) == ([], 0)
    assert step.events[1].data == {
        "trip": "T1",
        "operating_day": "2026-11-20",
        "line": "901",
        "direction": "Zoo/Uni",
        "stop": "de:05112:2",
        "stop_name": "Duisburg, Hbf",
        "planned_at": "2026-11-20T07:03:00Z",
        "departed_at": "2026-11-20T07:04:30Z",
        "delay_s": 90,
        "classifier": "ACT",
    }


def test_recorded_m5_gives_the_same_departures_by_gtfs_as_by_vdv(
    recordings: Path, recorded: Callable[[str], wire.ActualTrip], recorded_plan: wire.PlannedTrip
) -> None:
    """The recorded IstFahrt said as TripUpdates, of the recorded GTFS: 26 departures; from Gehrenseestr. on no data."""
    reported = recorded("m5-full")
    timetable = parse_gtfs((recordings / "vbb-m5.gtfs.zip").read_bytes(), [reported.id.day], ["796"])
    served = {one.id.rpartition(":")[2]: stop_id for stop_id, one in timetable.stops.items()}
    (trip_id,) = timetable.trips
    stops = [
        stop(stop_id=served[halt.stop], departure_time=int(halt.predicted.timestamp()))
        if halt.predicted
        else stop(stop_id=served[halt.stop], schedule_relationship=NO_DATA)
        for halt in reported.stops
    ]
    message = updates(update(trip_id, *stops, start_date="20260604"))
    message.header.timestamp = int(datetime(2026, 6, 4, 16, 23, tzinfo=UTC).timestamp())
    said = parse_updates(message.SerializeToString(), timetable, None, whole=True)
    plan = tuple(timetable.planned(reported.id.day))
    by_gtfs = applied(*said.trips, plan=plan, at="2026-06-04T20:00:00Z", now=datetime(2026, 6, 4, 20, tzinfo=UTC))
    by_vdv = applied(reported, plan=(recorded_plan,), at="2026-06-04T20:00:00Z")
    compared = ("planned_at", "departed_at", "delay_s", "line")
    assert [[event.data[name] for name in compared] for event in by_gtfs.events] == [
        [event.data[name] for name in compared] for event in by_vdv.events
    ]
    assert [event.subject.rpartition(":")[2] for event in by_gtfs.events] == [event.subject for event in by_vdv.events]
    assert (len(by_gtfs.events), said.rejects, said.noted) == (26, [], {})


@pytest.mark.parametrize("relationship", [TripDescriptor.CANCELED, TripDescriptor.DELETED])
def test_a_cancelled_trip_is_told_once_and_can_be_taken_back(relationship: int) -> None:
    cancelled = read(update("T1", schedule_relationship=relationship), at=-60).trips
    back = read(update("T1", stop(10, departure_delay=0)), at=-30).trips
    step = applied(*cancelled, plan=PLAN, at="2026-11-20T07:30:00Z")
    assert [(event.type.split(".")[4], event.time) for event in step.events] == [("trip-cancelled", EIGHT)]
    assert delays(applied(*cancelled, *back, plan=PLAN, at="2026-11-20T07:30:00Z")) == [0, 0, 0]
    assert delays(applied(*back, *cancelled, plan=PLAN, at="2026-11-20T07:30:00Z")) == [0, 0, 0]


def test_a_timetable_that_comes_later_takes_no_cancellation_back() -> None:
    """It has no instant of its own: it is older than any report."""
    cancelled = read(update("T1", schedule_relationship=TripDescriptor.CANCELED), at=-60).trips
    first = applied(*cancelled, plan=PLAN, at="2026-11-20T06:00:00Z")
    again = applied(plan=PLAN, at="2026-11-20T07:30:00Z", state=first.state)
    assert [event.type.split(".")[4] for event in again.events] == ["trip-cancelled"]


def test_the_newer_report_holds_by_its_timestamp() -> None:
    new, old = update("T1", stop(10, departure_delay=20)), update("T1", stop(10, departure_delay=99))
    new.timestamp, old.timestamp = seconds(0.2), seconds(-5)
    assert delays(applied(*read(new, old, at=1).trips, plan=PLAN, at="2026-11-20T07:30:00Z")) == [20, 20, 20]


@pytest.mark.parametrize(
    ("trip", "said", "day"),
    [
        ("T1", stop(10, departure_time=seconds(1)), FRIDAY),
        ("N1", stop(1, departure_time=seconds(17 * 60)), FRIDAY),
        ("N1", stop(1, departure_delay=0), FRIDAY),
        ("X1", stop(1, departure_time=seconds(60)), FRIDAY),
        ("X1", stop(1, arrival_time=seconds(24 * 60 + 61)), FRIDAY + timedelta(days=1)),
        ("X1", stop(1, arrival_time=seconds(-22 * 60)), FRIDAY - timedelta(days=1)),
    ],
)
def test_without_a_day_it_is_that_on_which_the_trip_runs_nearest(
    trip: str, said: TripUpdate.StopTimeUpdate, day: date
) -> None:
    timetable = parse_gtfs(gtfs(), DAYS)
    message = updates(update(trip, said, start_date="")).SerializeToString()
    (found,) = parse_updates(message, timetable, None, whole=True).trips
    assert found.id.day == day


def test_another_day_than_those_at_hand_is_counted() -> None:
    said = read(update("T1", start_date="20261121"), update("T1", start_date="20261204"))
    assert (said.trips, said.noted) == ([], {"other_day": 2})


def test_trips_of_others_are_counted_where_agencies_are_chosen_else_refused() -> None:
    added = update("T9", schedule_relationship=TripDescriptor.ADDED)
    assert read(update("T9"), added).noted == {"not_in_timetable": 2}
    said = read(update("T9"), added, whole=True)
    assert said.noted == {"not_in_timetable": 1}
    assert [(one.reason, one.path) for one in said.rejects] == [("unknown_trip", "entity[0].trip_update.trip")]
    assert [one.reason for one in read(update("")).rejects] == ["unknown_trip"]


def test_a_stop_the_trip_does_not_serve_is_counted() -> None:
    said = read(update("T1", stop(11, departure_delay=5), stop(stop_id="FAR"), stop(20, departure_delay=60)))
    assert said.noted["unknown_stop"] == 2
    assert len(said.trips[0].stops) == 2


@pytest.mark.parametrize(
    ("bad", "why"),
    [
        (update("T1", start_date="20.11.2026"), "start_date '20.11.2026' is no day"),
        (update("T1", start_date="20261332"), "month"),
        (update("T1", stop(10, departure_time=-5)), "-5 are no seconds since 1970"),
        (update("T1", stop(10, departure_time=2**62)), "are no seconds since 1970"),
        (update("T1", *[stop(10)] * 1_001), "1001 stops; there must be 1000 at most"),
    ],
)
def test_a_bad_update_costs_no_other(bad: TripUpdate, why: str) -> None:
    said = read(bad, update("T1", stop(10, departure_delay=20)))
    assert [(one.reason, one.path) for one in said.rejects] == [("schema", "entity[0].trip_update")]
    assert why in said.rejects[0].detail
    assert len(said.trips) == 1


def test_a_delay_beyond_reason_is_refused_by_the_mapping() -> None:
    said = read(update("T1", stop(10, departure_delay=2**31 - 1)))
    assert [one.reason for one in applied(*said.trips, plan=PLAN, at="2026-11-20T07:30:00Z").rejects] == [
        "implausible_time"
    ]


def test_text_that_is_none_costs_no_other() -> None:
    good, bad = update("T1", stop(10, departure_delay=20)), update("TX", start_date="DX")
    body = updates(bad, good).SerializeToString()
    for text in (b"TX", b"DX"):
        said = parse_updates(body.replace(text, b"\xff\xfe"), TIMETABLE, None, whole=False)
        assert ([one.reason for one in said.rejects], len(said.trips)) == (["schema"], 1)


def test_positions_and_alerts_are_not_read() -> None:
    message = updates()
    message.entity.add(id="1").vehicle.trip.trip_id = "T1"
    message.entity.add(id="2").alert.header_text.translation.add(text="Hinweis")
    said = parse_updates(message.SerializeToString(), TIMETABLE, None, whole=True)
    assert (said.trips, said.rejects, said.noted) == ([], [], {})


def test_the_clock_is_the_messages_own() -> None:
    assert read(at=2).created == EIGHT + timedelta(minutes=2)
    old = FeedMessage()
    old.header.gtfs_realtime_version = "1.0"
    served = datetime(2026, 11, 20, 7, 1, tzinfo=UTC)
    assert parse_updates(old.SerializeToString(), TIMETABLE, served, whole=False).created == served
    with pytest.raises(FeedFault, match=r"header\.timestamp: 0 are no seconds"):
        parse_updates(old.SerializeToString(), TIMETABLE, None, whole=False)
    old.header.timestamp = 2**63
    with pytest.raises(FeedFault, match=r"header\.timestamp"):
        parse_updates(old.SerializeToString(), TIMETABLE, served, whole=False)


@pytest.mark.parametrize("body", [b"", b"{}", updates().SerializeToString()[:-1]])
def test_what_is_no_message_is_a_fault(body: bytes) -> None:
    with pytest.raises(FeedFault) as fault:
        parse_updates(body, TIMETABLE, None, whole=False)
    assert fault.value.reason == "parse"


def test_a_crowd_is_left_whole() -> None:
    message = updates()
    for number in range(wire.MAX_TRIPS + 1):
        message.entity.add(id=str(number))
    with pytest.raises(FeedFault, match="more than 20000 entities") as fault:
        parse_updates(message.SerializeToString(), TIMETABLE, None, whole=False)
    assert fault.value.reason == "too_many_values"


def test_spoilt_messages_are_faults_or_rejects_and_never_more() -> None:
    body = updates(
        *(update("T1", stop(10, departure_time=seconds(minute))) for minute in range(20))
    ).SerializeToString()
    outcomes: Counter[str] = Counter()
    for spoil in spoilers():
        try:
            said = parse_updates(spoil(body), TIMETABLE, None, whole=False)
            applied(*said.trips, plan=PLAN, at="2026-11-20T07:30:00Z")
            outcomes["rejects" if said.rejects else "read"] += 1
        except FeedFault as fault:
            outcomes[fault.reason] += 1
    assert sum(outcomes.values()) == len(spoilers())
    assert outcomes["parse"] > len(spoilers()) // 2, outcomes
