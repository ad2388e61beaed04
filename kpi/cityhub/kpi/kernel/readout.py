"""From summed buckets to numbers: the only place that divides, in exact fractions rounded once.

A missing denominator and a division by zero give None, unknown, never 0. In every reading value = times · numerator ÷
denominator, except that a quantile's numerator is the value found and its denominator the number of values.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from fractions import Fraction
from typing import TypeAlias

from msgspec import Struct

from cityhub.kpi.kernel.histogram import quantile
from cityhub.kpi.kernel.windows import HOUR_S, Window

DECIMALS = 10_000
"""Values carry four decimals, rounded half to even from the exact fraction."""


class Slot(Struct, frozen=True):
    """A sum in the buckets: of the window's buckets, or with `prefix` of all buckets up to the window's end."""

    index: int
    prefix: bool = False


class Quotient(Struct, frozen=True):
    """`times` · of ÷ over, or with `complement` `times` · (over − of) ÷ over.

    Attributes:
        of, over: sums; a text names a reference; no `over` divides by one.
        per_hour: divide by the window's hours as well; of a running window by those that have passed.
        zero_is_known: whether an `of` of 0 is a number; else it says that nothing was reported.
    """

    of: Slot | str
    over: Slot | str | None = None
    times: Fraction = Fraction(1)
    complement: bool = False
    per_hour: bool = False
    zero_is_known: bool = True


class QuantileOf(Struct, frozen=True):
    """`times` · the quantile `at` of a histogram."""

    histogram: int
    at: Fraction
    times: Fraction = Fraction(1)


class MeanAge(Struct, frozen=True):
    """Mean age of open cases at the window's end, or at the clock when that is earlier.

    Attributes:
        count: open cases; since_s: sum of their beginnings, epoch seconds. times: factor from seconds to the unit.
    """

    count: Slot
    since_s: Slot
    times: Fraction = Fraction(1)


class Coverage(Struct, frozen=True):
    """`times` · time ÷ (entities · the window's length up to the clock); `complement`: `times` · (1 − that).

    Attributes:
        of_ms: time that was observed, or in which something held; entities: those known by the window's end.
    """

    of_ms: Slot
    entities: Slot
    times: Fraction = Fraction(1)
    complement: bool = False


Readout: TypeAlias = Quotient | QuantileOf | MeanAge | Coverage


class Sums(Struct, frozen=True):
    """What there is to read of one window.

    Attributes:
        clock_s: how far the record has come, epoch seconds; a running window is read up to it.
        slots: sums over the window's buckets; prefix: sums over all buckets up to the window's end.
        bins: per histogram, counts per bin.
        references: denominators as scaled integers; None = none is known for the window.
    """

    window: Window
    clock_s: int
    slots: Sequence[int]
    prefix: Sequence[int]
    bins: Mapping[int, Mapping[int, int]]
    references: Mapping[str, int | None]

    @property
    def until_s(self) -> int:
        """The window's end, or the clock when that is earlier."""
        return min(self.window.end, self.clock_s)

    @property
    def passed_s(self) -> int:
        """Seconds of the window that have passed."""
        return max(0, self.until_s - self.window.start)


class Reading(Struct, frozen=True):
    """A number, four decimals, and the integers it was divided from; value None = unknown."""

    value: float | None
    numerator: int
    denominator: int


def read(readout: Readout, sums: Sums) -> Reading:
    """The number a readout gives for a window."""
    match readout:
        case Quotient():
            return _quotient(readout, sums)
        case QuantileOf():
            counts = sums.bins.get(readout.histogram, {})
            found = quantile(counts, readout.at)
            value = None if found is None else _rounded(readout.times * found)
            return Reading(value, found or 0, sum(counts.values()))
        case MeanAge():
            count, since_s = _slot(readout.count, sums), _slot(readout.since_s, sums)
            # A case may have begun up to five minutes after the clock; no age is negative.
            return _divided(max(0, count * sums.until_s - since_s), count, readout.times)
        case Coverage():
            known_ms = _slot(readout.entities, sums) * sums.passed_s * 1000
            # A state is held beyond the clock, up to its longest hold; nothing is observed more than wholly.
            of_ms = min(_slot(readout.of_ms, sums), known_ms)
            return _divided(known_ms - of_ms if readout.complement else of_ms, known_ms, readout.times)


def _quotient(quotient: Quotient, sums: Sums) -> Reading:
    of = _operand(quotient.of, sums)
    over = 1 if quotient.over is None else _operand(quotient.over, sums)
    if of is None or over is None or (of == 0 and not quotient.zero_is_known):
        return Reading(None, of or 0, 0)
    if quotient.complement:
        of = over - of
    if quotient.per_hour:
        of, over = of * HOUR_S, over * sums.passed_s
    return _divided(of, over, quotient.times)


def _operand(operand: Slot | str, sums: Sums) -> int | None:
    return sums.references.get(operand) if isinstance(operand, str) else _slot(operand, sums)


def _slot(slot: Slot, sums: Sums) -> int:
    return (sums.prefix if slot.prefix else sums.slots)[slot.index]


def _divided(numerator: int, denominator: int, times: Fraction = Fraction(1)) -> Reading:
    value = None if denominator == 0 else _rounded(times * Fraction(numerator, denominator))
    return Reading(value, numerator, denominator)


def _rounded(exact: Fraction) -> float:
    return round(exact * DECIMALS) / DECIMALS
