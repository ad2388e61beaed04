"""Decimals as scaled integers. A JSON number becomes a double wherever it is read: within `LIMIT` that is exact."""

from __future__ import annotations

LIMIT = 10**15
"""Bound of a scaled decimal: fifteen digits survive every JSON reader."""


def scaled(value: float, scale: int) -> int:
    """The integer `value` · 10^`scale`.

    Exact: reading a number and dividing both round to the nearest double, so a number was written with at most `scale`
    decimals if and only if the integer divided by the power of ten gives the same double again.

    Raises:
        ValueError: more decimals than the scale carries, not finite, or beyond `LIMIT`.
    """
    power: int = 10**scale
    if not abs(value) <= LIMIT / power:
        raise ValueError(f"must lie between -{LIMIT // power} and {LIMIT // power} to be exact with scale {scale}")
    whole = round(value * power)
    if whole / power != value:
        raise ValueError(f"has more than the {scale} decimals of its scale")
    return whole
