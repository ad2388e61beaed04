"""Emptyings as the telematics of collection vehicles hand them over."""

from __future__ import annotations

from typing import Any

import pytest

from cityhub.adapters.wbd.emptyings.mapping import fact
from cityhub.adapters.wbd.emptyings.wire import ENTRY
from tests.unit.adapters.journals import everything, reading, rejects, told

LINE = {"leerung": "L-4711", "zeit": "2026-11-20T05:31:00+01:00", "behaelter": "bin-0042"}
PEOPLE = {"kennzeichen": "DU-WB 123", "fahrer": {"name": "Erika Mustermann"}, "position": [51.4, 6.7]}


def data(**more: Any) -> dict[str, Any]:
    ((_, _, found),) = told(reading(ENTRY, fact, LINE | more))
    return found


def test_an_emptying() -> None:
    weighing = {"kg": 21.5, "status": "gueltig"}
    more = {"verwiegung": weighing, "fahrweg_m": 840, "fuellstand_prozent": 73}
    found = reading(ENTRY, fact, LINE | more | PEOPLE)
    ((verb, time, said),) = told(found)
    assert (verb, time.isoformat()) == ("emptied", "2026-11-20T05:31:00+01:00")
    assert said == {"fill_before": 0.73, "kg": 21.5, "km": 0.8}
    assert (found.facts[0].subject, found.facts[0].key, found.facts[0].borough) == ("bin-0042", ("L-4711",), "")
    assert not any(word in everything(found) for word in ("DU-WB", "Mustermann", "51.4"))


def test_what_nobody_measured_is_missing() -> None:
    assert data() == data(verwiegung=None, fahrweg_m=None, fuellstand_prozent=None) == {}


def test_a_scale_that_did_not_stand_still_weighs_nothing() -> None:
    assert data(verwiegung={"kg": -3.0, "status": "ungueltig"}) == {}


@pytest.mark.parametrize(("metres", "km"), [(0, 0.0), (49, 0.0), (250, 0.2), (350, 0.4), (1_234_567, 1234.6)])
def test_metres_are_kilometres_to_the_tenth_half_to_even(metres: int, km: float) -> None:
    assert data(fahrweg_m=metres) == {"km": km}


@pytest.mark.parametrize(("says", "kg"), [(0, 0.0), (7, 7.0), (0.25, 0.2), (0.35, 0.4), (-0.1, -0.1)])
def test_kilograms_are_to_the_tenth(says: float, kg: float) -> None:
    """Less than nothing is the contract's to refuse."""
    assert data(verwiegung={"kg": says, "status": "gueltig"}) == {"kg": kg}


def test_an_emptying_whose_transponder_was_not_read_is_counted() -> None:
    found = reading(ENTRY, fact, LINE | {"behaelter": None}, LINE)
    assert (len(found.facts), found.noted) == (1, {"transponder_unread": 1})


def test_the_same_emptying_uploaded_twice_is_told_once() -> None:
    assert len(reading(ENTRY, fact, LINE, LINE).facts) == 1


@pytest.mark.parametrize(
    ("more", "where"),
    [
        ({"verwiegung": {"kg": 1, "status": "geschaetzt"}}, ".verwiegung.status"),
        ({"verwiegung": {"kg": "1,5", "status": "gueltig"}}, ".verwiegung.kg"),
        ({"verwiegung": {"kg": 1e300, "status": "gueltig"}}, ".verwiegung.kg"),
        ({"fahrweg_m": 0.8}, ".fahrweg_m"),
        ({"fuellstand_prozent": 101}, ".fuellstand_prozent"),
        ({"behaelter": ""}, ".behaelter"),
        ({"zeit": "2026-11-20T05:31:00"}, ".zeit"),
    ],
)
def test_what_is_not_in_the_form_is_refused_where_it_stands(more: dict[str, Any], where: str) -> None:
    assert rejects(reading(ENTRY, fact, LINE | more)) == [("schema", f"ereignisse[0]{where}")]
