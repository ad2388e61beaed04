"""Rooms over a small city: two KPIs, two streams, and a real clock that the test holds."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from pathlib import Path

from cityhub.kpi.definition import Catalogue, load_catalogue
from cityhub.kpi.values import KpiValue, WindowKind
from cityhub.sandbox.room.room import Room
from cityhub.sandbox.room.state import Play

_ALL = load_catalogue()
CITY = Catalogue({kpi: _ALL[kpi] for kpi in ("M07", "I02")}, _ALL.contracts)
DAY = date(2026, 11, 24)
START = datetime(2026, 11, 23, 23, tzinfo=UTC)
"""Midnight in Duisburg."""
PLAY = Play(day=DAY, seed=7, streams=("parking-slots", "sewer-levels"))
OWN = """
id: my-parking
version: 1
field: mobilitaet
name: {de: Belegung, en: Occupancy}
sentence: {de: Belegte Zeit., en: Occupied time.}
question: {de: "Wo ist frei?", en: "Where is space?"}
formula: {de: belegt ÷ beobachtet, en: occupied ÷ observed}
owner: dvv
audience: public
unit: "%"
direction: band
grain: 15min
windows: [quarter-hour, hour, day]
default_window: hour
scopes: [city, borough]
sources:
  observed: {type: de.duisburg.dvv.lamp.parking-observed.v1}
measure:
  state: {of: observed, entity: $slot, holds: {eq: [$occupied, true]}, hold_at_most: 30min, times: 100}
"""


def room(folder: Path, real_s: float = 0.0) -> Room:
    return Room(folder, CITY, real_s)


def until(one: Room, moment: datetime, real_s: float = 0.0) -> None:
    """As fast as possible to an instant."""
    one.set_clock(real_s, speed=None, to=moment)
    settle(one, real_s)


def settle(one: Room, real_s: float) -> None:
    """Everything that is due at a real instant."""
    while one.step(real_s):
        pass


def hours(one: Room, kpi: str, scope: str = "city") -> dict[datetime, KpiValue]:
    """Hourly values by their start."""
    reader = one.counts.reader(kpi)
    found = reader.series(kpi, WindowKind.HOUR, START - timedelta(days=1), START + timedelta(days=2), scope=scope)
    return {value.start: value for value in found}
