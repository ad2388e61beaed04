"""Sensors that say something every few minutes, unless their radio is broken. Pure."""

from __future__ import annotations

import random
from collections.abc import Iterator
from datetime import date, datetime, timedelta

from cityhub.sandbox.city.streams.story import DAY, at, happens
from cityhub.sandbox.city.traffic import lot

_BROKEN, _KEEPS, _MISSED = 0.04, 0.6, 0.01
_HOUR_S = 3600


def readings(
    seed: int, kind: str, number: int, day: date, every_s: int
) -> Iterator[tuple[datetime, float, datetime | None, random.Random]]:
    """What a sensor says on a day of 23, 24 or 25 hours.

    Now and then its radio is broken for up to four hours: better sensors keep what they measured and tell it late,
    others lose it; a single reading is missing everywhere.

    Returns:
        Time, hours since midnight, when it is told (None = at once), and numbers to go on with.
    """
    chance = lot(seed, kind, number, day)
    midnight = at(day, 0)
    length_s = int((at(day + DAY, 0) - midnight).total_seconds())
    broken, keeps = happens(chance, _BROKEN), happens(chance, _KEEPS)
    out_s = chance.randrange(20 * _HOUR_S) if broken else length_s
    back_s = min(length_s, out_s + chance.randrange(_HOUR_S // 2, 4 * _HOUR_S))
    for second in range(number * 37 % every_s, length_s, every_s):
        silent = out_s <= second < back_s
        if happens(chance, _MISSED) or (silent and not keeps):
            continue
        told_at = midnight + timedelta(seconds=back_s) if silent else None
        yield midnight + timedelta(seconds=second), second / _HOUR_S, told_at, chance


def by_day(hour: float) -> float:
    """Bustle of the town, 0 at night to 1 in the afternoon."""
    nearest = min(abs(hour % 24 - peak) for peak in (8, 17))
    base = 0.45 if 6 <= hour % 24 < 22 else 0.08  # noqa: PLR2004
    return base + max(0.0, 0.55 - 0.16 * nearest)
