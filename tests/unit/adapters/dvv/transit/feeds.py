"""A small timetable of our own in GTFS, and TripUpdates to it.

Line 901 of agency 20 runs as T1 on Fridays (08:00, 08:03, 08:05, ends 08:09) and as N1 in the night after (24:50,
25:10, ends 25:20); agency 99 is another one.
"""

from __future__ import annotations

from datetime import UTC, date, datetime

from google.transit.gtfs_realtime_pb2 import FeedMessage, TripUpdate

from tests.unit.adapters.test_zip_file import zipped

FRIDAY = date(2026, 11, 20)
EIGHT = datetime(2026, 11, 20, 7, tzinfo=UTC)
TABLES = {
    "agency.txt": "agency_id,agency_name,agency_url,agency_timezone\n"
    "20,DVG,https://example.test,Europe/Berlin\n99,Andere,https://example.test,Europe/Berlin\n",
    "routes.txt": "route_id,agency_id,route_short_name,route_long_name,route_type\n"
    "R901,20,901,Zoo – Mattlerbusch,0\nR1,99,1,,3\n",
    "calendar.txt": "service_id,monday,tuesday,wednesday,thursday,friday,saturday,sunday,start_date,end_date\n"
    "FR,0,0,0,0,1,0,0,20261101,20261231\nDAILY,1,1,1,1,1,1,1,20261101,20261231\n",
    "calendar_dates.txt": "service_id,date,exception_type\nFR,20261127,2\nFR,20261128,1\n",
    "trips.txt": "route_id,service_id,trip_id,trip_headsign\n"
    "R901,FR,T1,Zoo/Uni\nR901,FR,N1,Mattlerbusch\nR1,DAILY,X1,Dortmund\n",
    "stop_times.txt": "trip_id,arrival_time,departure_time,stop_id,stop_sequence\n"
    "T1,08:05:00,08:05:00,de:05112:3:1:2,30\n"
    "T1,08:00:00,08:00:00,de:05112:1:1:1,10\n"
    "T1,08:02:30,08:03:00,de:05112:2::4,20\n"
    "T1,08:09:00,08:09:00,PLATFORM,40\n"
    "N1,24:50:00,24:50:00,PLATFORM,1\nN1,25:10:00,25:10:00,de:05112:2::4,2\nN1,25:20:00,25:20:00,INTERN,3\n"
    "X1,09:00:00,09:00:00,FAR,1\nX1,09:10:00,09:10:00,FARTHER,2\n",
    "stops.txt": 'stop_id,stop_name,parent_station\nde:05112:1:1:1,Rathaus,\nde:05112:2::4,"Duisburg, Hbf",\n'
    "de:05112:3:1:2,Lutherplatz,\nPLATFORM,Zoo/Uni,STATION\nINTERN,Betriebshof,\nFAR,Fern,\nFARTHER,Ferner,\n",
}


def gtfs(**changed: str | None) -> bytes:
    """The zip.

    Args:
        changed: another content of a table, by its name without ending; None for none.
    """
    tables = TABLES | {f"{name}.txt": content for name, content in changed.items()}
    return zipped(*((name, content.encode()) for name, content in tables.items() if content is not None))


def edited(table: str, old: str, new: str) -> bytes:
    """The zip with one cell changed."""
    assert old in TABLES[f"{table}.txt"]
    return gtfs(**{table: TABLES[f"{table}.txt"].replace(old, new)})


def seconds(minute: float) -> int:
    """Minutes after 08:00 local time, as GTFS Realtime writes it."""
    return int(EIGHT.timestamp() + minute * 60)


def updates(*said: TripUpdate, at: float = 0) -> FeedMessage:
    """A message of all there is, made `at` minutes after 08:00."""
    message = FeedMessage()
    message.header.gtfs_realtime_version = "2.0"
    message.header.timestamp = seconds(at)
    for number, one in enumerate(said):
        entity = message.entity.add()
        entity.id = str(number)
        entity.trip_update.CopyFrom(one)
    return message


def update(trip_id: str, *stops: TripUpdate.StopTimeUpdate, start_date: str = "20261120", **trip: int) -> TripUpdate:
    """Of one trip."""
    said = TripUpdate(stop_time_update=stops)
    said.trip.trip_id = trip_id
    said.trip.start_date = start_date
    for name, value in trip.items():
        setattr(said.trip, name, value)
    return said


def stop(sequence: int | None = None, **said: int | str) -> TripUpdate.StopTimeUpdate:
    """Args: said: `departure_delay`, `arrival_time` and so on; others are fields of the update."""
    one = TripUpdate.StopTimeUpdate()
    if sequence is not None:
        one.stop_sequence = sequence
    for name, value in said.items():
        event, _, field = name.partition("_")
        if event in {"arrival", "departure"}:
            setattr(getattr(one, event), field, value)
        else:
            setattr(one, name, value)
    return one
