"""Units of measure (UCUM), as far as arithmetic needs them: a factor and powers of base units.

Source of the rules: The Unified Code for Units of Measure, case-sensitive form. What is not in the table, such as
`EUR`, is a base unit of its own: it equals itself only. Annotations such as `{departures}` count as 1.
"""

from __future__ import annotations

import re
from fractions import Fraction
from functools import lru_cache

from msgspec import Struct

from cityhub.kpi.kernel.expression_problems import refuse

_SECOND, _METRE, _GRAM = {"s": 1}, {"m": 1}, {"g": 1}
_ENERGY = {"g": 1, "m": 2, "s": -2}
_ATOMS: dict[str, tuple[Fraction, dict[str, int]]] = {
    "1": (Fraction(1), {}),
    "%": (Fraction(1, 100), {}),
    "[ppth]": (Fraction(1, 1000), {}),
    "[ppm]": (Fraction(1, 10**6), {}),
    "10*": (Fraction(10), {}),
    "s": (Fraction(1), _SECOND),
    "min": (Fraction(60), _SECOND),
    "h": (Fraction(3600), _SECOND),
    "d": (Fraction(86_400), _SECOND),
    "wk": (Fraction(604_800), _SECOND),
    "m": (Fraction(1), _METRE),
    "ar": (Fraction(100), {"m": 2}),
    "l": (Fraction(1, 1000), {"m": 3}),
    "L": (Fraction(1, 1000), {"m": 3}),
    "g": (Fraction(1), _GRAM),
    "t": (Fraction(10**6), _GRAM),
    "J": (Fraction(1000), _ENERGY),
    "W": (Fraction(1000), {"g": 1, "m": 2, "s": -3}),
}
_PREFIXES = {
    "G": Fraction(10**9),
    "M": Fraction(10**6),
    "k": Fraction(1000),
    "h": Fraction(100),
    "d": Fraction(1, 10),
    "c": Fraction(1, 100),
    "m": Fraction(1, 1000),
    "u": Fraction(1, 10**6),
}
_PREFIXED = frozenset({"s", "m", "l", "L", "g", "J", "W", "ar"})
_TERM = re.compile(r"(?P<atom>10\*|1|%|\[[^\[\]\s]+\]|[A-Za-z]+)(?P<power>[+-]?[1-9])?(?P<note>\{[^{}]*\})?|\{[^{}]*\}")


class Unit(Struct, frozen=True):
    """`factor` · base units to their `powers`, sorted by name."""

    factor: Fraction
    powers: tuple[tuple[str, int], ...]

    def times(self, other: Unit, power: int = 1) -> Unit:
        """The product; with `power` −1 the quotient."""
        powers = dict(self.powers)
        for base, exponent in other.powers:
            powers[base] = powers.get(base, 0) + power * exponent
        return Unit(self.factor * other.factor**power, tuple(sorted((b, e) for b, e in powers.items() if e)))


ONE = Unit(Fraction(1), ())


@lru_cache(maxsize=1024)
def parse_unit(text: str) -> Unit:
    """`kW.h`, `l/s`, `%`, `{departures}`, `10*-5` → unit.

    Raises:
        Problems: not written as UCUM writes units.
    """
    found, power = ONE, 1
    for number, piece in enumerate(re.split(r"([./])", text)):
        if number % 2:
            power = -1 if piece == "/" else 1
        elif piece or number or not text.startswith("/"):  # UCUM writes "per hour" as /h
            found = found.times(_piece(piece, text), power)
    return found


def product_unit(units: list[str]) -> str:
    """The unit of a product, written out; factors of 1 are left out."""
    return ".".join(unit for unit in units if parse_unit(unit) != ONE) or "1"


def _piece(piece: str, whole: str) -> Unit:
    match = _TERM.fullmatch(piece)
    if match is None:
        raise refuse(f"{whole!r} is not a UCUM unit; write units such as %, min, kW.h, l/s, {{departures}} or 10*-5")
    atom, exponent = match["atom"], int(match["power"] or 1)
    if atom is None:
        return ONE
    factor, powers = _ATOMS.get(atom) or _with_prefix(atom)
    return Unit(factor**exponent, tuple(sorted((base, power * exponent) for base, power in powers.items())))


def _with_prefix(atom: str) -> tuple[Fraction, dict[str, int]]:
    prefix, base = atom[:1], atom[1:]
    if prefix in _PREFIXES and base in _PREFIXED:
        factor, powers = _ATOMS[base]
        return _PREFIXES[prefix] * factor, powers
    return Fraction(1), {atom: 1}
