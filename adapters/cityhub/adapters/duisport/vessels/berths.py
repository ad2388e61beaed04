"""Where berths are: circles from the file `berths.yaml`. Pure but for reading it.

A degree is 111 256 m north and 69 547 m east at Duisburg (docs/meaning.md).
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from functools import lru_cache
from importlib.resources import files

import msgspec
from msgspec import Struct

from cityhub.sdk import plain_yaml

_NORTH_M, _EAST_M = 111_256, 69_547


class Berth(Struct, frozen=True, forbid_unknown_fields=True):
    """A circle on the water. Attributes: berth: its name, "" for a basin in which vessels lie anywhere."""

    lat: float
    lon: float
    radius_m: float
    berth: str = ""

    def distance_m(self, lat: float, lon: float) -> float:
        """From its middle."""
        return math.hypot((lat - self.lat) * _NORTH_M, (lon - self.lon) * _EAST_M)


@lru_cache
def load_berths() -> tuple[Berth, ...]:
    """All of the port; nobody's names come twice."""
    tree = plain_yaml.load(files(__package__).joinpath("berths.yaml").read_text(encoding="utf-8"))
    return msgspec.convert(tree, tuple[Berth, ...])


def berth_at(berths: Sequence[Berth], lat: float, lon: float) -> Berth | None:
    """The berth around a position, a named one before a basin; None on open water."""
    around = (one for one in berths if one.distance_m(lat, lon) <= one.radius_m)
    return min(around, key=lambda one: (not one.berth, one.distance_m(lat, lon)), default=None)
