"""What all sources of the port say of containers in one way: their number, their size, their stay.

Source of the rules: ISO 6346 (numbers, size codes), docs/adapters/duisport-containers.md.
"""

from __future__ import annotations

import re
import string
from collections.abc import Mapping

GATED_IN = "de.duisburg.duisport.container.gated-in.v1"
GATED_OUT = "de.duisburg.duisport.container.gated-out.v1"
DISCHARGED = "de.duisburg.duisport.container.discharged.v1"
LOADED = "de.duisburg.duisport.container.loaded.v1"

NUMBER = re.compile(r"[A-Z]{3}[A-Z][0-9]{6}[0-9]")
"""Owner, category, serial number, check digit."""
_FEET = {"1": 10, "2": 20, "3": 30, "4": 40, "B": 24, "G": 41, "H": 43, "L": 45, "M": 48, "N": 49, "P": 53}
"""By the first character of a size code."""
_LETTERS = {one: 10 + place + (place + 9) // 10 for place, one in enumerate(string.ascii_uppercase)}
"""11 and its multiples are left out."""


def teu(size: str) -> float | None:
    """Containers of 20 feet that a size code such as `22G1` or `4310` stands for; None for an unknown length."""
    feet = _FEET.get(size[:1])
    return None if feet is None else feet / 20


def has_check_digit(number: str) -> bool:
    """Whether the last digit of a `NUMBER` follows from the others."""
    values = (_LETTERS.get(one) or int(one) for one in number[:10])
    return sum(value << place for place, value in enumerate(values)) % 11 % 10 == int(number[10])


def stay(number: str, references: Mapping[str, str], order: tuple[str, ...]) -> str:
    """The contract's `visit`: the container and the first of the references that all moves of a stay name, such as its
    booking; where there is none the container alone, which is in the port once at a time."""
    reference = next((references[kind] for kind in order if references.get(kind)), "")
    return f"{number}/{reference}" if reference else number
