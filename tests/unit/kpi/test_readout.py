"""From sums to numbers, by hand: exact fractions, rounded once; what is unknown is None and never 0."""

from __future__ import annotations

from collections.abc import Mapping
from fractions import Fraction

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cityhub.kpi.kernel.readout import Coverage, MeanAge, QuantileOf, Quotient, Reading, Readout, Slot, Sums, read
from cityhub.kpi.kernel.windows import Window
from cityhub.kpi.values import WindowKind

START, END = 1_795_388_400, 1_795_474_800
DAY = Window(WindowKind.DAY, START, END, START)
HUNDRED = Fraction(100)


def sums(
    *slots: int,
    prefix: tuple[int, ...] = (),
    clock_s: int = END + 3600,
    bins: Mapping[int, int] | None = None,
    **references: int | None,
) -> Sums:
    """Sums of one day that is over, unless the clock says otherwise."""
    return Sums(DAY, clock_s, slots, prefix, {} if bins is None else {0: bins}, references)


@pytest.mark.parametrize(
    ("readout", "given", "value", "numerator", "denominator"),
    [
        (Quotient(Slot(0), Slot(1), times=HUNDRED), sums(2, 3), 66.6667, 2, 3),
        (Quotient(Slot(0), Slot(1), times=HUNDRED, complement=True), sums(1, 8), 87.5, 7, 8),
        (Quotient(Slot(0), Slot(1), complement=True), sums(5, 4), -0.25, -1, 4),
        (Quotient(Slot(0)), sums(42), 42.0, 42, 1),
        (Quotient(Slot(0), times=Fraction(1, 1000)), sums(1500), 1.5, 1500, 1),
        (Quotient(Slot(0, prefix=True), Slot(1, prefix=True)), sums(9, 9, prefix=(1, 4)), 0.25, 1, 4),
        (Quotient(Slot(0), "population", times=Fraction(100_000)), sums(251, population=502_000), 50.0, 251, 502_000),
        (Quotient("stock", Slot(0)), sums(4, stock=10), 2.5, 10, 4),
        (Quotient(Slot(0), per_hour=True), sums(48), 2.0, 172_800, 86_400),
        (Quotient(Slot(0), per_hour=True), sums(48, clock_s=START + 6 * 3600), 8.0, 172_800, 21_600),
        (Quotient(Slot(0), "lamps", per_hour=True), sums(48, lamps=4), 0.5, 172_800, 345_600),
        (QuantileOf(0, Fraction(1, 2), times=Fraction(1, 60)), sums(bins={60: 2, 90: 1}), 1.0, 60, 3),
        (QuantileOf(0, Fraction(9, 10)), sums(bins={60: 2, 90: 1}), 90.0, 90, 3),
        (MeanAge(Slot(0), Slot(1)), sums(2, 2 * END - 300), 150.0, 300, 2),
        (MeanAge(Slot(0), Slot(1)), sums(1, START, clock_s=START + 60), 60.0, 60, 1),
        (MeanAge(Slot(0), Slot(1)), sums(1, START + 90, clock_s=START + 60), 0.0, 0, 1),
        (Coverage(Slot(0), Slot(1)), sums(86_400_000, 2), 0.5, 86_400_000, 172_800_000),
        (Coverage(Slot(0), Slot(1)), sums(1_800_000, 1, clock_s=START + 3600), 0.5, 1_800_000, 3_600_000),
        (Coverage(Slot(0), Slot(1)), sums(9_999_999, 1, clock_s=START + 3600), 1.0, 3_600_000, 3_600_000),
        (Coverage(Slot(0), Slot(1)), sums(0, 3), 0.0, 0, 259_200_000),
        (Coverage(Slot(0), Slot(1), HUNDRED), sums(21_600_000, 2), 12.5, 21_600_000, 172_800_000),
        (Coverage(Slot(0), Slot(1), HUNDRED, complement=True), sums(21_600_000, 2), 87.5, 151_200_000, 172_800_000),
    ],
)
def test_worked_examples(readout: Readout, given: Sums, value: float, numerator: int, denominator: int) -> None:
    assert read(readout, given) == Reading(value, numerator, denominator)


@pytest.mark.parametrize(
    ("readout", "given"),
    [
        (Quotient(Slot(0), Slot(1)), sums(0, 0)),
        (Quotient(Slot(0), Slot(1)), sums(5, 0)),
        (Quotient(Slot(0), Slot(1), complement=True), sums(0, 0)),
        (Quotient(Slot(0), "population"), sums(5, population=None)),
        (Quotient(Slot(0), "population"), sums(5)),
        (Quotient(Slot(0), "population"), sums(5, population=0)),
        (Quotient("stock", Slot(0)), sums(5, stock=None)),
        (Quotient(Slot(0), per_hour=True), sums(0, clock_s=START)),
        (Quotient(Slot(0), per_hour=True), sums(0, clock_s=START - 60)),
        (QuantileOf(0, Fraction(1, 2)), sums(bins={})),
        (QuantileOf(3, Fraction(1, 2)), sums(bins={1: 1})),
        (MeanAge(Slot(0), Slot(1)), sums(0, 0)),
        (Coverage(Slot(0), Slot(1)), sums(0, 0)),
        (Coverage(Slot(0), Slot(1)), sums(0, 2, clock_s=START - 60)),
    ],
)
def test_what_is_unknown_is_none_and_its_denominator_zero(readout: Readout, given: Sums) -> None:
    found = read(readout, given)
    assert found.value is None
    assert found.denominator == 0


@pytest.mark.parametrize(
    ("of", "over", "value"),
    [(1, 20_000, 0.0), (3, 20_000, 0.0002), (-1, 20_000, 0.0), (5, 20_000, 0.0002), (1, 80_000, 0.0), (2, 3, 0.6667)],
)
def test_rounding_is_half_to_even(of: int, over: int, value: float) -> None:
    assert read(Quotient(Slot(0), Slot(1)), sums(of, over)).value == value


@given(st.integers(0, 2**62), st.integers(1, 2**62), st.fractions(Fraction(1, 10**6), 10**6))
def test_the_value_is_the_nearest_of_four_decimals_to_the_exact_fraction(of: int, over: int, times: Fraction) -> None:
    found = read(Quotient(Slot(0), Slot(1), times=times), sums(of, over)).value
    assert found is not None
    exact = times * of / over
    nearest = Fraction(round(exact * 10_000), 10_000)
    assert abs(nearest - exact) <= Fraction(1, 20_000)
    assert found == float(nearest)
