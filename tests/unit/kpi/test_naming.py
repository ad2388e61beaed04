"""What readers call the numbers that stand beside a value."""

from __future__ import annotations

from fractions import Fraction

import pytest
from msgspec import structs

from cityhub.kpi.definition import load_catalogue
from cityhub.kpi.kernel.layout import plan_of
from cityhub.kpi.kernel.measure import Join
from cityhub.kpi.naming import counted, counted_noun, named_values, stands_beside
from tests.unit.api.classes import CLASSES, values_of
from tests.unit.kpi.test_readers import NOW

CATALOGUE = load_catalogue()


@pytest.mark.parametrize("kpi", [definition.id for definition in CATALOGUE])
def test_every_value_the_engine_keeps_beside_has_a_name(kpi: str) -> None:
    definition = CATALOGUE[kpi]
    names = named_values(definition)
    assert set(names) == set(plan_of(definition).beside)
    assert all(text.title.de and text.title.en and text.unit for text in names.values())


def test_the_engines_own_values_are_called_by_what_they_are() -> None:
    names = named_values(CATALOGUE["E07"])
    assert {name: (text.title.de, text.title.en, text.unit) for name, text in names.items()} == {
        "open": ("offene Fälle", "open cases", "1"),
        "open_age": ("mittleres Alter offener Fälle", "mean age of open cases", "d"),
        "unmatched": ("Abschlüsse ohne Beginn", "closings without a beginning", "1"),
        "p90": ("90-%-Wert", "90th percentile", "d"),
    }
    assert named_values(CATALOGUE["M01"])["cancelled"].title.en == "cancelled trips"


@pytest.mark.parametrize(
    ("at", "german", "english"),
    [
        ("0.95", "95-%-Wert", "95th percentile"),
        ("0.91", "91-%-Wert", "91st percentile"),
        ("0.11", "11-%-Wert", "11th percentile"),
        ("0.999", "99,9-%-Wert", "99.9th percentile"),
    ],
)
def test_quantiles_are_ordinals(at: str, german: str, english: str) -> None:
    definition = CATALOGUE["E07"]
    assert isinstance(definition.measure, Join)
    measure = structs.replace(definition.measure, at=(Fraction("0.5"), Fraction(at)), open=False)
    _, (_, text) = named_values(structs.replace(definition, measure=measure)).items()
    assert (text.title.de, text.title.en) == (german, english)


@pytest.mark.parametrize(
    ("kpi", "noun", "n"),
    [
        ("M01", "Abfahrten", 1_000),
        ("W01", "Ereignisse", 2_000),
        ("I08", "Ereignisse", 2_000),
        ("E01", "Werte", 1_214),
        ("I11", "Ereignisse", 2_000),
        ("E05", "Ereignisse", 2_000),
        ("E11", "Ereignisse", 2_000),
        ("E07", "abgeschlossene Fälle", 842),
        ("M04", "Ereignisse", 2_000),
    ],
)
def test_a_count_counts_what_its_noun_says(kpi: str, noun: str, n: int) -> None:
    value = next(values_of(CATALOGUE[kpi], NOW))
    assert (counted_noun(CATALOGUE[kpi], "de"), counted(CATALOGUE[kpi], value)) == (noun, n)
    assert set(CLASSES) >= {kpi}


def test_what_a_value_does_not_know_is_unknown_and_not_zero() -> None:
    value = structs.replace(next(values_of(CATALOGUE["E07"], NOW)), beside={}, named={"p90": None})
    assert [one.value for one in stands_beside(CATALOGUE["E07"], value)] == [None] * 4
