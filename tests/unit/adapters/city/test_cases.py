"""Completed cases of the Serviceportal."""

from __future__ import annotations

from typing import Any

import pytest

from cityhub.adapters.city.cases.mapping import fact
from cityhub.adapters.city.cases.wire import ENTRY
from tests.unit.adapters.journals import PSEUDONYMS, everything, reading, rejects, told

LINE = {"vorgang": "SP-4711", "zeit": "2026-11-20T07:00:00.25+01:00", "leistung": "wohngeld", "medienbrueche": 2}


def data(**more: Any) -> dict[str, Any]:
    ((_, _, found),) = told(reading(ENTRY, fact, LINE | more))
    return found


def test_a_case_says_no_more_than_it_knows() -> None:
    found = reading(ENTRY, fact, LINE)
    ((verb, time, data),) = told(found)
    case = PSEUDONYMS.of("case", "SP-4711")
    assert (verb, time.isoformat()) == ("completed", "2026-11-20T07:00:00.250000+01:00")
    assert data == {"case_id": case, "service": "wohngeld", "media_breaks": 2}
    assert (found.facts[0].subject, found.facts[0].key) == (case, (case,))
    assert "4711" not in everything(found)


@pytest.mark.parametrize(("paid", "online"), [("online", True), ("rechnung", False), ("bar", False)])
def test_paid_online_is_paid_in_the_portal(paid: str, online: bool) -> None:
    assert data(bezahlt=paid)["paid_online"] is online


@pytest.mark.parametrize(
    ("said", "level"),
    [
        ("STORK-QAA-Level-1", "basic"),
        ("STORK-QAA-Level-3", "substantial"),
        ("STORK-QAA-Level-4", "high"),
        ("http://eidas.europa.eu/LoA/low", "basic"),
        ("http://eidas.europa.eu/LoA/substantial", "substantial"),
        ("http://eidas.europa.eu/LoA/high", "high"),
    ],
)
def test_levels_of_the_log_in(said: str, level: str) -> None:
    assert data(vertrauensniveau=said)["assurance"] == level


@pytest.mark.parametrize(
    ("field", "value"), [("vertrauensniveau", "STORK-QAA-Level-2"), ("vertrauensniveau", "hoch"), ("bezahlt", "ja")]
)
def test_unknown_codes_are_refused_by_name(field: str, value: str) -> None:
    found = reading(ENTRY, fact, LINE | {field: value})
    assert rejects(found) == [("schema", f"ereignisse[0].{field}")]
    assert value in found.rejects[0].detail
