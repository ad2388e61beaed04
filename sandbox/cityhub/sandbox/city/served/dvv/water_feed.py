"""Energy data management of DVV, an MSCONS interchange per delivery: docs/adapters/dvv-water-feed.md."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import date, datetime, timedelta
from pathlib import Path

from cityhub.sandbox.city.chronicle import Chronicle
from cityhub.sandbox.city.served.drop_folder import arranged
from cityhub.sandbox.city.served.endpoint import City, Served
from cityhub.sandbox.city.served.mscons import QUARTER, Curve, Measured, interchanges, midnight
from cityhub.sandbox.city.streams.story import Told, happens
from cityhub.sandbox.city.traffic import lot

_STREAM = "water"
_AHEAD = timedelta(days=2, hours=4)
"""What is replaced when the history begins was told up to so long before."""
_REPLACED = 0.02


def _before(chronicle: Chronicle, start: datetime) -> Sequence[Told]:
    """First versions only."""
    return [told for told in chronicle.between([_STREAM], start - _AHEAD, start) if told.version == "1"]


def _drop(city: City, folder: Path) -> None:
    """Files of all deliveries since the history began; older ones are cleared away."""
    now = city.clock()
    begin = now - city.chronicle.history(_STREAM)
    told = [*_before(city.chronicle, begin), *city.chronicle.between([_STREAM], begin, now)]
    arranged(
        folder,
        interchanges(city.seed, "MSCONS_TL", told, lambda some: [_curve(city.seed, one) for one in some]),
    )


def _curve(seed: int, told: Told) -> Curve:
    """A zone's day."""
    values = list(_quarters(seed, told, date.fromisoformat(told.data["period"])))
    return Curve(told.subject, "8-0:1.29.0", values, cancelled=told.data.get("withdrawn", False))


def _quarters(seed: int, told: Told, day: date) -> Iterator[Measured]:
    """What the day's volume was made of, litres."""
    begin, end = midnight(day), midnight(day + timedelta(days=1))
    count = (end - begin) // QUARTER
    chance = lot(seed, "quarters", *told.key)
    weights = [chance.uniform(0.4, 1.6) for _ in range(count)]
    litres = [int(1000 * told.data["volume_m3"] * weight / sum(weights)) for weight in weights]
    litres[-1] += 1000 * told.data["volume_m3"] - sum(litres)
    for number, amount in enumerate(litres):
        moment = begin + number * QUARTER
        worth = "67" if happens(lot("mscons-worth", told.subject, moment), _REPLACED) else "220"
        yield Measured(moment, moment + QUARTER, amount, worth)


SERVED = Served(feed="dvv.water-feed", streams=(_STREAM,), drop=_drop, before=_before)
