"""Distinct values: how many different ones a window saw (docs/meaning.md, `distinct`)."""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Iterable, Iterator, Sequence
from functools import lru_cache
from typing import ClassVar

from msgspec import Struct, msgpack

from cityhub.kpi.kernel.bucket import DIGEST, DIGEST_MOD, FIRST_SLOT, SYNTHETIC, Deltas, N, Place
from cityhub.kpi.kernel.cell_kind import CellKind, Observation, digest_bytes, refuse_forgotten
from cityhub.kpi.kernel.windows import Grain, Window, grain_end, grain_start, windows_over
from cityhub.kpi.values import WindowKind

CITY = "city"
_EVER = 1 << 62


class Sighting(Struct, array_like=True, frozen=True, order=True, gc=False):
    """The observations of the value in one grain, scope and dimensions; `digest` is the sum of theirs.

    What was counted before the cell last forgot is left out of n and digest; then a sighting only says that the value
    was seen.
    """

    start: int
    scope: str
    dims: tuple[str, ...]
    n: int
    synthetic_n: int
    digest: bytes


class Sightings(Struct, array_like=True, frozen=True, gc=False):
    """Attributes: floor = epoch ms before which something was forgotten; entries in their order, never empty."""

    floor: int | None
    entries: list[Sighting]


class DistinctCell(CellKind[Sightings], frozen=True, kw_only=True):
    """One of the values that are told apart. No terms are looked at.

    How many different values a window saw cannot be summed from shorter windows, nor the city's from its boroughs', nor
    all from each dimension's. So each of them has a bucket: layer = kind and start = anchor of the window, scope =
    `city` or a borough, dims = () for all or the definition's. The value adds one to the slot of each bucket it was
    observed in, however often; n and digest count every observation.

    Attributes:
        slot: slot of how many different values.
        layers: kinds of windows that are shown; unions of the grain.
    """

    slot: int
    layers: tuple[WindowKind, ...]
    _decoder: ClassVar[msgpack.Decoder[Sightings]] = msgpack.Decoder(Sightings)

    def _with(self, kept: Sightings | None, observations: Sequence[Observation]) -> Sightings:
        sums: dict[tuple[int, str, tuple[str, ...]], list[int]] = {}
        if kept is not None:
            refuse_forgotten(kept.floor, observations)
            for seen in kept.entries:
                sums[seen.start, seen.scope, seen.dims] = [seen.n, seen.synthetic_n, int.from_bytes(seen.digest)]
        for _, t, digest, synthetic, scope, dims, _ in observations:
            found = sums.setdefault((grain_start(self.grain, t), scope, dims), [0, 0, 0])
            found[N] += 1
            found[SYNTHETIC] += synthetic
            found[DIGEST] = (found[DIGEST] + digest) % DIGEST_MOD
        entries = [Sighting(*key, n, more, digest_bytes(digest)) for key, (n, more, digest) in sums.items()]
        return Sightings(None if kept is None else kept.floor, sorted(entries))

    def _tally(self, kept: Sightings) -> Deltas:
        deltas = Deltas(self.width)
        for seen in kept.entries:
            digest = int.from_bytes(seen.digest)
            for place in self._places(seen):
                vector = deltas.vector(place)
                vector[N] += seen.n
                vector[SYNTHETIC] += seen.synthetic_n
                vector[DIGEST] += digest
                vector[FIRST_SLOT + self.slot] = 1
        return deltas

    def _without(self, kept: Sightings, before_ms: int) -> Sightings | None:
        """Of the sightings that began before the cut, the latest of a place stands for all: a window that holds an
        earlier one and reaches over the cut holds it too.
        """
        cut = bisect_left(kept.entries, before_ms, key=lambda seen: seen.start * 1000)
        latest = {(seen.scope, seen.dims): seen for seen in kept.entries[:cut]}
        marks = [
            Sighting(seen.start, *place, 0, 0, digest_bytes(0))
            for place, seen in latest.items()
            if any(window.end * 1000 > before_ms for window in self._windows(seen.start))
        ]
        entries = [*sorted(marks), *kept.entries[cut:]]
        if entries == kept.entries:
            return kept
        return Sightings(before_ms, entries) if entries else None

    def _windows(self, start: int) -> Iterator[Window]:
        for layer in self.layers:
            yield from _windows_over(layer, self.grain, start)

    def _places(self, seen: Sighting) -> Iterator[Place]:
        scopes = (CITY, seen.scope) if seen.scope else (CITY,)
        slices: Iterable[tuple[str, ...]] = ((), seen.dims) if seen.dims else ((),)
        for window in self._windows(seen.start):
            for scope in scopes:
                for dims in slices:
                    yield Place(window.kind, window.anchor, scope, dims)


@lru_cache(maxsize=256)
def _windows_over(kind: WindowKind, grain: Grain, start: int) -> tuple[Window, ...]:
    """All windows of a kind that hold a grain: up to 366 for a year to date."""
    return tuple(windows_over(kind, start, grain_end(grain, start), _EVER))
