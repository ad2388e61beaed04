"""Alarms and interruptions of supply."""

from __future__ import annotations

from typing import Any

import pytest

from cityhub.adapters.dvv.grid.mapping import fact
from cityhub.adapters.dvv.grid.wire import ENTRY
from tests.unit.adapters.journals import everything, reading, rejects, told

ALARM = {"art": "alarm-ausgeloest", "alarm": "A-1", "sparte": "gas", "zeit": "2026-11-20T07:00:00+01:00"}
OUTAGE = {
    "art": "unterbrechung-beendet",
    "unterbrechung": "U-1",
    "version": 1,
    "sparte": "strom",
    "beginn": "2026-11-20T06:00:00+01:00",
    "ende": "2026-11-20T07:00:00+01:00",
    "anschluesse": 310,
}


def outage(**more: Any) -> dict[str, Any]:
    ((_, _, found),) = told(reading(ENTRY, fact, OUTAGE | more))
    return found


def test_an_alarm_is_raised_and_acknowledged_under_one_number() -> None:
    found = reading(ENTRY, fact, ALARM, ALARM | {"art": "alarm-quittiert", "zeit": "2026-11-20T07:03:00+01:00"})
    data = {"alarm": "A-1", "medium": "gas"}
    assert [(verb, time.isoformat(), said) for verb, time, said in told(found)] == [
        ("alarm-raised", "2026-11-20T07:00:00+01:00", data),
        ("alarm-acknowledged", "2026-11-20T07:03:00+01:00", data),
    ]
    assert [(one.subject, one.key) for one in found.facts] == [
        ("A-1", ("A-1", "raised")),
        ("A-1", ("A-1", "acknowledged")),
    ]


@pytest.mark.parametrize(("said", "medium"), [("strom", "power"), ("gas", "gas"), ("wasser", "water")])
def test_media(said: str, medium: str) -> None:
    assert outage(sparte=said)["medium"] == medium


def test_an_interruption_says_how_long_and_how_many() -> None:
    found = reading(ENTRY, fact, OUTAGE)
    ((verb, time, data),) = told(found)
    assert (verb, time.isoformat()) == ("outage-ended", "2026-11-20T07:00:00+01:00")
    assert data == {"outage": "U-1", "version": 1, "medium": "power", "minutes": 60, "customers": 310}
    assert (found.facts[0].subject, found.facts[0].key, found.facts[0].version) == ("U-1", ("U-1",), "1")


@pytest.mark.parametrize(
    ("end", "minutes"),
    [
        ("2026-11-20T06:00:00+01:00", 0),
        ("2026-11-20T06:00:29.9+01:00", 0),
        ("2026-11-20T06:00:30+01:00", 1),
        ("2026-11-20T05:10:00+00:00", 10),
        ("2026-11-20T05:00:00+01:00", -60),
    ],
)
def test_minutes_are_of_the_clock_not_of_the_writing(end: str, minutes: int) -> None:
    assert outage(ende=end)["minutes"] == minutes


def test_a_correction_is_another_version_and_a_withdrawal_says_so() -> None:
    found = reading(ENTRY, fact, OUTAGE, OUTAGE | {"version": 2, "zurueckgenommen": True})
    assert [(one.key, one.version, one.data.get("withdrawn")) for one in found.facts] == [
        (("U-1",), "1", None),
        (("U-1",), "2", True),
    ]
    assert "withdrawn" not in outage(zurueckgenommen=False)


def test_where_it_was_and_who_took_it_stays_there() -> None:
    found = reading(ENTRY, fact, ALARM | {"schicht": "Erika Muster"}, OUTAGE | {"ort": "Musterstraße 1"})
    assert "Muster" not in everything(found)


@pytest.mark.parametrize(
    ("line", "path"),
    [
        (ALARM | {"sparte": "fernwaerme"}, ".sparte"),
        (ALARM | {"art": "alarm-geloescht"}, ".art"),
        (ALARM | {"zeit": "2026-11-20T07:00:00"}, ".zeit"),
        (OUTAGE | {"version": 0}, ".version"),
        (OUTAGE | {"anschluesse": "310"}, ".anschluesse"),
    ],
)
def test_what_is_refused_costs_no_other(line: dict[str, Any], path: str) -> None:
    found = reading(ENTRY, fact, line, OUTAGE)
    assert rejects(found) == [("schema", f"ereignisse[0]{path}")]
    assert len(found.facts) == 1
