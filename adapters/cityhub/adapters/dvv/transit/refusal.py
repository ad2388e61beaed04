"""Pure: which well-formed trips are not believed, because their times cannot be true."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, date, datetime, time, timedelta

from cityhub.adapters.dvv.transit.wire import ActualStop, ActualTrip, PlannedStop, PlannedTrip
from cityhub.adapters.kit.reject import Reject
from cityhub.sdk.event import FUTURE_TOLERANCE

FIRST_DAY = date(2000, 1, 1)
DAYS_AHEAD = timedelta(days=8)
EARLIEST, LATEST = timedelta(hours=-12), timedelta(hours=60)
"""Planned times of an operating day, counted from its midnight in UTC."""
DEVIATION = timedelta(hours=12)


def refused(message: ActualTrip | PlannedTrip, path: str, now: datetime) -> Reject | None:
    """The first rule the trip breaks, None when it may be merged."""
    day = message.id.day
    if not FIRST_DAY <= day <= now.date() + DAYS_AHEAD:
        detail = f"{day} lies before {FIRST_DAY} or more than {DAYS_AHEAD.days} days ahead"
        return Reject("operating_day", f"{path}.FahrtID.Betriebstag", detail)
    for moment in (message.created, message.answered):
        if moment and moment > now + FUTURE_TOLERANCE:
            detail = f"{moment.isoformat()} lies ahead; check the clock of the control centre"
            return Reject("time_in_future", f"{path}.Zst", detail)
    return _refused_stop(message.stops, day, path)


def _refused_stop(halts: Sequence[ActualStop | PlannedStop], day: date, path: str) -> Reject | None:
    midnight = datetime.combine(day, time.min, UTC)
    for index, halt in enumerate(halts):
        if halt.planned is None:
            continue
        where = f"{path}.{'IstHalts' if isinstance(halt, ActualStop) else 'SollHalts'}[{index}]"
        if not EARLIEST <= halt.planned - midnight <= LATEST:
            detail = f"{halt.planned.isoformat()} cannot belong to {day}"
            return Reject("outside_operating_day", f"{where}.Abfahrtszeit", detail)
        if isinstance(halt, ActualStop) and halt.predicted and abs(halt.predicted - halt.planned) > DEVIATION:
            detail = f"{halt.predicted.isoformat()} is more than {DEVIATION} off {halt.planned.isoformat()}"
            return Reject("implausible_time", f"{where}.IstAbfahrtPrognose", detail)
    return None
