"""Events by hand for tests of the engine. All are synthetic."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any, NamedTuple

from cityhub.sdk import codec
from cityhub.sdk.event import Event, make_event

NOON = datetime(2026, 11, 20, 11, 0, tzinfo=UTC)
DEPARTED = "de.duisburg.dvv.transit.stop-departed.v1"
CANCELLED = "de.duisburg.dvv.transit.trip-cancelled.v1"
TOPIC = "du.evt.dvv.transit.v1"


class Record(NamedTuple):
    """A record as the log's client gives it."""

    offset: int
    timestamp: int
    value: bytes


def departure(
    key: object, delay_s: int, *, at: datetime = NOON, line: str = "901", synthetic: bool = True, **more: Any
) -> Event:
    """One departure; `key` is its natural key."""
    data = {"trip": f"t{key}", "line": line, "delay_s": delay_s, "classifier": "ACT", **more}
    return make_event(
        type_=DEPARTED,
        source="//test/dvv",
        natural_key=(str(key),),
        version="1",
        subject="stop",
        time=at,
        recorded_at=at,
        data=data,
        partitionkey=f"t{key}",
        synthetic=synthetic,
    )


def cancellation(key: object, *, at: datetime = NOON, line: str = "901") -> Event:
    """One cancelled trip."""
    return make_event(
        type_=CANCELLED,
        source="//test/dvv",
        natural_key=(str(key), "cancelled"),
        version="1",
        subject=f"t{key}",
        time=at,
        recorded_at=at,
        data={"trip": f"t{key}", "line": line},
        synthetic=True,
    )


def records(*events: Event | bytes, first: int = 0, appended: datetime = NOON + timedelta(hours=1)) -> list[Record]:
    """Consecutive log records; bytes stand for themselves."""
    bodies = [event if isinstance(event, bytes) else codec.encode(event) for event in events]
    return [Record(first + index, int(appended.timestamp() * 1000), body) for index, body in enumerate(bodies)]
