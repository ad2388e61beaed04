"""Buckets: the smallest unit a number is made of, and what is added to it.

A bucket holds sums only. Adding knows neither order nor batches, so any order, batching, partitioning or number of
restarts gives the same bytes.
"""

from __future__ import annotations

from typing import NamedTuple

from cityhub.kpi.kernel.label import Reason

DIGEST_MOD = 1 << 128
N, SYNTHETIC, DIGEST, FIRST_MS, LAST_MS, FIRST_SLOT = range(6)
"""Places in a vector: counted events, how many of them are synthetic, digest of the counted events, the partition's
clock (epoch ms) at the first event that touched the bucket and at the last one that was no higher version of an entity
(0 = none), then the slots."""

MAX_SLOTS = 8
"""Integers a bucket holds beside its counts."""

Vector = list[int]
"""`[n, synthetic_n, digest, first_ms, last_ms, slot 0, slot 1, …]`; the digest is stored modulo 2^128."""


class Place(NamedTuple):
    """Where a contribution falls, within one definition.

    Attributes:
        layer: "" = the definition's base grain; a window kind for what cannot be merged from grains (`distinct`).
        start: epoch seconds at which the grain, or the window's last step, begins.
        scope: borough such as `STB03`; "" = the event names none, so that it counts for the city only.
        dims: values of the definition's dimensions, in its order.
    """

    layer: str
    start: int
    scope: str
    dims: tuple[str, ...]


class Bin(NamedTuple):
    """One bin of a histogram in a bucket."""

    place: Place
    histogram: int
    bin: int


class Deltas:
    """What a set of events adds to the buckets of one definition. Shapes: vectors have 5 + `width` integers.

    Attributes:
        revised: the partition's clock at the first and at the last higher version or retraction that touched a bucket.
    """

    __slots__ = ("bins", "revised", "vectors", "width")

    def __init__(self, width: int) -> None:
        self.width = width
        self.vectors: dict[Place, Vector] = {}
        self.bins: dict[Bin, int] = {}
        self.revised: dict[tuple[Place, Reason], tuple[int, int]] = {}

    def vector(self, place: Place) -> Vector:
        """The vector of a place, all zero when nothing was added yet."""
        found = self.vectors.get(place)
        if found is None:
            found = self.vectors[place] = [0] * (FIRST_SLOT + self.width)
        return found

    def add_bin(self, place: Place, histogram: int, bin_: int, count: int = 1) -> None:
        """Count a value into a histogram."""
        key = Bin(place, histogram, bin_)
        self.bins[key] = self.bins.get(key, 0) + count

    def merge(self, other: Deltas, sign: int = 1) -> None:
        """Add another set's contributions, or take them away with `sign` −1; says nothing about arrival."""
        for place, vector in other.vectors.items():
            mine = self.vector(place)
            for index, value in enumerate(vector):
                mine[index] += sign * value
        for key, count in other.bins.items():
            self.bins[key] = self.bins.get(key, 0) + sign * count

    def absorb(self, change: Deltas, clock_ms: int, reason: Reason = Reason.LATE) -> None:
        """Add what one event changed, which arrived at `clock_ms`; cells come in any order.

        Args:
            reason: what the change is called where it comes after a deadline.
        """
        for place in change.vectors.keys() | {key.place for key in change.bins}:
            mine = self.vector(place)
            first_ms, last_ms = mine[FIRST_MS] or clock_ms, mine[LAST_MS]
            for index, value in enumerate(change.vectors.get(place, ())):
                mine[index] += value
            mine[FIRST_MS], mine[LAST_MS] = min(first_ms, clock_ms), last_ms
            if reason is Reason.LATE:
                mine[LAST_MS] = max(last_ms, clock_ms)
            else:
                first_ms, last_ms = self.revised.get((place, reason), (clock_ms, clock_ms))
                self.revised[place, reason] = min(first_ms, clock_ms), max(last_ms, clock_ms)
        for key, count in change.bins.items():
            self.bins[key] = self.bins.get(key, 0) + count

    def settled(self) -> Deltas:
        """The same without what adds nothing; digests modulo 2^128."""
        found = Deltas(self.width)
        for place, vector in self.vectors.items():
            vector[DIGEST] %= DIGEST_MOD
            if any(vector):
                found.vectors[place] = vector
        found.bins = {key: count for key, count in self.bins.items() if count}
        return found
