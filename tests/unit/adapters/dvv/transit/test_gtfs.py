"""GTFS as a source of planned trips: days, instants, stops, agencies; what is hostile, wrong or huge."""

from __future__ import annotations

import io
import tracemalloc
import zipfile
from collections import Counter
from datetime import UTC, date, datetime, timedelta
from pathlib import Path

import pytest

from cityhub.adapters.dvv.transit import gtfs as module
from cityhub.adapters.dvv.transit.gtfs import parse_gtfs
from cityhub.adapters.dvv.transit.wire import PlannedTrip
from cityhub.adapters.errors import FeedFault
from cityhub.adapters.formats import zipped_tables
from tests.unit.adapters.conformance.spoiling import spoilers
from tests.unit.adapters.dvv.transit.feeds import FRIDAY, TABLES, edited, gtfs
from tests.unit.adapters.test_zip_file import zipped


def planned(body: bytes, day: date = FRIDAY, *agencies: str) -> dict[str, PlannedTrip]:
    """By trip."""
    return {trip.id.trip: trip for trip in parse_gtfs(body, [day], agencies).planned(day)}


def test_recorded_timetable_agrees_stop_by_stop_with_the_recorded_vdv_one(
    recordings: Path, recorded_plan: PlannedTrip
) -> None:
    """By hand: 1 trip, 35 stop times, so 34 departures, 19:04 to 20:06; Thursday 2026-06-04 is a service day. The DHIDs
    of GTFS end with the HaltID of VDV. It leaves Alt-Hohenschönhausen at 19:52, not 19:51, when it arrives."""
    day = date(2026, 6, 4)
    timetable = parse_gtfs((recordings / "vbb-m5.gtfs.zip").read_bytes(), [day])
    (trip,) = timetable.planned(day)
    assert (len(timetable.trips), len(trip.stops), timetable.rejects) == (1, 35, ())
    assert trip.line_text == recorded_plan.line_text == "M5"
    assert [(halt.stop.rpartition(":")[2], halt.planned) for halt in trip.stops] == [
        (halt.stop, halt.planned) for halt in recorded_plan.stops
    ]
    assert sum(halt.planned is not None for halt in trip.stops) == 34
    assert {halt.stop.rpartition(":")[0] for halt in trip.stops} == {"de:11000"}


@pytest.mark.parametrize(
    ("day", "runs"), [("2026-06-05", True), ("2026-06-06", False), ("2026-06-29", True), ("2026-06-28", False)]
)
def test_recorded_calendar_and_its_exceptions(day: str, runs: bool, recordings: Path) -> None:
    """Monday to Friday up to 12 June, seven days more in calendar_dates."""
    days = [date(2026, 6, 4), date.fromisoformat(day)]
    timetable = parse_gtfs((recordings / "vbb-m5.gtfs.zip").read_bytes(), days)
    assert len(timetable.planned(days[1])) == runs


def test_a_trip_as_it_is_planned() -> None:
    trip = planned(gtfs(), FRIDAY, "20")["T1"]
    assert (trip.id.day, trip.line_id, trip.line_text, trip.direction_text) == (FRIDAY, "R901", "901", "Zoo/Uni")
    at = datetime(2026, 11, 20, 7, tzinfo=UTC)
    assert [
        (halt.stop, halt.name, halt.planned and (halt.planned - at) / timedelta(minutes=1)) for halt in trip.stops
    ] == [
        ("de:05112:1", "Rathaus", 0),
        ("de:05112:2", "Duisburg, Hbf", 3),
        ("de:05112:3", "Lutherplatz", 5),
        ("STATION", "Zoo/Uni", None),
    ]


def test_the_night_belongs_to_the_day_before() -> None:
    trip = planned(gtfs())["N1"]
    assert [halt.planned for halt in trip.stops] == [
        datetime(2026, 11, 20, 23, 50, tzinfo=UTC),
        datetime(2026, 11, 21, 0, 10, tzinfo=UTC),
        None,
    ]
    assert [halt.stop for halt in trip.stops] == ["STATION", "de:05112:2", "INTERN"]


@pytest.mark.parametrize(
    ("day", "eight", "night"),
    [
        ("2026-03-28", "2026-03-28T07:00Z", "2026-03-28T23:50Z"),
        ("2026-03-29", "2026-03-29T06:00Z", "2026-03-29T22:50Z"),
        ("2026-10-24", "2026-10-24T06:00Z", "2026-10-24T22:50Z"),
        ("2026-10-25", "2026-10-25T07:00Z", "2026-10-25T23:50Z"),
    ],
)
def test_times_count_from_noon_minus_twelve_hours(day: str, eight: str, night: str) -> None:
    """08:00 is eight o'clock whatever happened to the clocks in the night before; 24:50 is 16 h 50 min later."""
    always = TABLES["calendar.txt"].replace("0,0,0,0,1,0,0,20261101", "1,1,1,1,1,1,1,20260101")
    trips = planned(gtfs(calendar=always), date.fromisoformat(day))
    assert trips["T1"].stops[0].planned == datetime.fromisoformat(eight)
    assert trips["N1"].stops[0].planned == datetime.fromisoformat(night)


@pytest.mark.parametrize(
    ("agencies", "trips"),
    [
        (("20",), {"T1", "N1"}),
        (("DVG",), {"T1", "N1"}),
        (("20", "Andere"), {"T1", "N1", "X1"}),
        ((), {"T1", "N1", "X1"}),
    ],
)
def test_agencies_are_chosen_by_id_or_name(agencies: tuple[str, ...], trips: set[str]) -> None:
    assert planned(gtfs(), FRIDAY, *agencies).keys() == trips


def test_a_single_agency_need_not_be_named_by_its_routes() -> None:
    agency = "agency_name,agency_timezone\nDVG,Europe/Berlin\n"
    routes = "route_id,route_short_name\nR901,901\n"
    assert planned(gtfs(agency=agency, routes=routes), FRIDAY, "DVG").keys() == {"T1", "N1"}


def test_exceptions_take_and_give_days_and_may_stand_alone() -> None:
    friday, saturday = date(2026, 11, 27), date(2026, 11, 28)
    assert [planned(gtfs(), day, "20").keys() for day in (friday, saturday) if day == saturday] == [{"T1", "N1"}]
    assert planned(gtfs(), friday).keys() == {"X1"}
    assert planned(gtfs(calendar=None), saturday).keys() == {"T1", "N1"}
    assert planned(gtfs(calendar_dates=None), friday).keys() == {"T1", "N1", "X1"}


REJECTED = {
    "time": (edited("stop_times", "08:02:30,08:03:00", "08:02:30,08:73:00"), "schema", "stop_times.txt[4]", 1),
    "sequence": (edited("stop_times", ":2::4,20", ":2::4,zwanzig"), "schema", "stop_times.txt[4]", 1),
    "short row": (
        edited("stop_times", "T1,08:09:00,08:09:00,PLATFORM,40", "T1,08:09"),
        "schema",
        "stop_times.txt[5]",
        1,
    ),
    "long trip id": (edited("trips", "FR,T1", "FR," + "T" * 121), "schema", "trips.txt[2]", 0),
    "route without id": (edited("routes", "R1,99", ",99"), "schema", "routes.txt[3]", 1),
    "calendar": (edited("calendar", "DAILY,1", "DAILY,x"), "schema", "calendar.txt[3]", 1),
    "calendar day": (edited("calendar", "20261231\nDAILY", "20261331\nDAILY"), "schema", "calendar.txt[2]", 0),
    "exception": (edited("calendar_dates", "FR,20261127,2", "FR,20261127,3"), "schema", "calendar_dates.txt[2]", 1),
    "number twice": (edited("stop_times", ":2::4,20", ":2::4,10"), "stop_times", "trips.txt[T1]", 0),
    "unknown stop": (edited("stops", "INTERN,Betriebshof", "EXTERN,Betriebshof"), "stop_times", "trips.txt[N1]", 1),
    "headway": (
        gtfs(frequencies="trip_id,start_time,end_time,headway_secs\nT1,0:00:00,9:00:00,600\n"),
        "frequency",
        "frequencies.txt[2]",
        0,
    ),
}


@pytest.mark.parametrize(("body", "reason", "path", "kept"), REJECTED.values(), ids=REJECTED.keys())
def test_a_bad_row_costs_what_stands_in_it(body: bytes, reason: str, path: str, kept: int) -> None:
    timetable = parse_gtfs(body, [FRIDAY, FRIDAY + timedelta(days=1)])
    assert [(reject.reason, reject.path) for reject in timetable.rejects] == [(reason, path)]
    assert ("T1" in timetable.trips) == kept


def test_a_stop_without_time_is_no_departure_and_counted() -> None:
    timetable = parse_gtfs(edited("stop_times", "08:02:30,08:03:00", ","), [FRIDAY])
    halts = next(trip for trip in timetable.planned(FRIDAY) if trip.id.trip == "T1").stops
    assert [halt.planned is None for halt in halts] == [False, True, False, True]
    assert timetable.noted["without_time"] == 1


FAULTS = {
    "no zip": (b"PK\x03\x04", "zip", "no zip"),
    "no trips": (gtfs(trips=None), "zip", "no trips.txt"),
    "no calendar": (gtfs(calendar=None, calendar_dates=None), "zip", "no calendar.txt"),
    "no column": (
        edited("stop_times", "departure_time", "departs"),
        "parse",
        "stop_times.txt has no column departure_time",
    ),
    "latin-1": (
        zipped(*((name, text.encode("utf-8" if name != "stops.txt" else "utf-16")) for name, text in TABLES.items())),
        "parse",
        "stops.txt is no table of CSV in UTF-8",
    ),
    "quotation": (gtfs(stops=TABLES["stops.txt"] + 'A,"B'), "parse", "stops.txt is no table of CSV"),
    "endless line": (gtfs(stops=TABLES["stops.txt"] + "x" * 70_000), "parse", "more than 65536 bytes"),
    "two zones": (
        edited("agency", "99,Andere,https://example.test,Europe/Berlin", "99,Andere,,Europe/Paris"),
        "parse",
        "2 time zones",
    ),
    "no zone": (gtfs(agency="agency_name,agency_timezone\nDVG,Ruhrgebiet\n"), "parse", "'Ruhrgebiet' is no time zone"),
    "zone that is a path": (
        gtfs(agency="agency_name,agency_timezone\nDVG,../../etc/passwd\n"),
        "parse",
        "is no time zone",
    ),
    "bomb": (gtfs(stop_times=TABLES["stop_times.txt"] + "\n" * 5_000_000), "zip", "larger than it may be unpacked"),
    "path": (zipped(("../agency.txt", b"")), "zip", "must not be paths"),
}


@pytest.mark.parametrize(("body", "reason", "why"), FAULTS.values(), ids=FAULTS.keys())
def test_what_is_no_timetable_is_a_fault(body: bytes, reason: str, why: str) -> None:
    with pytest.raises(FeedFault, match=why) as fault:
        parse_gtfs(body, [FRIDAY])
    assert fault.value.reason == reason


def test_an_unknown_agency_is_named_with_those_there_are() -> None:
    with pytest.raises(FeedFault, match="is Rheinbahn; it has 20, 99, Andere, DVG") as fault:
        parse_gtfs(gtfs(), [FRIDAY], ["Rheinbahn"])
    assert fault.value.reason == "agency"


def test_a_timetable_that_has_ended_is_named() -> None:
    with pytest.raises(FeedFault, match="nothing of the feed runs on 2027-02-01; load a newer timetable") as fault:
        parse_gtfs(gtfs(), [date(2027, 2, 1)])
    assert fault.value.reason == "outdated"


def test_too_much_is_left_with_the_advice_to_name_agencies(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "MAX_STOP_TIMES", 7)
    assert planned(gtfs(), FRIDAY, "20").keys() == {"T1", "N1"}
    with pytest.raises(FeedFault, match="more than 7 stop times; name the agencies"):
        parse_gtfs(gtfs(), [FRIDAY])


def test_rejects_are_kept_in_bounds_and_counted(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "MAX_REJECTS", 2)
    timetable = parse_gtfs(gtfs(stop_times=TABLES["stop_times.txt"] + "kurz\n" * 5), [FRIDAY])
    assert (len(timetable.rejects), timetable.noted["further_rejects"]) == (2, 3)


def test_a_huge_table_of_others_never_stands_in_memory() -> None:
    """6 MB of stop times of another agency cost a buffer."""
    rows = "".join(f"X{number},09:00:00,09:{number % 60:02}:00,{number * 7919 % 9973},1\n" for number in range(200_000))
    body = gtfs(stop_times=TABLES["stop_times.txt"] + rows)
    tracemalloc.start()
    try:
        assert planned(body, FRIDAY, "20").keys() == {"T1", "N1"}
        _, peak = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    assert peak < 4_000_000


def test_what_the_zip_says_of_a_size_is_not_believed(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(zipped_tables, "MAX_UNPACKED", 100)
    with pytest.raises(FeedFault, match="larger than it may be unpacked"):
        parse_gtfs(gtfs(), [FRIDAY])


def test_an_encrypted_zip_is_named() -> None:
    body = bytearray(gtfs())
    at = body.index(b"PK\x01\x02")
    body[at + 8] |= 1
    with pytest.raises(FeedFault, match="is encrypted"):
        parse_gtfs(bytes(body), [FRIDAY])


def test_spoilt_zips_are_faults_or_rejects_and_never_more() -> None:
    stored = io.BytesIO()
    with zipfile.ZipFile(stored, "w") as archive:
        for name, text in TABLES.items():
            archive.writestr(name, text)
    outcomes: Counter[str] = Counter()
    for spoil in spoilers():
        for body in (gtfs(), stored.getvalue()):
            try:
                timetable = parse_gtfs(spoil(body), [FRIDAY])
                outcomes["rejects" if timetable.rejects else "read"] += 1
            except FeedFault as fault:
                outcomes[fault.reason] += 1
    for table, text in TABLES.items():
        others = [(name, content.encode()) for name, content in TABLES.items() if name != table]
        for spoil in spoilers():
            try:
                parse_gtfs(zipped(*others, (table, spoil(text.encode()))), [FRIDAY])
                outcomes["table read"] += 1
            except FeedFault as fault:
                outcomes[f"table {fault.reason}"] += 1
    assert sum(outcomes.values()) == (2 + len(TABLES)) * len(spoilers())
    assert outcomes["read"] < len(spoilers()), outcomes
