"""Synthetic values of one KPI of each class, in windows of every kind up to a moment."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from datetime import datetime
from fractions import Fraction
from typing import Any

from msgspec import structs

from cityhub.kpi.definition import KpiDefinition
from cityhub.kpi.kernel.measure import Join
from cityhub.kpi.reader import instant, last_windows
from cityhub.kpi.values import KpiValue, Label, WindowKind
from tests.unit.kpi.few import few

CATALOGUE = few()
CLASSES = {
    "M01": "ratio",
    "W01": "ratio",
    "I08": "total",
    "E01": "quantile",
    "I11": "state",
    "E05": "latest",
    "E11": "distinct",
    "E07": "join",
    "M04": "pairs",
}
"""A KPI of each class; W01 is divided by a reference."""
_HOUR_MS, _DAY_MS = 3_600_000, 86_400_000
PARTS = {
    "M01": ("901", "903", "U79"),
    "E01": ("buergerservice-mitte", "strassenverkehrsamt", ""),
    "E07": ("online", ""),
    "M04": ("car", "foot"),
}
"""Some values of a KPI's dimension; "" is unknown."""

_NUMBERS: dict[str, Callable[[int], dict[str, Any]]] = {
    "M01": lambda at: {"numerator": 860 + at % 9, "denominator": 1_000, "beside": {"cancelled": at % 4}},
    "W01": lambda at: {"numerator": 200 + at, "denominator": 12_340, "references": {"flats": 12_340}},
    "I08": lambda at: {
        "numerator": 100_000 + 900 * (at % 7),
        "denominator": 240,
        "references": {"lamps": 240},
        "beside": {"lamps": 236},
    },
    "E01": lambda at: {
        "numerator": 11 * _DAY_MS + at % 5 * 9 * _HOUR_MS,
        "denominator": 1_214,
        "named": {"p90": 27.25},
    },
    "I11": lambda at: {"numerator": (40 + at % 6) * _HOUR_MS, "denominator": 1_116 * _HOUR_MS, "coverage": 0.93},
    "E05": lambda at: {"numerator": 230 + at, "denominator": 1_418, "references": {"leika_services": 1_418}},
    "E11": lambda at: {"numerator": 1_700 + 13 * at, "denominator": 506_000, "references": {"population": 506_000}},
    "M04": lambda at: {"numerator": 20 + at % 9, "denominator": 1},
    "E07": lambda at: {
        "numerator": 9 * _DAY_MS + at % 4 * 7 * _HOUR_MS,
        "denominator": 842,
        "named": {"p90": 31.5, "open_age": 14.2083},
        "beside": {"open": 312, "unmatched": 0},
    },
}


def value_of(definition: KpiDefinition, kind: WindowKind, at: datetime, now: datetime, **changes: Any) -> KpiValue:
    """The value of the window whose last step holds a moment."""
    (window,) = last_windows(kind, at, 1)
    numbers = _NUMBERS[definition.id](window.anchor // 86_400 % 30)
    divided = Fraction(numbers["numerator"], numbers["denominator"])
    found = Fraction(numbers["numerator"]) if CLASSES[definition.id] in {"quantile", "join"} else divided
    times = Fraction(1, _DAY_MS) if isinstance(definition.measure, Join) else definition.measure.times
    value = KpiValue(
        kpi_id=definition.id,
        definition_version=definition.version,
        scope="city",
        dimensions={},
        window=kind,
        start=instant(window.start),
        end=instant(window.end),
        value=round(float(found * times), 4),
        unit=definition.unit,
        n=2_000,
        synthetic_n=2_000,
        digest=f"{window.anchor:032x}",
        label=Label.PROVISIONAL if instant(window.end) > now else Label.FINAL,
        revision=3,
        inputs_up_to=min(now, instant(window.end)),
        definition_hash=definition.hash,
        **{"beside": {}, **numbers},
    )
    return structs.replace(value, **changes)


def values_of(definition: KpiDefinition, now: datetime, count: int = 40) -> Iterator[KpiValue]:
    """The last windows of every kind that a KPI has, and the parts of each; `count` bounds how many of a kind."""
    (name,) = [*definition.dimensions, ""][:1]
    for kind in definition.windows:
        for window in last_windows(kind, now, count):
            at = instant(window.anchor)
            yield value_of(definition, kind, at, now)
            for number, part in enumerate(PARTS.get(definition.id, ())):
                whole = value_of(definition, kind, at, now)
                yield structs.replace(
                    whole, dimensions={name: part}, value=(whole.value or 0) - number, denominator=100 - number
                )
