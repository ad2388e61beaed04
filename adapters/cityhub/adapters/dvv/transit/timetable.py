"""A timetable as GTFS Schedule means it: trips, the days of their services, instants of their departures.

Source of the rules: GTFS Schedule Reference (times count from noon minus 12 h of the service day and may exceed 24 h).
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo

from msgspec import Struct

from cityhub.adapters.dvv.transit.wire import PlannedStop, PlannedTrip, TripId
from cityhub.adapters.kit.reject import Reject


class Stop(Struct, frozen=True):
    """What events call a stop: `id` is the station's, whatever its platforms are called."""

    id: str
    name: str | None


class StopTime(Struct, frozen=True, array_like=True, gc=False):
    """A row of stop_times.txt. Times are seconds of the service day, None where the timetable leaves them open."""

    sequence: int
    stop_id: str
    arrives_s: int | None
    departs_s: int | None


class ScheduledTrip(Struct, frozen=True):
    """A row of trips.txt with its stop times in order, two at least."""

    id: str
    service: str
    line_id: str
    line: str
    direction: str
    stop_times: tuple[StopTime, ...]

    def span(self) -> tuple[int, int]:
        """First and last time, in seconds of the service day."""
        known = [at for one in self.stop_times for at in (one.arrives_s, one.departs_s) if at is not None]
        return min(known, default=0), max(known, default=0)


class Timetable(Struct, frozen=True):
    """What was read of a feed for some days.

    Attributes:
        services: those that run, by day. trips: of these services and the agencies wanted, by id.
        stops: by `stop_id`. rejects, noted: what could not be read, what was left out.
    """

    zone: ZoneInfo
    services: Mapping[date, frozenset[str]]
    trips: Mapping[str, ScheduledTrip]
    stops: Mapping[str, Stop]
    rejects: tuple[Reject, ...] = ()
    noted: Counter[str] = Counter()

    def begins(self, day: date) -> datetime:
        """Second 0 of a service day, in UTC: midnight but for the two days when clocks are changed."""
        return datetime.combine(day, time(12), self.zone).astimezone(UTC) - timedelta(hours=12)

    def planned(self, day: date) -> list[PlannedTrip]:
        """The trips of a day."""
        begins, running = self.begins(day), self.services.get(day, frozenset())
        return [self._planned(trip, day, begins) for trip in self.trips.values() if trip.service in running]

    def _planned(self, trip: ScheduledTrip, day: date, begins: datetime) -> PlannedTrip:
        """Nothing departs at the last stop."""
        last = trip.stop_times[-1]
        halts = tuple(
            PlannedStop(
                self.stops[one.stop_id].id,
                self.stops[one.stop_id].name,
                None if one.departs_s is None or one is last else begins + timedelta(seconds=one.departs_s),
            )
            for one in trip.stop_times
        )
        return PlannedTrip(
            TripId(trip.id, day), trip.line_id, line_text=trip.line, direction_text=trip.direction, stops=halts
        )
