"""GTFS Realtime: TripUpdates against the timetable, read into the records of `wire`.

Source of the rules: GTFS Realtime Reference (version 2). An update of one stop holds for the stops after it, up to the
next update; NO_DATA ends that, SKIPPED does not. Positions and alerts are not read.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from datetime import UTC, date, datetime, timedelta

from google.protobuf.message import DecodeError
from google.transit.gtfs_realtime_pb2 import FeedMessage, TripDescriptor, TripUpdate
from msgspec import Struct

from cityhub.adapters.dvv.transit import wire
from cityhub.adapters.dvv.transit.timetable import ScheduledTrip, Timetable
from cityhub.adapters.errors import FeedFault
from cityhub.adapters.kit.reject import Reject

MAX_BYTES = 8 * 1024 * 1024
"""An empty message takes 2 bytes here and 40 times as much in memory."""
MAX_STOPS = 1_000
"""Of one update."""
_Stop = TripUpdate.StopTimeUpdate
_DATE = re.compile(r"[0-9]{8}")
_IN_PLAN = frozenset({TripDescriptor.SCHEDULED, TripDescriptor.CANCELED, TripDescriptor.DELETED})
_CANCELLED = frozenset({TripDescriptor.CANCELED, TripDescriptor.DELETED})
_LAST = 4_102_444_800
"""2100: what is later is no instant of our days."""


class Updates(Struct, frozen=True):
    """A feed message. Attributes: created: its clock."""

    created: datetime
    trips: list[wire.ActualTrip]
    rejects: list[Reject]
    noted: Counter[str]


def parse_updates(body: bytes, timetable: Timetable, answered_at: datetime | None, *, whole: bool) -> Updates:
    """What a feed message says of the trips of the timetable.

    Args:
        answered_at: the web server's clock, where a message of version 1 has none.
        whole: the timetable has all agencies, so that a trip it does not know is a mistake.

    Raises:
        FeedFault: `parse` or `too_many_values`.
    """
    try:
        message = FeedMessage.FromString(body)
    except DecodeError as error:
        raise FeedFault("parse", f"the answer is no FeedMessage of GTFS Realtime: {error}") from error
    if len(message.entity) > wire.MAX_TRIPS:
        raise FeedFault("too_many_values", f"the answer has more than {wire.MAX_TRIPS} entities; nothing was taken")
    created = _created(message.header.timestamp, answered_at)
    reading = _Reading(timetable, created, whole)
    for index, entity in enumerate(message.entity):
        if entity.HasField("trip_update"):
            reading.take(f"entity[{index}].trip_update", entity.trip_update)
    return Updates(created, reading.trips, reading.rejects, reading.noted)


def _created(timestamp: int, answered_at: datetime | None) -> datetime:
    if not timestamp and answered_at:
        return answered_at
    try:
        return _instant(timestamp)
    except ValueError as error:
        raise FeedFault("parse", f"header.timestamp: {error}") from error


class _Reading:
    """A message under way."""

    def __init__(self, timetable: Timetable, created: datetime, whole: bool) -> None:
        self._timetable = timetable
        self._created = created
        self._whole = whole
        self.trips: list[wire.ActualTrip] = []
        self.rejects: list[Reject] = []
        self.noted: Counter[str] = Counter()

    def take(self, path: str, update: TripUpdate) -> None:
        """One trip: what it says is kept, refused or counted."""
        try:
            _readable(update)
            trip = self._timetable.trips.get(update.trip.trip_id)
            if update.trip.schedule_relationship not in _IN_PLAN:
                self.noted["not_in_timetable"] += 1
            elif trip is not None:
                self._take(trip, update)
            elif self._whole or not update.trip.trip_id:
                detail = f"trip_id {update.trip.trip_id[:120]!r} is not in the timetable of these days; is it outdated?"
                self.rejects.append(Reject("unknown_trip", f"{path}.trip", detail))
            else:
                self.noted["not_in_timetable"] += 1
        except ValueError as error:
            self.rejects.append(Reject("schema", path, f"{error}"[:300]))

    def _take(self, trip: ScheduledTrip, update: TripUpdate) -> None:
        created = _instant(update.timestamp) if update.timestamp else self._created
        day = self._day(trip, update, created)
        if day is None:
            self.noted["other_day"] += 1
            return
        begins = self._timetable.begins(day)
        cancelled = update.trip.schedule_relationship in _CANCELLED
        starts = next((one.departs_s for one in trip.stop_times if one.departs_s is not None), None)
        self.trips.append(
            wire.ActualTrip(
                wire.TripId(trip.id, day),
                trip.line_id,
                created=created,
                line_text=trip.line,
                direction_text=trip.direction,
                cancelled=cancelled,
                span=None if starts is None else wire.TripSpan(begins + timedelta(seconds=starts)),
                complete=False,
                stops=() if cancelled else tuple(self._halts(trip, update, begins)),
            )
        )

    def _day(self, trip: ScheduledTrip, update: TripUpdate, created: datetime) -> date | None:
        """The service day: as it is said, else the one on which the trip runs nearest to what is said of it."""
        running = [day for day, services in self._timetable.services.items() if trip.service in services]
        if said := update.trip.start_date:
            if not _DATE.fullmatch(said):
                raise ValueError(f"start_date {said[:20]!r} is no day as 20261231")
            day = date.fromisoformat(said)
            return day if day in running else None
        times = (at for one in update.stop_time_update for at in (one.departure.time, one.arrival.time) if at)
        at = next((_instant(moment) for moment in times), created)
        first, last = trip.span()

        def distance(day: date) -> float:
            into = (at - self._timetable.begins(day)).total_seconds()
            return max(first - into, into - last, 0)

        return min(running, key=distance, default=None)

    def _halts(self, trip: ScheduledTrip, update: TripUpdate, begins: datetime) -> Iterator[wire.ActualStop]:
        """From the first stop that something is known of."""
        updates = self._placed(trip, update.stop_time_update)
        delay_s = update.delay if update.HasField("delay") and not updates else None
        for place, one in enumerate(trip.stop_times[:-1]):
            said = updates.get(place)
            no_data = said is not None and said.schedule_relationship == _Stop.NO_DATA
            skipped = said is not None and said.schedule_relationship == _Stop.SKIPPED
            if said is not None and not skipped:
                arrives_s = one.departs_s if one.arrives_s is None else one.arrives_s
                delay_s = None if no_data else _delay(said, begins, arrives_s, one.departs_s, delay_s)
            if one.departs_s is None or (said is None and delay_s is None):
                continue
            planned = begins + timedelta(seconds=one.departs_s)
            predicted = None if delay_s is None or skipped else planned + timedelta(seconds=delay_s)
            yield wire.ActualStop(self._timetable.stops[one.stop_id].id, planned, predicted, passes=skipped)

    def _placed(self, trip: ScheduledTrip, said: Sequence[_Stop]) -> Mapping[int, _Stop]:
        """By place in the trip: the stop of that number, else the next one of that id."""
        numbers = {one.sequence: place for place, one in enumerate(trip.stop_times)}
        served: dict[str, list[int]] = {}
        for place, time in enumerate(trip.stop_times):
            served.setdefault(time.stop_id, []).append(place)
        placed: dict[int, _Stop] = {}
        after = 0
        for one in said:
            found = numbers.get(one.stop_sequence) if one.HasField("stop_sequence") else None
            if found is None:
                found = next((place for place in served.get(one.stop_id, ()) if place >= after), None)
            if found is None:
                self.noted["unknown_stop"] += 1
                continue
            placed[found], after = one, found + 1
        return placed


def _readable(update: TripUpdate) -> None:
    """The library gives texts that are not UTF-8 as bytes."""
    named = update.trip.trip_id, update.trip.start_date
    if not all(isinstance(text, str) for text in named):
        raise ValueError(f"trip: {named!r} is not in UTF-8")
    if len(update.stop_time_update) > MAX_STOPS:
        raise ValueError(f"{len(update.stop_time_update)} stops; there must be {MAX_STOPS} at most")


def _delay(
    said: _Stop, begins: datetime, arrives_s: int | None, departs_s: int | None, before_s: int | None
) -> int | None:
    """How late a vehicle leaves: by its departure, else by its arrival, else as at the stop before."""
    for event, given, planned_s in (
        (said.departure, said.HasField("departure"), departs_s),
        (said.arrival, said.HasField("arrival"), arrives_s),
    ):
        if given and event.time and planned_s is not None:
            return int((_instant(event.time) - begins).total_seconds()) - planned_s
        if given and event.HasField("delay"):
            return event.delay
    return before_s


def _instant(moment_s: int) -> datetime:
    if not 0 < moment_s < _LAST:
        raise ValueError(f"{moment_s} are no seconds since 1970")
    return datetime.fromtimestamp(moment_s, UTC)
