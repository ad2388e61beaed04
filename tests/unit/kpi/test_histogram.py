"""Histograms: exact where values are small, within the stated error everywhere, whatever the order."""

from __future__ import annotations

from collections import Counter
from fractions import Fraction
from math import ceil

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cityhub.kpi.kernel.histogram import MAX_VALUE, RELATIVE_ERROR, bin_of, bounds, middle, quantile

values = st.integers(0, 62).flatmap(lambda bits: st.integers(-(1 << bits), 1 << bits))
shares = st.fractions(0, 1, max_denominator=1000)


def nearest_rank(sample: list[int], at: Fraction) -> int:
    """The definition, over the values themselves."""
    return sorted(sample)[max(1, ceil(at * len(sample))) - 1]


def test_the_stated_error_is_at_most_one_percent() -> None:
    assert Fraction(1, 100) >= RELATIVE_ERROR


@given(values)
def test_a_value_lies_within_its_bin_and_near_its_middle(value: int) -> None:
    low, high = bounds(bin_of(value))
    assert low <= value < high
    assert abs(middle(bin_of(value)) - value) <= abs(value) * RELATIVE_ERROR


@given(st.integers(bin_of(-MAX_VALUE) + 1, bin_of(MAX_VALUE) - 1))
def test_bins_follow_each_other_without_hole_or_overlap(bin_: int) -> None:
    low, high = bounds(bin_)
    assert bin_of(low) == bin_of(high - 1) == bin_
    assert bounds(bin_ + 1)[0] == high


@given(st.lists(values, min_size=1, max_size=60), shares)
def test_a_quantile_is_within_the_stated_error(sample: list[int], at: Fraction) -> None:
    exact = nearest_rank(sample, at)
    found = quantile(Counter(map(bin_of, sample)), at)
    assert found is not None
    assert abs(found - exact) <= abs(exact) * RELATIVE_ERROR


@given(st.lists(st.integers(-127, 127), min_size=1, max_size=60), shares)
def test_small_values_are_exact(sample: list[int], at: Fraction) -> None:
    assert quantile(Counter(map(bin_of, sample)), at) == nearest_rank(sample, at)


@given(
    st.lists(values, max_size=60).flatmap(lambda sample: st.tuples(st.just(sample), st.permutations(sample))), shares
)
def test_order_makes_no_difference(samples: tuple[list[int], list[int]], at: Fraction) -> None:
    one, other = (quantile(Counter(map(bin_of, sample)), at) for sample in samples)
    assert one == other


@pytest.mark.parametrize(
    ("value", "bin_", "low", "high", "stands_for"),
    [
        (127, 127, 127, 128, 127),
        (128, 128, 128, 130, 128),
        (1000, 317, 1000, 1008, 1003),
        (3600, 432, 3584, 3616, 3599),
        (-127, -127, -127, -126, -127),
        (-128, -128, -129, -127, -128),
        (-1000, -317, -1007, -999, -1003),
    ],
)
def test_bins_by_hand(value: int, bin_: int, low: int, high: int, stands_for: int) -> None:
    """1000 has ten bits: three are dropped, 1000 >> 3 = 125, bin 3 · 64 + 125 = 317."""
    assert (bin_of(value), *bounds(bin_), middle(bin_)) == (bin_, low, high, stands_for)


@pytest.mark.parametrize(("at", "found"), [("0", 10), ("1/4", 10), ("0.26", 20), ("0.5", 20), ("0.9", 40), ("1", 40)])
def test_quantiles_by_hand(at: str, found: int) -> None:
    assert quantile({10: 1, 40: 1, 30: 1, 20: 1, 90: 0}, Fraction(at)) == found


def test_nothing_counted_is_unknown() -> None:
    assert quantile({}, Fraction(1, 2)) is None
    assert quantile({7: 0}, Fraction(1, 2)) is None


@pytest.mark.parametrize("value", [-MAX_VALUE - 1, MAX_VALUE + 1])
def test_values_outside_are_refused(value: int) -> None:
    with pytest.raises(ValueError, match=f"not {value}; bound the field"):
        bin_of(value)


@pytest.mark.parametrize("at", [Fraction(-1, 10), Fraction(90)])
def test_quantiles_outside_are_refused(at: Fraction) -> None:
    with pytest.raises(ValueError, match=f"quantile {at} is not within"):
        quantile({1: 1}, at)
