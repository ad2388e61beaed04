"""What goes wrong in the simulated city is seen in its numbers: neighbouring sites of two owners, trucks that wait."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import UTC, date, datetime, timedelta
from pathlib import Path

from cityhub.kpi.definition import Catalogue, load_catalogue
from cityhub.kpi.values import KpiValue, WindowKind
from cityhub.sandbox.city.streams import STREAMS, events_between
from cityhub.sandbox.city.timetable import LOCAL
from cityhub.sdk import codec
from cityhub.sdk.event import Event
from tests.unit.kpi.engine import Engine
from tests.unit.kpi.samples import Record

SEED = 2026
FRIDAY = datetime(2026, 11, 6, tzinfo=UTC)
"""In its evening the bridge of the A40 is closed, until Monday."""
NOW = FRIDAY + timedelta(days=5, hours=12)


def days(kpi: str, events: Iterable[Event], path: Path) -> list[KpiValue]:
    """Values of a KPI's days for the whole city."""
    shipped = load_catalogue()
    engine = Engine(path, Catalogue({kpi: shipped[kpi]}, shipped.contracts))
    logs: dict[str, list[Record]] = {}
    for event in events:
        log = logs.setdefault(shipped.contracts[event.type].topic, [])
        log.append(Record(len(log), int(event.recordedtime.timestamp() * 1000), codec.encode(event)))
    engine.know(logs)
    for topic, log in logs.items():
        engine.apply(topic, log)
        engine.writer.mark_complete(topic, 0, len(log) - 1, int((NOW + timedelta(minutes=16)).timestamp() * 1000))
    engine.publish(int(NOW.timestamp() * 1000))
    return engine.values(kpi, WindowKind.DAY)


def told(name: str, history: timedelta) -> list[Event]:
    """What a stream tells."""
    (stream,) = (one for one in STREAMS if one.name == name)
    return events_between(SEED, stream, NOW - history, NOW, load_catalogue().contracts)


def test_a_closed_bridge_empties_the_gate_and_fills_it_on_monday(tmp_path: Path) -> None:
    """Of the weekend's trucks none gets away before Monday; then all do."""
    moved = {
        one.start.astimezone(LOCAL).date(): one.value or 0 for one in days("P01-gate", _moves(), tmp_path / "p.db")
    }
    weekend, monday = (date(2026, 11, 7), date(2026, 11, 8)), date(2026, 11, 9)
    week = timedelta(days=7)
    assert sum(moved[day] for day in weekend) < 0.6 * sum(moved[day - week] for day in weekend)
    assert moved[monday] > 1.5 * moved[monday - week]


def test_neighbours_are_pairs_from_the_first_announcement_on(tmp_path: Path) -> None:
    works = [event for owner in ("city", "wbd", "dvv") for event in told(f"roadworks-{owner}", timedelta(days=40))]
    alone = [event for event in works if "nachbarn" not in event.subject]
    with_them, without = (
        {one.start: one.value or 0 for one in days("M04", events, tmp_path / f"{len(events)}.db")}
        for events in (works, alone)
    )
    announced = min(event.time for event in works if "nachbarn-2026-10" in event.subject)
    until = max(event.time for event in works if "nachbarn-2026-10" in event.subject and ".closed." in event.type)
    between = [start for start in with_them if announced <= start < until - timedelta(days=1)]
    assert len(between) > 10
    assert all(with_them[start] == without.get(start, 0) + 1 for start in between)


def _moves() -> list[Event]:
    return told("containers", timedelta(days=12))
