"""Cases and flats: events whose effect depends on other events of the same entity. All are synthetic.

The cases' halves and the flats' versions stand in one topic in any order, and some twice. What they come to is worked
out here by hand, without the engine.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from itertools import product
from random import Random
from typing import Any

from cityhub.kpi.reader import KpiReader
from cityhub.kpi.values import WindowKind
from cityhub.sdk.event import Event, make_event

CASES, OPEN, FLATS, STOCK = 300, 60, 200, 1_000
SUBMITTED = "de.duisburg.city.application.submitted.v1"
DECIDED = "de.duisburg.city.application.decided.v1"
CHANGED = "de.duisburg.gebag.flat.status-changed.v1"
REFERENCE = "de.duisburg.city.reference.set.v1"


def told(at: datetime) -> Sequence[Event]:
    """Everything, shuffled; all decisions and changes fall into the minutes after `at`."""
    events = [
        _event(REFERENCE, "flats", at, name="flats", value=STOCK, unit="1", valid_from=datetime(2020, 1, 1, tzinfo=UTC))
    ]
    for number in range(CASES):
        case: dict[str, Any] = {"case_id": f"case{number}", "service": "parking-permit", "channel": "online"}
        decided = at + timedelta(seconds=number)
        events.append(_event(SUBMITTED, case["case_id"], decided - timedelta(hours=1 + number % 9), **case))
        if number >= OPEN:
            events.append(_event(DECIDED, case["case_id"], decided, **case))
    for number, version in product(range(FLATS), range(1, 4)):
        seen = at + timedelta(seconds=version)
        events += [_event(CHANGED, f"flat{number}", seen, version, **_flat(number, version))]
    rng = Random(1)  # noqa: S311 - reproducible, not secret
    events += rng.sample(events, 100)
    rng.shuffle(events)
    return events


def _flat(number: int, version: int) -> dict[str, Any]:
    """Modernised in every second version, so that each correction changes the count; every seventh is withdrawn."""
    data = {"flat_id": f"flat{number}", "version": version, "area_m2": 70.25, "modernised": (number + version) % 2 == 0}
    return data | ({"withdrawn": True} if version == 3 and number % 7 == 0 else {})


def _event(type_: str, entity: str, at: datetime, revision: int = 1, **data: Any) -> Event:
    return make_event(
        type_=type_,
        source="//test/entities",
        natural_key=(type_, entity),
        version=str(revision),
        subject=entity,
        time=at,
        recorded_at=at,
        data=data,
        synthetic=True,
    )


def due() -> dict[str, tuple[object, ...]]:
    """Decided and open cases; modernised flats by their last version, of the stock."""
    modernised = sum((number + 3) % 2 == 0 and number % 7 != 0 for number in range(FLATS))
    return {"E07": (CASES - OPEN, OPEN), "W01": (modernised, STOCK, 100 * modernised / STOCK)}


def shown(reader: KpiReader) -> dict[str, tuple[object, ...]]:
    """The same as readers see it."""
    cases, flats = reader.latest("E07", WindowKind.MONTH), reader.latest("W01", WindowKind.MONTH)
    return {
        "E07": () if cases is None else (cases.denominator, cases.beside.get("open")),
        "W01": () if flats is None else (flats.numerator, flats.denominator, flats.value),
    }
