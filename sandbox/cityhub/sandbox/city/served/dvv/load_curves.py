"""Energy data management of DVV, load curves of power, gas and heat: docs/adapters/dvv-load-curves.md."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from itertools import groupby
from pathlib import Path

from cityhub.sandbox.city.served.drop_folder import arranged
from cityhub.sandbox.city.served.endpoint import City, Served
from cityhub.sandbox.city.served.mscons import Curve, Measured, interchanges
from cityhub.sandbox.city.streams.story import Told

_STREAM = "loads"
_REGISTERS = {"power": "1-1:1.29.0", "gas": "7-20:99.33.17", "heat": "6-0:1.29.0"}
_WORTH = {"measured": "220", "substitute": "67", "preliminary": "Z18"}


def _drop(city: City, folder: Path) -> None:
    """Files of all deliveries since the history began; older ones are cleared away."""
    now = city.clock()
    told = city.chronicle.between([_STREAM], now - city.chronicle.history(_STREAM), now)
    arranged(folder, interchanges(city.seed, "MSCONS_LG", told, _curves))


def _curves(told: Sequence[Told]) -> list[Curve]:
    """A message for each zone and medium, and one for what is taken back of it."""
    return [
        Curve(zone, _REGISTERS[medium], [_measured(one) for one in some], cancelled=withdrawn)
        for (zone, medium, withdrawn), some in groupby(sorted(told, key=_curve), key=_curve)
    ]


def _curve(told: Told) -> tuple[str, str, bool]:
    return told.subject, told.data["medium"], told.data.get("withdrawn", False)


def _measured(told: Told) -> Measured:
    begin = datetime.strptime(told.data["period"], "%Y-%m-%dT%H:%MZ").replace(tzinfo=UTC)
    end = begin + timedelta(minutes=told.data["minutes"])
    return Measured(begin, end, told.data.get("energy_wh", 0), _WORTH[told.data.get("quality", "measured")])


SERVED = Served(feed="dvv.load-curves", streams=(_STREAM,), drop=_drop)
