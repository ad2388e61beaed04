"""What every kind of cell is: a pure function of the set of an entity's observations (docs/meaning.md).

A kind says how a set is kept (`_with`), what it adds to buckets (`_tally`) and what of it can be forgotten
(`_without`). Merging, differences and bytes are the same for all.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, ClassVar, Generic, NamedTuple, TypeVar

from msgspec import Struct, msgpack

from cityhub.kpi.kernel.bucket import DIGEST, FIRST_SLOT, SYNTHETIC, Deltas, N, Place
from cityhub.kpi.kernel.label import Reason
from cityhub.kpi.kernel.windows import Grain

DIGEST_BYTES = 16
_ENCODER = msgpack.Encoder()

S = TypeVar("S")


class Observation(NamedTuple):
    """What one event tells a cell.

    Attributes:
        source: what the event is to the cell: `first` or `then` in a join, else not looked at.
        t: event time, epoch ms.
        digest: 128-bit digest of the event; orders observations of the same instant.
        scope: borough; "" = none named. dims: in the definition's order.
        terms: the values the cell's kind asks for, in the order it documents; None = unknown.
    """

    source: str
    t: int
    digest: int
    synthetic: bool
    scope: str
    dims: tuple[str, ...]
    terms: tuple[Any, ...]


class Change(NamedTuple):
    """A cell's new state, what the change adds to buckets, and what it is called where it comes after a deadline."""

    state: bytes
    deltas: Deltas
    reason: Reason


class Tally:
    """Contributions under way, in which an event supports a bucket once however often it adds to it."""

    def __init__(self, width: int) -> None:
        self.deltas = Deltas(width)
        self._supports: set[tuple[Place, bytes]] = set()

    def count(self, place: Place, digest: bytes, *, synthetic: bool) -> None:
        """Count an event in the bucket it occurred in."""
        vector = self.deltas.vector(place)
        vector[N] += 1
        vector[SYNTHETIC] += synthetic
        self._support(place, digest)

    def add(self, place: Place, slot: int | None, amount: int, *by: bytes) -> None:
        """Add to a slot; `by` = digests of the events behind it. A slot the definition does not keep takes nothing."""
        if slot is not None:
            self.deltas.vector(place)[FIRST_SLOT + slot] += amount
            for digest in by:
                self._support(place, digest)

    def _support(self, place: Place, digest: bytes) -> None:
        if (support := (place, digest)) not in self._supports:
            self._supports.add(support)
            self.deltas.vector(place)[DIGEST] += int.from_bytes(digest)


class CellKind(Struct, Generic[S], frozen=True, kw_only=True):
    """A kind of cell with its parameters; `S` is the form its state is kept in.

    States are bytes: equal sets of observations give equal bytes. None and b"" are a cell without memory. An event is
    merged at most once: whoever calls has removed repeated ids.

    Attributes:
        width: slots of the definition's vectors; grain: length of its buckets.
    """

    width: int
    grain: Grain
    _decoder: ClassVar[msgpack.Decoder[Any]]

    def merge(self, state: bytes | None, observations: Sequence[Observation]) -> bytes:
        """The state after more observations, at least one.

        Raises:
            ValueError: an observation is older than what the cell has forgotten.
        """
        return _encoded(self._with(self._decoded(state), observations))

    def contributions(self, state: bytes | None) -> Deltas:
        """What the observations add to buckets altogether."""
        return self._contributed(self._decoded(state)).settled()

    def trim(self, state: bytes, before_ms: int) -> bytes:
        """Forget what no observation with t >= `before_ms` can change; differences of contributions stay right.

        Returns:
            b"" when nothing needs to be remembered, so that the cell can be dropped.
        """
        kept = self._decoded(state)
        left = None if kept is None else self._without(kept, before_ms)
        return state if left is kept else _encoded(left)

    def change(
        self, state: bytes | None, observations: Sequence[Observation], forget_before_ms: int | None = None
    ) -> Change:
        """Merge, take the difference of contributions, and trim: what a batch does to a cell.

        Only what the earliest new observation can change is tallied, so that a long memory costs no time.

        Args:
            observations: at least one.
            forget_before_ms: see `trim`; None = forget nothing.

        Raises:
            ValueError: as `merge`.
        """
        old = self._decoded(state)
        near = None if old is None else self._without(old, min(observation.t for observation in observations))
        deltas = self._contributed(self._with(near, observations))
        deltas.merge(self._contributed(near), -1)
        merged = self._with(old, observations)
        new = merged if forget_before_ms is None else self._without(merged, forget_before_ms)
        return Change(_encoded(new), deltas.settled(), self._reason(old, merged))

    def _decoded(self, state: bytes | None) -> S | None:
        kept: S | None = self._decoder.decode(state) if state else None
        return kept

    def _contributed(self, kept: S | None) -> Deltas:
        return Deltas(self.width) if kept is None else self._tally(kept)

    def _reason(self, _old: S | None, _new: S) -> Reason:
        """What a change is called where it comes after a deadline."""
        return Reason.LATE

    def _with(self, kept: S | None, observations: Sequence[Observation]) -> S:
        raise NotImplementedError

    def _tally(self, kept: S) -> Deltas:
        raise NotImplementedError

    def _without(self, kept: S, before_ms: int) -> S | None:
        raise NotImplementedError


def digest_bytes(digest: int) -> bytes:
    """A digest as it is kept; bytes sort as the integers do."""
    return digest.to_bytes(DIGEST_BYTES)


def refuse_forgotten(floor_ms: int | None, observations: Sequence[Observation]) -> None:
    """Raise ValueError for an observation from before `floor_ms`, where the cell has forgotten its neighbours."""
    earliest = min(observation.t for observation in observations)
    if floor_ms is not None and earliest < floor_ms:
        raise ValueError(
            f"an event of {earliest} ms came to a cell that has forgotten what was before {floor_ms} ms; "
            "rebuild the cell from the archive"
        )


def _encoded(kept: object) -> bytes:
    return b"" if kept is None else _ENCODER.encode(kept)
