"""What is written in a cell, as the contract wants it; nothing is guessed."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

import pytest

from cityhub.adapters.tabular import values
from cityhub.adapters.tabular.form import Column
from cityhub.sdk.contract import Field
from cityhub.sdk.text import Text


def value(
    text: str, type_: Any, *, times: str = "1", codes: dict[str, str] | None = None, dialect: str = "german"
) -> Any:
    column = Column(column="Wert", times=Decimal(times), codes=codes or {})
    return values.value(text, Field(type=type_, meaning=Text("", "")), column, dialect)


@pytest.mark.parametrize(
    ("text", "dialect", "number"),
    [
        ("1.234,56", "german", 1234.56),
        ("1234,56", "german", 1234.56),
        ("-0,5", "german", -0.5),
        ("12", "german", 12.0),
        ("1.234.567", "german", 1234567.0),
        ("1,234.56", "english", 1234.56),
        ("0.1", "english", 0.1),
    ],
)
def test_decimals(text: str, dialect: str, number: float) -> None:
    assert value(text, "decimal", dialect=dialect) == number


@pytest.mark.parametrize(
    "text", ["12.50", "1.23", "1,5,0", "1 234", "12,", ",5", "12,50 €", "1e3", "NaN", "−5", "٣", "", "1.2345", "9" * 19]
)
def test_what_is_no_german_number_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match=r"is no german number; write it as 1\.234,56"):
        value(text, "decimal")


def test_units_are_exact() -> None:
    assert value("30", "decimal", times="0.01") == 0.3
    assert value("70", "decimal", times="0.01") == 0.7
    assert value("1,234", "integer", times="1000") == 1234
    assert value("12,34", "integer", times="10000") == 123_400
    with pytest.raises(ValueError, match="'1,2345' is no whole number"):
        value("1,2345", "integer", times="1000")


def test_whole_numbers() -> None:
    assert value("1.418", "integer") == 1418
    assert isinstance(value("12", "integer"), int)
    with pytest.raises(ValueError, match="'12,5' is no whole number"):
        value("12,5", "integer")


@pytest.mark.parametrize(
    ("text", "utc"),
    [
        ("31.12.2026", "2026-12-30T23:00:00Z"),
        ("01.07.2026 08:05", "2026-07-01T06:05:00Z"),
        ("12.11.2026 10:00:05", "2026-11-12T09:00:05Z"),
        ("2026-11-12", "2026-11-11T23:00:00Z"),
        ("2026-11-12T10:00:05+01:00", "2026-11-12T09:00:05Z"),
        ("2026-11-12 10:00Z", "2026-11-12T10:00:00Z"),
        ("25.10.2026 02:30 MESZ", "2026-10-25T00:30:00Z"),
        ("25.10.2026 02:30 MEZ", "2026-10-25T01:30:00Z"),
        ("25.10.2026 02:30 A", "2026-10-25T00:30:00Z"),
        ("25.10.2026 02:30 B", "2026-10-25T01:30:00Z"),
        ("12.11.2026 10:00 MEZ", "2026-11-12T09:00:00Z"),
        ("12.07.2026 10:00 CEST", "2026-07-12T08:00:00Z"),
    ],
)
def test_instants_are_local_unless_they_say_otherwise(text: str, utc: str) -> None:
    assert value(text, "instant") == utc


@pytest.mark.parametrize(
    ("text", "why"),
    [
        ("25.10.2026 02:30", "came twice"),
        ("29.03.2026 02:30", "no such hour"),
        ("12.07.2026 10:00 MEZ", "it is summer time then, not MEZ"),
        ("12.11.2026 10:00 MESZ", "it is no summer time then, not MESZ"),
        ("12.11.2026 10:00 UTC", "'UTC' is no local zone"),
        ("30.02.2026", "day is out of range"),
        ("11/12/2026", "must be 31.12.2026"),
        ("12.11.26", "must be 31.12.2026"),
        ("2026-02-06-08.35.00.000000", "must be 31.12.2026"),
        ("01.01.0001 00:00", "out of range"),
        ("9999-12-31T23:59:59-14:00", "out of range"),
    ],
)
def test_what_is_no_instant_is_refused(text: str, why: str) -> None:
    with pytest.raises(ValueError, match=why):
        value(text, "instant")


def test_booleans_and_codes() -> None:
    assert [value(text, "boolean") for text in ("ja", "Nein", "J", "n", "true", "0")] == [
        True,
        False,
        True,
        False,
        True,
        False,
    ]
    with pytest.raises(ValueError, match="'x' is neither yes nor no; write ja or nein"):
        value("x", "boolean")
    assert value("Strom", "text", codes={"Strom": "power"}) == "power"
    with pytest.raises(ValueError, match="'Strum' is no code that the mapping knows; write Strom"):
        value("Strum", "text", codes={"Strom": "power"})
    assert value("Zone 4", "text") == "Zone 4"


def test_boroughs() -> None:
    names = ("Walsum", "Hamborn", "Meiderich/Beeck", "Homberg-Ruhrort-Baerl", "Mitte", "Rheinhausen", "Süd")
    assert [values.borough(name) for name in names] == [f"STB0{number}" for number in range(1, 8)]
    assert values.borough("STB03") == "STB03"
    with pytest.raises(ValueError, match="'STB08' is no Stadtbezirk of Duisburg; write STB01 to STB07 or its name"):
        values.borough("STB08")
