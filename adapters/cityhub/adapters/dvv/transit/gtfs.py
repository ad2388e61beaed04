"""GTFS Schedule: a zip of tables, of which only the wanted agencies and days are kept. A huge one is read row by row.

Source of the rules: GTFS Schedule Reference. The tables are read in the order in which they narrow each other:
agency, routes, calendar and its exceptions, trips, frequencies, stop times, stops.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Collection, Mapping
from datetime import date
from functools import lru_cache
from operator import attrgetter
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from msgspec import Struct

from cityhub.adapters.dvv.transit.timetable import ScheduledTrip, Stop, StopTime, Timetable
from cityhub.adapters.errors import FeedFault
from cityhub.adapters.formats.zipped_tables import ZippedTables
from cityhub.adapters.kit.reject import Reject

MAX_STOP_TIMES = 2_000_000
"""Of the wanted agencies and days; each costs about 120 bytes. DVG has about 120 000 a day."""
MAX_STOPS_OF_TRIP = 300
MAX_REJECTS = 10_000
_WEEKDAYS = ("monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday")
_TIME = re.compile(r"([0-9]{1,2}):([0-5][0-9]):([0-5][0-9])")
_DATE = re.compile(r"[0-9]{8}")
_NUMBER = re.compile(r"[0-9]{1,9}")
_DHID = re.compile(r"([a-z]{2}:[0-9]{2,8}:[^:]+)(:.*)?")
_ID, _TEXT = 120, 200


class _Route(Struct, frozen=True):
    id: str
    line: str


class _Trip(Struct, frozen=True):
    service: str
    route: _Route
    direction: str


def parse_gtfs(body: bytes, days: Collection[date], agencies: Collection[str] = ()) -> Timetable:
    """What runs on some days.

    Args:
        agencies: `agency_id`s or names; empty = all there are.

    Raises:
        FeedFault: `zip`, `parse`, `agency` (not in the feed), `outdated` (nothing runs on these days) or
            `too_many_values`.
    """
    return _Reading(ZippedTables(body), days, agencies).timetable()


class _Reading:
    """A feed under way."""

    def __init__(self, tables: ZippedTables, days: Collection[date], agencies: Collection[str]) -> None:
        self._tables = tables
        self._days = days
        self._agencies = agencies
        self._rejects: list[Reject] = []
        self._noted: Counter[str] = Counter()

    def timetable(self) -> Timetable:
        zone, agencies = self._of_agencies()
        services = self._services()
        trips = self._trips(self._routes(agencies), frozenset().union(*services.values()))
        self._without_frequencies(trips)
        times = self._stop_times(trips)
        stops = self._stops({one.stop_id for some in times.values() for one in some})
        scheduled = {id_: self._scheduled(id_, trip, times.get(id_, []), stops) for id_, trip in trips.items()}
        known = {id_: trip for id_, trip in scheduled.items() if trip}
        return Timetable(zone, services, known, stops, tuple(self._rejects), self._noted)

    def _reject(self, reason: str, path: str, detail: str) -> None:
        """Counted in any case, kept in bounds."""
        if len(self._rejects) < MAX_REJECTS:
            self._rejects.append(Reject(reason, path, detail))
        else:
            self._noted["further_rejects"] += 1

    def _of_agencies(self) -> tuple[ZoneInfo, frozenset[str] | None]:
        """The zone of all of them, and the ids of the wanted ones; None for all."""
        zones, names, wanted = set(), set(), set()
        for _, row in self._tables.rows("agency.txt", ("agency_name", "agency_timezone"), ("agency_id",)):
            name, zone, id_ = row or ("", "", "")
            zones.add(zone)
            names |= {name, id_}
            wanted |= {id_} if {name, id_} & {*self._agencies} else set()
        if self._agencies and not wanted:
            shown = ", ".join(sorted(names - {""}))[:300]
            raise FeedFault("agency", f"no agency of the feed is {', '.join(sorted(self._agencies))}; it has {shown}")
        return _zone(zones), frozenset(wanted) if self._agencies else None

    def _routes(self, agencies: frozenset[str] | None) -> dict[str, _Route]:
        """A feed of one agency need not name it."""
        columns = ("route_id", "route_short_name"), ("route_long_name", "agency_id")
        routes = {}
        for line, row in self._tables.rows("routes.txt", *columns):
            if not row or not 0 < len(row[0]) <= _ID:
                self._reject("schema", f"routes.txt[{line}]", "it has no usable route_id")
            elif agencies is None or row[3] in agencies or not row[3]:
                routes[row[0]] = _Route(row[0], (row[1] or row[2] or row[0])[:_TEXT])
        return routes

    def _services(self) -> dict[date, frozenset[str]]:
        running: dict[date, set[str]] = {day: set() for day in self._days}
        regular, exceptions = "calendar.txt" in self._tables, "calendar_dates.txt" in self._tables
        if regular or not exceptions:
            self._calendar(running)
        if exceptions:
            self._exceptions(running)
        if not any(running.values()):
            shown = ", ".join(sorted(day.isoformat() for day in self._days))
            raise FeedFault("outdated", f"nothing of the feed runs on {shown}; load a newer timetable")
        return {day: frozenset(services) for day, services in running.items()}

    def _calendar(self, running: Mapping[date, set[str]]) -> None:
        columns = ("service_id", "start_date", "end_date", *_WEEKDAYS)
        for line, row in self._tables.rows("calendar.txt", columns):
            begin, end = (_day(row[1]), _day(row[2])) if row else (None, None)
            if begin is None or end is None or not {*row[3:]} <= {"0", "1"}:
                self._reject("schema", f"calendar.txt[{line}]", f"{row}: two days as 20261231, seven of 0 or 1")
                continue
            for day, services in running.items():
                if begin <= day <= end and row[3 + day.weekday()] == "1":
                    services.add(row[0])

    def _exceptions(self, running: Mapping[date, set[str]]) -> None:
        for line, row in self._tables.rows("calendar_dates.txt", ("service_id", "date", "exception_type")):
            day = _day(row[1]) if row else None
            if day is None or row[2] not in {"1", "2"}:
                self._reject("schema", f"calendar_dates.txt[{line}]", f"{row}: a day as 20261231, and 1 or 2")
            elif day in running:
                (running[day].add if row[2] == "1" else running[day].discard)(row[0])

    def _trips(self, routes: Mapping[str, _Route], services: frozenset[str]) -> dict[str, _Trip]:
        trips = {}
        for line, row in self._tables.rows("trips.txt", ("trip_id", "service_id", "route_id"), ("trip_headsign",)):
            if not row or not 0 < len(row[0]) <= _ID:
                self._reject("schema", f"trips.txt[{line}]", "it has no usable trip_id")
            elif row[1] in services and row[2] in routes:
                trips[row[0]] = _Trip(row[1], routes[row[2]], row[3][:_TEXT])
        return trips

    def _without_frequencies(self, trips: dict[str, _Trip]) -> None:
        """A trip that goes every ten minutes has no planned departures."""
        if "frequencies.txt" not in self._tables:
            return
        for line, row in self._tables.rows("frequencies.txt", ("trip_id", "headway_secs")):
            if row and row[0] in trips:
                del trips[row[0]]
                self._reject("frequency", f"frequencies.txt[{line}]", f"{row[0]!r} has no timetable, only a headway")

    def _stop_times(self, trips: Mapping[str, _Trip]) -> dict[str, list[StopTime]]:
        times: dict[str, list[StopTime]] = {}
        names: dict[str, str] = {}
        columns = ("trip_id", "stop_id", "stop_sequence", "arrival_time", "departure_time")
        kept = 0
        for line, row in self._tables.rows("stop_times.txt", columns, among=trips.keys()):
            if not row:
                self._reject("schema", f"stop_times.txt[{line}]", "the row is too short")
                continue
            kept += 1
            if kept > MAX_STOP_TIMES:
                hint = "name the agencies that are wanted"
                raise FeedFault("too_many_values", f"the feed has more than {MAX_STOP_TIMES} stop times; {hint}")
            if (one := self._stop_time(line, row, names)) is not None:
                times.setdefault(row[0], []).append(one)
        return times

    def _stop_time(self, line: int, row: tuple[str, ...], names: dict[str, str]) -> StopTime | None:
        stop_id = names.setdefault(row[1], row[1])  # each text once
        arrives_s, departs_s = _seconds(row[3]), _seconds(row[4])
        if not 0 < len(stop_id) <= _ID or not _NUMBER.fullmatch(row[2]) or -1 in {arrives_s, departs_s}:
            self._reject("schema", f"stop_times.txt[{line}]", f"{row[1:]}: stop, number, two times as 25:59:59")
            return None
        self._noted["without_time"] += departs_s is None
        return StopTime(int(row[2]), stop_id, arrives_s, departs_s)

    def _stops(self, used: Collection[str]) -> dict[str, Stop]:
        stops = {}
        for _, row in self._tables.rows("stops.txt", ("stop_id", "stop_name"), ("parent_station",)):
            if row and row[0] in used:
                stops[row[0]] = Stop(_station(row[0], row[2]), row[1][:_TEXT] or None)
        return stops

    def _scheduled(
        self, id_: str, trip: _Trip, times: list[StopTime], stops: Mapping[str, Stop]
    ) -> ScheduledTrip | None:
        times.sort(key=attrgetter("sequence"))
        doubled = len({one.sequence for one in times}) < len(times)
        unknown = next((one.stop_id for one in times if one.stop_id not in stops), None)
        if not 1 < len(times) <= MAX_STOPS_OF_TRIP or doubled or unknown is not None:
            what = f"stop {unknown!r} is not in stops.txt" if unknown is not None else f"{len(times)} stop times"
            rule = f"2 to {MAX_STOPS_OF_TRIP} with different stop_sequence and known stops are needed"
            self._reject("stop_times", f"trips.txt[{id_}]", f"{what}; {rule}")
            return None
        return ScheduledTrip(id_, trip.service, trip.route.id, trip.route.line, trip.direction, tuple(times))


def _zone(names: Collection[str]) -> ZoneInfo:
    if len(names) != 1:
        raise FeedFault("parse", f"agency.txt has {len(names)} time zones; all agencies of a feed must have one")
    (name,) = names
    try:
        return ZoneInfo(name)
    except (ZoneInfoNotFoundError, ValueError, OSError) as error:
        raise FeedFault("parse", f"agency.txt: {name[:80]!r} is no time zone; Europe/Berlin is one") from error


def _station(stop_id: str, parent: str) -> str:
    """Of a DHID country, municipality and station; else the parent station, where one is named."""
    dhid = _DHID.fullmatch(stop_id)
    return dhid[1] if dhid else (parent if 0 < len(parent) <= _ID else stop_id)


def _day(text: str) -> date | None:
    try:
        return date.fromisoformat(text) if _DATE.fullmatch(text) else None
    except ValueError:
        return None


@lru_cache(maxsize=200_000)
def _seconds(text: str) -> int | None:
    """Of the service day; None for an empty cell, -1 for what is no time."""
    if not text.strip():
        return None
    parts = _TIME.fullmatch(text.strip())
    return int(parts[1]) * 3600 + int(parts[2]) * 60 + int(parts[3]) if parts else -1
