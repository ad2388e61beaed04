"""The factor from the engine's integers to a KPI's unit, and whether that unit can come from the arithmetic at all."""

from __future__ import annotations

from fractions import Fraction
from typing import Any

from msgspec import Struct

from cityhub.kpi.kernel.expression_problems import refuse, shown
from cityhub.kpi.kernel.expression_type import Type
from cityhub.kpi.kernel.expression_unit import ONE, parse_unit


class Quantity(Struct, frozen=True):
    """Unit and decimals of what a measure adds up."""

    unit: str = "1"
    scale: int = 0

    @classmethod
    def of(cls, kind: Type) -> Quantity:
        return cls(kind.unit, kind.scale)


COUNT = Quantity()
MILLISECONDS = Quantity("ms")
HOURS = Quantity("h")


class Wanted(Struct, frozen=True):
    """What the definition asks for. `times` as it is written; None = left to the units."""

    unit: str
    times: Any = None
    complement: bool = False

    def factor(self, of: Quantity, *over: Quantity) -> Fraction:
        """`times` of a measure: the whole factor from its quotient of integers to the KPI's unit.

        Raises:
            Problems: the unit cannot come from the arithmetic, or `times` contradicts the units.
        """
        given, target = parse_unit(of.unit), parse_unit(self.unit)
        for quantity in over:
            given = given.times(parse_unit(quantity.unit), -1)
        written = "/".join([of.unit, *(quantity.unit for quantity in over if parse_unit(quantity.unit) != ONE)])
        if given.powers != target.powers:
            raise refuse(
                f"unit {self.unit!r} cannot come from this measure, which gives {written!r}; correct one of them"
            )
        factor = given.factor / target.factor
        if self.times is not None and _fraction(self.times) != factor:
            raise refuse(
                f"{self.times} does not turn {written!r} into {self.unit!r}; write {_shown(factor)}, or leave it out",
                "times",
            )
        scale = of.scale - sum(quantity.scale for quantity in over)
        if self.complement and (given != ONE or scale):
            raise refuse(
                f"1 − {written} needs two sums of one unit and scale; correct a term or leave it out", "complement"
            )
        return factor / Fraction(10) ** scale


def _fraction(times: Any) -> Fraction:
    try:
        factor = Fraction(str(times))
    except (ValueError, ZeroDivisionError):
        factor = Fraction(0)
    if isinstance(times, bool) or factor <= 0:
        raise refuse(f"{shown(times)} is not a number above 0; write 100, 0.001 or 1/3600", "times")
    return factor


def _shown(factor: Fraction) -> str:
    return str(factor.numerator) if factor.denominator == 1 else f"{factor.numerator}/{factor.denominator}"
