"""Cells that keep an entity's observations in the order of time: states, last states and joins."""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Sequence
from typing import ClassVar

from msgspec import Struct, msgpack

from cityhub.kpi.kernel.bucket import Place
from cityhub.kpi.kernel.cell_kind import CellKind, Observation, digest_bytes, refuse_forgotten
from cityhub.kpi.kernel.windows import Grain, grain_start


class Entry(Struct, array_like=True, frozen=True, order=True, gc=False):
    """An observation as it is kept; its first three fields order it.

    Attributes:
        t: epoch ms.
        rank: 1 for the closing half of a join, which comes after an opening one of the same instant; else 0.
        terms: integers; None = unknown.
    """

    t: int
    rank: int
    digest: bytes
    synthetic: bool
    scope: str
    dims: tuple[str, ...]
    terms: tuple[int | None, ...]

    def place(self, grain: Grain, t_ms: int) -> Place:
        """The bucket of this observation's scope and dimensions that holds an instant."""
        return Place("", grain_start(grain, t_ms), self.scope, self.dims)


class Timeline(Struct, array_like=True, frozen=True, gc=False):
    """Attributes: floor = epoch ms before which something was forgotten; entries in their order, never empty."""

    floor: int | None
    entries: list[Entry]


class TimelineCell(CellKind[Timeline], frozen=True, kw_only=True):
    """A cell over its entity's ordered observations."""

    _decoder: ClassVar[msgpack.Decoder[Timeline]] = msgpack.Decoder(Timeline)

    def _entry(self, observation: Observation) -> Entry:
        """How an observation is kept."""
        _, t, digest, synthetic, scope, dims, terms = observation
        numbers = tuple(None if term is None else int(term) for term in terms)
        return Entry(t, 0, digest_bytes(digest), synthetic, scope, dims, numbers)

    def _carried(self, earlier: Sequence[Entry]) -> Sequence[Entry]:
        """Which of the entries before a cut still matter after it: the last one, whose state reaches over the cut."""
        return earlier[-1:]

    def _with(self, kept: Timeline | None, observations: Sequence[Observation]) -> Timeline:
        added = map(self._entry, observations)
        if kept is None:
            return Timeline(None, sorted(added))
        refuse_forgotten(kept.floor, observations)
        return Timeline(kept.floor, sorted([*kept.entries, *added]))

    def _without(self, kept: Timeline, before_ms: int) -> Timeline | None:
        cut = bisect_left(kept.entries, before_ms, key=lambda entry: entry.t)
        carried = self._carried(kept.entries[:cut])
        if len(carried) == cut:
            return kept
        entries = [*carried, *kept.entries[cut:]]
        return Timeline(before_ms, entries) if entries else None
