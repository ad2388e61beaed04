"""Pure: state + answer + clock → new state, events, rejects, counts.

Meaning (docs/adapters/dvv-transit.md): VDV-454 reports only changes, so the last reported value stands. A departure is
*known* once the feed's clock has passed it by `SETTLE_S`; then, and only once, it becomes an event. A stop without
prognosis stays unknown: no event, but a count.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from datetime import UTC, datetime
from typing import Any

from msgspec import Struct
from msgspec.structs import replace

from cityhub.adapters.dvv.transit import source
from cityhub.adapters.dvv.transit.merge import merge_actual, merge_planned, seen_at
from cityhub.adapters.dvv.transit.predictions import predicted
from cityhub.adapters.dvv.transit.refusal import refused
from cityhub.adapters.dvv.transit.trips import KEEP_S, MAX_TRIPS, Call, FeedState, Seen, Trip, TripKey, instant, seconds
from cityhub.adapters.dvv.transit.wire import ActualTrip, PlannedTrip
from cityhub.adapters.kit.reject import Reject
from cityhub.sdk.errors import RejectedEvent
from cityhub.sdk.event import Event, make_event

SETTLE_S = 60
"""A vehicle's report of its departure may arrive this much after the departure."""
_LONG_AGO = datetime(1970, 1, 1, tzinfo=UTC)


class Batch(Struct, frozen=True, kw_only=True):
    """One answer, decoded.

    Attributes:
        answered_at: the partner's clock when it answered.
        more: further data are waiting, so that nothing after the newest message here has been reported yet.
        source_uri: event source of the system that answered.
        noted: what its reader counted.
    """

    answered_at: datetime
    source_uri: str
    planned: Sequence[PlannedTrip] = ()
    actual: Sequence[ActualTrip] = ()
    more: bool = False
    synthetic: bool = False
    noted: Counter[str] = Counter()


class Step(Struct, frozen=True):
    """What an answer led to.

    Attributes:
        events: departures and cancellations. predictions: events of stops that have a prognosis.
        counts: everything that is neither an event nor a reject.
    """

    state: FeedState
    events: list[Event]
    predictions: list[Event]
    rejects: list[Reject]
    counts: Counter[str]


def apply(state: FeedState, batch: Batch, now: datetime) -> Step:
    """Merge an answer and emit what has become known by it.

    Args:
        now: the adapter's clock; becomes `recordedtime`, and nothing later than it is believed.
    """
    clock_s = max(state.clock_s, seconds(_reached(batch, now)))
    since_s = state.since_s or clock_s
    work = _Work(batch, now, clock_s, dict(state.trips), dict(state.predicted))
    work.merge()
    for key, trip in list(work.trips.items()):
        if trip.due_s is not None and trip.due_s + SETTLE_S <= clock_s:
            work.trips[key] = work.settled(trip)
        elif trip.ends_s + KEEP_S < clock_s:
            del work.trips[key]
            work.counts["without_realtime"] += _never_told(trip, since_s)
            work.counts["cancelled_without_start"] += trip.cancelled and not trip.cancel_told
    after = FeedState(work.trips, clock_s, since_s, work.predicted)
    return Step(after, work.events, work.predictions, work.rejects, +work.counts)


class _Work:
    """The answer under way: collects while `apply` runs, never outlives it."""

    def __init__(
        self, batch: Batch, now: datetime, clock_s: int, trips: dict[TripKey, Trip], predicted: dict[str, int]
    ) -> None:
        self._batch = batch
        self._now = now
        self._clock_s = clock_s
        self.trips = trips
        self.predicted = predicted
        self.events: list[Event] = []
        self.predictions: list[Event] = []
        self.rejects: list[Reject] = []
        self.counts = Counter(batch.noted)

    def merge(self) -> None:
        synthetic, answered_at = self._batch.synthetic, min(self._batch.answered_at, self._now)
        for planned in self._batch.planned:
            key = self._admitted(planned, "SollFahrt")
            if key:
                seen = seen_at(planned, answered_at)
                self.trips[key] = merge_planned(self.trips.get(key), planned, seen, self._clock_s, synthetic=synthetic)
        for actual in self._batch.actual:
            key = self._admitted(actual, "IstFahrt")
            if key:
                seen = seen_at(actual, answered_at)
                self.trips[key] = merge_actual(
                    self.trips.get(key), actual, seen, self._clock_s, self.counts, synthetic=synthetic
                )
                self._predict(self.trips[key], actual, seen)

    def settled(self, trip: Trip) -> Trip:
        """Emit what the feed's clock has passed."""
        if trip.cancelled:
            self._emit(trip, _cancellation(trip, trip.start() or 0), self.events)
            return replace(trip, cancel_told=True).timed()
        calls = list(trip.calls)
        for place, call in enumerate(calls):
            departs_s = call.report.departs_s if call.report and trip.in_effect(call.report) else None
            if call.told_s is None and departs_s is not None and departs_s + SETTLE_S <= self._clock_s:
                self._emit(trip, _departure(trip, call, departs_s), self.events)
                self.counts["without_reference"] += not call.scheduled
                calls[place] = replace(call, told_s=departs_s)
        return replace(trip, calls=tuple(calls)).timed()

    def _predict(self, trip: Trip, message: ActualTrip, seen: Seen) -> None:
        for stop, hour in predicted(message, seen, self.predicted):
            self.predicted[stop] = hour
            told_s = min(seen[0] // 1000, seconds(self._now))
            told = _Told(source.PREDICTED, stop, ("predicted", stop, str(hour)), told_s, {"stop": stop}, stop)
            self._emit(trip, told, self.predictions)

    def _admitted(self, message: ActualTrip | PlannedTrip, element: str) -> TripKey | None:
        key = (message.id.day.isoformat(), message.id.trip)
        path = f"{element}[{'/'.join(key)}]"
        refusal = refused(message, path, self._now)
        if refusal is None and key not in self.trips and len(self.trips) >= MAX_TRIPS:
            refusal = Reject("too_many_trips", path, f"{MAX_TRIPS} trips are known already")
        if refusal is None:
            return key
        self.rejects.append(refusal)
        return None

    def _emit(self, trip: Trip, told: _Told, events: list[Event]) -> None:
        day, name = trip.key
        data = {"line": trip.line} | told.data
        if not told.partitionkey:
            data |= {"trip": name, "operating_day": day, "direction": trip.direction}
        try:
            event = make_event(
                type_=told.type,
                source=source.SIMULATION_URI if trip.synthetic else self._batch.source_uri,
                natural_key=(day, name, *told.key),
                version="1",
                subject=told.subject,
                time=instant(told.time_s),
                recorded_at=self._now,
                data=data,
                partitionkey=told.partitionkey or f"{day}/{name}",
                synthetic=trip.synthetic,
            )
        except RejectedEvent as rejected:
            self.rejects.append(Reject(rejected.reason, f"{day}/{name}/{told.subject}", str(rejected)))
        else:
            events.append(replace(event, recordedby=source.DVV_TRANSIT.recordedby))


class _Told(Struct, frozen=True):
    """What departures, cancellations and predictions say differently.

    Attributes:
        partitionkey: "" = the trip's, which the data then name.
    """

    type: str
    subject: str
    key: tuple[str, ...]
    time_s: int
    data: dict[str, Any]
    partitionkey: str = ""


def _departure(trip: Trip, call: Call, departs_s: int) -> _Told:
    planned_at = _iso(call.planned_s)
    data = {
        "stop": call.stop,
        "stop_name": call.name,
        "planned_at": planned_at,
        "departed_at": _iso(departs_s),
        "delay_s": departs_s - call.planned_s,
        "classifier": "ACT",
    }
    return _Told(source.STOP_DEPARTED, call.stop, (call.stop, planned_at), departs_s, data)


def _cancellation(trip: Trip, starts_s: int) -> _Told:
    data = {"planned_at": _iso(starts_s)}
    return _Told(source.TRIP_CANCELLED, trip.key[1], ("cancelled",), starts_s, data)


def _reached(batch: Batch, now: datetime) -> datetime:
    """Up to when the feed has told everything. A partner's clock that runs ahead is not followed."""
    newest = batch.answered_at
    if batch.more:
        created = (trip.created for trip in batch.actual if trip.created)
        newest = max((moment for moment in created if moment <= newest), default=_LONG_AGO)
    return min(newest, now)


def _never_told(trip: Trip, since_s: int) -> int:
    """Departures that nobody reported, of a trip that started while we listened and was not cancelled."""
    if trip.cancelled or (trip.start() or 0) < since_s:
        return 0
    return sum(
        call.told_s is None
        and not (call.report and call.report.passes)
        and (call.scheduled or (call.report is not None and call.report.departs_s is None))
        for call in trip.calls
    )


def _iso(moment_s: int) -> str:
    return instant(moment_s).strftime("%Y-%m-%dT%H:%M:%SZ")
