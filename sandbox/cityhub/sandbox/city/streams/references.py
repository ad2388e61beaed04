"""Denominators: population, stock, kilometres of sewer. Pure."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date, timedelta

from cityhub.sandbox.city.streams.quarters import (
    PLANNED_DWELLINGS,
    area_by_quarter,
    measures_by_field,
    measures_by_quarter,
)
from cityhub.sandbox.city.streams.story import BOROUGHS, Stream, Told, at, iso, tell

REFERENCES = {"lamps": 400, "leika_services": 1418, "population": 505_000, "flats": 12_000}
_WHOLE = {
    "city_area": (232_800_000, "m2"),
    "sewer_length": (1_400_000, "m"),
    "building_stock": (1_900_000, "m2"),
    "lamp_energy_baseline": (816_000, "W.h"),  # 400 lamps of 170 W, twelve hours
    "development_area": (1_300_000, "m2"),
    "schools": (135, "1"),
    "museums": (12, "1"),
}
_CUSTOMERS = {"power": 290_000, "gas": 70_000, "water": 100_000}
_OF_BOROUGHS = {
    "population": (51_000, 76_000, 74_500, 42_000, 109_500, 78_500, 73_500),
    "lamps": (58, 57, 57, 57, 57, 57, 57),
}


def _references(_: int, day: date) -> Iterator[Told]:
    """Denominators, valid from the beginning of their year."""
    if day.month == 1 and day.day == 1:
        for name, value in REFERENCES.items():
            moment = at(day, 0)
            data = {"name": name, "value": value, "unit": "1", "valid_from": iso(moment)}
            yield Told("de.duisburg.city.reference.set.v1", moment, name, (name, day.isoformat()), data)


def _denominators(_: int, day: date) -> Iterator[Told]:
    """What else numbers are divided by, set on 1 January; in July the year's population is counted anew."""
    if (day.month, day.day) == (1, 1):
        for name, (value, unit) in _quantities().items():
            yield _set(day, name, value, unit)
        for name, parts in _OF_BOROUGHS.items():
            for borough, value in zip(BOROUGHS, parts, strict=True):
                yield _set(day, name, value, borough=borough)
    elif (day.month, day.day) == (7, 15):
        counted = REFERENCES["population"] + 700 * (day.year - 2024)
        yield _set(day, "population", counted)


def _set(day: date, name: str, value: int, unit: str = "1", *, borough: str = "") -> Told:
    """Valid from the beginning of the year."""
    data = {"name": name, "value": value, "unit": unit, "valid_from": iso(at(date(day.year, 1, 1), 0))}
    return tell("city.reference.set", at(day, 60), name, (name, borough, day), data, borough=borough)


def _quantities() -> dict[str, tuple[int, str]]:
    """Value and unit by name; `a.b` is `a` of the part b alone."""
    parts = {
        "customers_supplied": (_CUSTOMERS, "1"),
        "planned_dwellings": (PLANNED_DWELLINGS, "1"),
        "area_for_sale": (area_by_quarter(), "m2"),
        "quarter_measures": (measures_by_quarter(), "1"),
    }
    found = dict(_WHOLE)
    for name, (by_part, unit) in parts.items():
        found[name] = sum(by_part.values()), unit
        found |= {f"{name}.{part}": (value, unit) for part, value in by_part.items()}
    return found | {f"quarter_measures.{field}": (value, "1") for field, value in measures_by_field().items()}


STREAMS = (
    Stream("references", timedelta(days=400), _references),
    Stream("denominators", timedelta(days=400), _denominators),
)
