"""Duisburg's seven Stadtbezirke and where each lies among the others."""

from __future__ import annotations

from msgspec import Struct

from cityhub.api.cut import BOROUGHS


class Borough(Struct, frozen=True):
    """A Stadtbezirk; the same name in both languages.

    Attributes:
        column, row: of its hexagon, columns in halves of one. Two hexagons touch exactly where the boroughs do:
            Walsum and Hamborn in the north, Süd alone in the south, the river's left bank on the left.
    """

    scope: str
    name: str
    column: int
    row: int


_LAID = (
    ("Walsum", 1, 0),
    ("Hamborn", 3, 0),
    ("Meiderich/Beeck", 4, 1),
    ("Homberg/Ruhrort/Baerl", 2, 1),
    ("Mitte", 3, 2),
    ("Rheinhausen", 1, 2),
    ("Süd", 2, 3),
)
PLACES = tuple(Borough(scope, *laid) for scope, laid in zip(BOROUGHS, _LAID, strict=True))
"""In the order of their numbers."""


def touch(one: Borough, other: Borough) -> bool:
    """Whether two hexagons have a side in common."""
    across, down = abs(one.column - other.column), abs(one.row - other.row)
    return (down, across) in {(0, 2), (1, 1)}
