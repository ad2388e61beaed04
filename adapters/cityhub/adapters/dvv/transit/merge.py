"""Pure: one message and what is known of its trip → what is known now. Any order of arrival gives the same departures.

Rules (docs/adapters/dvv-transit.md): REF-AUS is the authority for planned times and names; of several statements the
newest by (Zst, Zst of the answer) holds, at a tie the later arrival; a full message voids older reports.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence
from datetime import datetime

from msgspec.structs import replace

from cityhub.adapters.dvv.transit.trips import Call, Report, Seen, Trip, milliseconds, seconds
from cityhub.adapters.dvv.transit.wire import ActualStop, ActualTrip, PlannedTrip, is_set


def seen_at(message: ActualTrip | PlannedTrip, answered_at: datetime) -> Seen:
    """Age of a message. A missing Zst is that of the answer (the BVG's messages have none); a timetable without one is
    older than any report, so that it takes no cancellation back."""
    answered = milliseconds(message.answered or answered_at)
    if message.created:
        return milliseconds(message.created), answered
    return (answered if isinstance(message, ActualTrip) else 0), answered


def merge_planned(known: Trip | None, message: PlannedTrip, seen: Seen, clock_s: int, *, synthetic: bool) -> Trip:
    """Take the timetable of a trip over; reports that came before it move to its departures."""
    calls = [
        Call(halt.stop, seconds(halt.planned), halt.name, scheduled=True)
        for halt in message.stops
        if halt.planned and not is_set(halt.passes)
    ]
    for old in known.calls if known else ():
        if old.report or old.told_s is not None:
            _carry_over(calls, old)
    trip = replace(_opened(known, message, clock_s, synthetic), calls=tuple(calls))
    return _cancelled(trip, is_set(message.cancelled), seen).timed()


def merge_actual(
    known: Trip | None, message: ActualTrip, seen: Seen, clock_s: int, counts: Counter[str], *, synthetic: bool
) -> Trip:
    """Take the reports of a message over.

    Args:
        counts: gets `duplicate_stop` (a halt twice in a message), `late_change` (news of a departure already emitted).
    """
    trip = _opened(known, message, clock_s, synthetic)
    calls = list(trip.calls)
    for place, halt in _placed(calls, message.stops, counts):
        report = _report(halt, message, seen)
        calls[place] = _reported(calls[place], report, counts)
    full, lost = is_set(message.complete), message.predictable in (False, "false")
    starts = message.span.starts if message.span else None
    trip = replace(
        trip,
        calls=tuple(sorted(calls, key=lambda call: call.planned_s)),
        void=max(trip.void, seen) if full or lost else trip.void,
        starts_s=seconds(starts) if starts else trip.starts_s,
    )
    if full or message.cancelled is not None:  # a partial message that is silent says nothing about it
        trip = _cancelled(trip, is_set(message.cancelled), seen)
    return trip.timed()


def _opened(known: Trip | None, message: ActualTrip | PlannedTrip, clock_s: int, synthetic: bool) -> Trip:
    direction = message.direction_text or (known.direction if known else message.direction_id) or ""
    return (
        replace(known, direction=direction, touched_s=max(known.touched_s, clock_s))
        if known
        else Trip(
            key=(message.id.day.isoformat(), message.id.trip),
            line=message.line_text or message.line_id,
            direction=direction,
            synthetic=synthetic,
            touched_s=clock_s,
        )
    )


def _cancelled(trip: Trip, cancelled: bool, seen: Seen) -> Trip:
    return replace(trip, cancelled=cancelled, cancelled_seen=seen) if seen >= trip.cancelled_seen else trip


def _report(halt: ActualStop, message: ActualTrip, seen: Seen) -> Report:
    """Without prognosis (PrognoseMoeglich false) only what had already happened by then counts."""
    departs_s = seconds(halt.predicted) if halt.predicted else None
    if message.predictable in (False, "false") and departs_s is not None and departs_s * 1000 > seen[0]:
        departs_s = None
    return Report(seen, departs_s, is_set(halt.passes))


def _reported(call: Call, report: Report, counts: Counter[str]) -> Call:
    if call.report and call.report.seen > report.seen:
        return call
    if call.told_s is not None and (report.departs_s != call.told_s or report.passes):
        counts["late_change"] += 1
    return replace(call, report=report)


def _placed(calls: list[Call], halts: Sequence[ActualStop], counts: Counter[str]) -> Iterable[tuple[int, ActualStop]]:
    """Which departure each halt of one message is about; departures that nobody knew yet are appended to `calls`."""
    groups: dict[str, dict[int, ActualStop]] = {}
    for halt in halts:
        if halt.planned is None:
            continue  # the last stop: nothing departs
        planned_s, group = seconds(halt.planned), groups.setdefault(halt.stop, {})
        counts["duplicate_stop"] += planned_s in group
        group[planned_s] = halt
    for stop, group in groups.items():
        wanted = sorted(group)
        places = _places(calls, stop, wanted, {at for at in wanted if is_set(group[at].extra)})
        counts["duplicate_stop"] += len(places) - len(set(places))
        yield from zip(places, (group[at] for at in wanted), strict=True)


def _places(calls: list[Call], stop: str, wanted: list[int], extra: set[int]) -> list[int]:
    """Same HaltID (a trip may serve a stop more than once): the k-th call where a message holds all of them, else the
    nearest planned time. Without timetable the planned time itself is the identity."""
    scheduled = [place for place, call in enumerate(calls) if call.stop == stop and call.scheduled]
    if not extra and len(scheduled) == len(wanted):
        return sorted(scheduled, key=lambda place: calls[place].planned_s)
    places = []
    for planned_s in wanted:
        if scheduled and planned_s not in extra:
            places.append(min(scheduled, key=lambda place: (abs(calls[place].planned_s - planned_s), place)))
        else:
            places.append(_unscheduled(calls, stop, planned_s))
    return places


def _unscheduled(calls: list[Call], stop: str, planned_s: int) -> int:
    for place, call in enumerate(calls):
        if call.stop == stop and call.planned_s == planned_s:
            return place
    calls.append(Call(stop, planned_s))
    return len(calls) - 1


def _carry_over(calls: list[Call], old: Call) -> None:
    """Keep what was reported and emitted when the timetable changes or comes late."""
    same = [place for place, call in enumerate(calls) if call.stop == old.stop]
    if not same:
        calls.append(replace(old, scheduled=False))
        return
    place = min(same, key=lambda place: abs(calls[place].planned_s - old.planned_s))
    new = calls[place]
    newer = old.report if not new.report or (old.report and old.report.seen >= new.report.seen) else new.report
    told_s = old.told_s if new.told_s is None else new.told_s
    calls[place] = replace(new, report=newer, told_s=told_s)
