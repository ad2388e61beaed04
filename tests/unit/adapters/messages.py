"""Building blocks for feeds of our own: one trip of operating day 2026-11-20, minutes after 08:00 local time."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from typing import Any

from cityhub.adapters.dvv.transit.wire import ActualStop, ActualTrip, PlannedStop, PlannedTrip, TripId

DAY = date(2026, 11, 20)
EIGHT = datetime(2026, 11, 20, 7, tzinfo=UTC)


def at(minute: float) -> datetime:
    """Minutes after 08:00 local time."""
    return EIGHT + timedelta(minutes=minute)


def text(minute: float) -> str:
    """As the feed writes it."""
    return at(minute).isoformat()


def halt(stop: str, planned: float | None, predicted: float | None = None, **options: Any) -> ActualStop:
    """IstHalt with minutes."""
    return ActualStop(
        stop, None if planned is None else at(planned), None if predicted is None else at(predicted), **options
    )


def actual(created: float | None, *halts: ActualStop, trip: str = "T1", **options: Any) -> ActualTrip:
    """IstFahrt of line 901, partial unless told otherwise."""
    options.setdefault("complete", "false")
    return ActualTrip(
        TripId(trip, DAY),
        "L901",
        created=None if created is None else at(created),
        line_text="901",
        stops=halts,
        **options,
    )


def planned(*stops: tuple[str, float | None], trip: str = "T1", created: float = -600, **options: Any) -> PlannedTrip:
    """SollFahrt: (stop, minute)."""
    halts = tuple(PlannedStop(stop, f"Halt {stop}", None if minute is None else at(minute)) for stop, minute in stops)
    return PlannedTrip(TripId(trip, DAY), "L901", created=at(created), line_text="901", stops=halts, **options)
