"""Histograms of fixed logarithmic bins: counts add up, so quantiles of any merge come from sums.

A value below 128 has a bin of its own. Above, a bin is the value's exponent and its six bits after the leading one: at
most 1/64 of its lower bound wide, its middle at most 1/128 away from any value in it (the layout of HdrHistogram).
Negative values mirror it: the bin of −v is that of v with the other sign.
"""

from __future__ import annotations

from collections.abc import Mapping
from fractions import Fraction

MAX_VALUE = 1 << 62
"""Largest value, of either sign; definitions are checked against it when they are loaded."""
RELATIVE_ERROR = Fraction(1, 128)
"""A quantile lies at most this share of the true value beside it."""
_BITS = 6
_SUB = 1 << _BITS
_EXACT = 2 * _SUB


def bin_of(value: int) -> int:
    """Bin of a value from −`MAX_VALUE` to `MAX_VALUE`.

    Raises:
        ValueError: the value lies outside.
    """
    if 0 <= value < _EXACT:
        return value
    if not -MAX_VALUE <= value <= MAX_VALUE:
        raise ValueError(f"a histogram holds ±{MAX_VALUE}, not {value}; bound the field in its contract")
    if value < 0:
        return -bin_of(-value)
    shift = value.bit_length() - _BITS - 1
    return (shift << _BITS) + (value >> shift)


def bounds(bin_: int) -> tuple[int, int]:
    """Lowest value of a bin, and the lowest above it."""
    if bin_ < 0:
        low, high = bounds(-bin_)
        return 1 - high, 1 - low
    if bin_ < _EXACT:
        return bin_, bin_ + 1
    shift = (bin_ >> _BITS) - 1
    low = (_SUB + bin_ % _SUB) << shift
    return low, low + (1 << shift)


def middle(bin_: int) -> int:
    """The value that stands for a bin, rounded towards 0; a value within ±128 stands for itself."""
    if bin_ < 0:
        return -middle(-bin_)
    low, high = bounds(bin_)
    return (low + high - 1) // 2


def quantile(bins: Mapping[int, int], at: Fraction) -> int | None:
    """Nearest rank: the middle of the bin that holds the ceil(at · n)-th smallest value, the first at least.

    Args:
        bins: count per bin; zeros do no harm.
        at: 0 (smallest) to 1 (largest).

    Returns:
        None when nothing was counted.

    Raises:
        ValueError: `at` lies outside 0 to 1.
    """
    if not 0 <= at <= 1:
        raise ValueError(f"quantile {at} is not within 0 to 1; write 0.9 for the 90th percentile")
    rank = max(1, -(-at.numerator * sum(bins.values()) // at.denominator))
    for bin_ in sorted(bins):
        rank -= bins[bin_]
        if rank <= 0:
            return middle(bin_)
    return None
