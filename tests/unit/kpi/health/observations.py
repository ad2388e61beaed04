"""Observations for the tests of health: bins, looked at every five minutes from noon on."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

from cityhub.kpi.health.source import STEP_S, Observation
from cityhub.sdk.event import Event, make_event

BIN = "de.duisburg.wbd.bin.level-observed.v1"
HOUR = 3_600
NOON = datetime(2026, 11, 20, 11, tzinfo=UTC)
"""In Duisburg; the first step begins then."""
NOON_S = int(NOON.timestamp())


def seen(step: int, source: str = BIN, **what: Any) -> Observation:
    """The observation of a step, by its number; of a source that does well unless something else is said."""
    said = {"promised_s": HOUR, "age_s": 60, "received": 100, "known": 100, "heard": 100, **what}
    start_s = NOON_S + step * STEP_S
    return Observation(source=source, start_s=start_s, newest_s=start_s + STEP_S - said["age_s"], **said)


def level(number: int, at: datetime, fill: float = 0.5) -> Event:
    """What a bin reports at a time."""
    return make_event(
        type_=BIN,
        source="//wbd/bins",
        natural_key=(str(number), at.isoformat()),
        version="1",
        subject=f"bin-{number}",
        time=at,
        recorded_at=at,
        data={"fill": fill},
    )
