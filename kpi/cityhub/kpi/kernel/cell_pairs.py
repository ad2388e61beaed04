"""Pairs: entities near each other in space and time, by the last observation of each (docs/meaning.md, `pairs`).

One cell stands for all entities of a definition; whoever holds it may change its rows. A row per entity keeps its
observations, a row per square of the ground the entities that were ever observed in it. A square is as wide as a pair
may be apart, so that a pair lies in one square or in two that touch. An event costs the rows of its entity and of those
around it, however many there are.
"""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from itertools import zip_longest
from struct import pack
from typing import Any, NamedTuple

from msgspec import Struct, msgpack
from xxhash import xxh3_128_digest

from cityhub.kpi.kernel.bucket import Deltas, Place
from cityhub.kpi.kernel.cell_kind import DIGEST_BYTES, Observation, Tally, digest_bytes
from cityhub.kpi.kernel.windows import Grain, grain_start

NORTH_M, EAST_M = 111_256, 69_547
"""Metres of one degree of latitude and of longitude on 51.43° N, the middle of Duisburg (WGS 84)."""
ENTITIES, SQUARES = "entities", "squares"

RowKey = tuple[str, bytes]
"""`ENTITIES` and 16 bytes that stand for the entity, or `SQUARES` and the square's number to the north and east."""
ReadRows = Callable[[str, Iterable[bytes]], Mapping[bytes, bytes]]
"""The states of those rows that exist."""


class Spot(Struct, array_like=True, frozen=True, gc=False):
    """Where and when an entity can be one of a pair.

    Attributes:
        owner: of what a pair has two different ones.
        north, east: metres · 10^decimals of the contract, from latitude and longitude 0.
        begin, end: its period, epoch ms, never empty. until: epoch ms at which it leaves its pairs; None = never.
    """

    owner: str | int
    north: int
    east: int
    begin: int
    end: int
    until: int | None


class Seen(Struct, array_like=True, frozen=True, gc=False):
    """An observation as it is kept; its first two fields order it. No `spot`: it is in no pair."""

    t: int
    digest: bytes
    synthetic: bool
    scope: str
    dims: tuple[str, ...]
    spot: Spot | None


class Track(Struct, array_like=True, frozen=True, gc=False):
    """An entity's name and its observations in their order."""

    name: str
    seen: list[Seen]


class _Standing(NamedTuple):
    """An observation in force until `end`, epoch ms; None = to this day."""

    name: str
    seen: Seen
    end: int | None


class PairsCell(Struct, frozen=True, kw_only=True):
    """All entities of a definition. Terms: (entity, owner, latitude, longitude, begin, end, holds, until).

    Attributes:
        width: slots of the definition's vectors; grain: length of its buckets.
        pairs: slot of how many pairs there are, a sum of changes.
        reach: how far apart a pair may be, metres · 10^decimals of the contract.
        expires: whether the last term (epoch ms) ends what is observed.
    """

    width: int
    grain: Grain
    pairs: int
    reach: int
    expires: bool = False

    def read(self, observation: Observation) -> tuple[str, Seen] | None:
        """The entity's name and what is kept of an observation; None when it is unknown whose it is."""
        _, t, digest, synthetic, scope, dims, (entity, *terms) = observation
        if entity is None:
            return None
        return str(entity), Seen(t, digest_bytes(digest), synthetic, scope, dims, self._spot(terms))

    def _spot(self, terms: Sequence[Any]) -> Spot | None:
        owner, latitude, longitude, begin, end, holds, until = terms
        if None in terms[:6] or not holds or begin >= end or (self.expires and until is None):
            return None
        return Spot(owner, latitude * NORTH_M, longitude * EAST_M, begin, end, until if self.expires else None)

    def near(self, one: Spot, other: Spot) -> bool:
        """Whether two entities can be a pair: different owners, near enough, and their periods overlap."""
        north, east = one.north - other.north, one.east - other.east
        return (
            one.owner != other.owner
            and north * north + east * east <= self.reach * self.reach
            and max(one.begin, other.begin) < min(one.end, other.end)
        )

    def squares(self, spot: Spot) -> Iterator[bytes]:
        """The square a spot lies in, then the eight around it."""
        north, east = spot.north // self.reach, spot.east // self.reach
        for up in (0, 1, -1):
            for right in (0, 1, -1):
                yield pack(">qq", north + up, east + right)


class Ground:
    """What a batch reads and changes of a cell's rows.

    Args:
        coming: what will be added. Everything that takes is read here, and nothing later.
    """

    def __init__(self, kind: PairsCell, coming: Sequence[tuple[str, Seen]], read: ReadRows) -> None:
        self._kind = kind
        self._tracks: dict[bytes, Track] = {}
        self._changed: set[RowKey] = set()
        self._load({_key(name) for name, _ in coming}, read)
        held = [seen.spot for track in self._tracks.values() for seen in track.seen]
        spots = [spot for spot in (*held, *(seen.spot for _, seen in coming)) if spot is not None]
        rows = read(SQUARES, sorted({square for spot in spots for square in kind.squares(spot)}))
        self._squares = {square: _split(state) for square, state in rows.items()}
        self._load(set().union(*self._squares.values()) - self._tracks.keys(), read)

    def _load(self, keys: Iterable[bytes], read: ReadRows) -> None:
        self._tracks |= {key: _track(state) for key, state in read(ENTITIES, sorted(keys)).items() if state}

    def add(self, name: str, seen: Seen) -> Deltas:
        """Take up an observation; returns what it changes. It shortens the one before it and lasts to the next."""
        key = _key(name)
        track = self._tracks.setdefault(key, Track(name, []))
        # A batch that another worker has applied comes here, too, until its cursor is refused: nothing may fail.
        at = bisect_left(track.seen, (seen.t, seen.digest), key=_order)
        before = track.seen[at - 1] if at else None
        following = track.seen[at].t if at < len(track.seen) else None
        tally = Tally(self._kind.width)
        tally.count(self._place(seen, seen.t), seen.digest, synthetic=seen.synthetic)
        deltas = tally.deltas
        if before is not None:
            self._pair(deltas, _standing(name, before, seen.t), 1)
            self._pair(deltas, _standing(name, before, following), -1)
        self._pair(deltas, _standing(name, seen, following), 1)
        track.seen.insert(at, seen)
        self._changed.add((ENTITIES, key))
        self._settle(key, seen.spot)
        return deltas.settled()

    def _settle(self, key: bytes, spot: Spot | None) -> None:
        """Note in its square that an entity was there."""
        if spot is not None:
            square = next(self._kind.squares(spot))
            those = self._squares.setdefault(square, set())
            if key not in those:
                those.add(key)
                self._changed.add((SQUARES, square))

    def rows(self) -> dict[RowKey, bytes]:
        """The new states of the rows that changed; equal sets of observations give equal bytes."""
        return {
            (room, key): _encode(self._tracks[key]) if room == ENTITIES else b"".join(sorted(self._squares[key]))
            for room, key in self._changed
        }

    def _pair(self, deltas: Deltas, one: _Standing, sign: int) -> None:
        """Add what the pairs of an observation with all others contribute, or take it away."""
        if one.seen.spot is not None:
            for other in self._around(one.seen.spot, one.name):
                self._contribute(deltas, (one, other) if one.name < other.name else (other, one), sign)

    def _around(self, spot: Spot, but: str) -> Iterator[_Standing]:
        keys = set().union(*(self._squares.get(square, ()) for square in self._kind.squares(spot)))
        for track in map(self._tracks.__getitem__, keys):
            for seen, following in zip_longest(track.seen, track.seen[1:]):
                if track.name != but and seen.spot is not None and self._kind.near(spot, seen.spot):
                    yield _standing(track.name, seen, None if following is None else following.t)

    def _contribute(self, deltas: Deltas, pair: tuple[_Standing, _Standing], sign: int) -> None:
        """One pair: where the first of the names is, from when both are known until one of them is no longer."""
        first, second = pair
        begin = max(first.seen.t, second.seen.t)
        end = min((one.end for one in pair if one.end is not None), default=None)
        if end is not None and end <= begin:
            return
        tally = Tally(self._kind.width)
        for t_ms, amount in ((begin, 1), (end, -1)):
            if t_ms is not None:
                place = self._place(first.seen, t_ms)
                tally.add(place, self._kind.pairs, amount, first.seen.digest, second.seen.digest)
        deltas.merge(tally.deltas, sign)

    def _place(self, seen: Seen, t_ms: int) -> Place:
        return Place("", grain_start(self._kind.grain, t_ms), seen.scope, seen.dims)


_track = msgpack.Decoder(Track).decode
_encode = msgpack.Encoder().encode


def _order(seen: Seen) -> tuple[int, bytes]:
    return seen.t, seen.digest


def _key(name: str) -> bytes:
    return xxh3_128_digest(name.encode())


def _split(state: bytes) -> set[bytes]:
    return {state[start : start + DIGEST_BYTES] for start in range(0, len(state), DIGEST_BYTES)}


def _standing(name: str, seen: Seen, following_ms: int | None) -> _Standing:
    until_ms = None if seen.spot is None else seen.spot.until
    ends = [end for end in (following_ms, until_ms) if end is not None]
    return _Standing(name, seen, min(ends, default=None))
