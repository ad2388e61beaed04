"""Correctable streams: of an entity's versions only the highest counts (docs/meaning.md, `correctable`)."""

from __future__ import annotations

from collections.abc import Sequence
from typing import ClassVar

from msgspec import Struct, msgpack

from cityhub.kpi.kernel.bucket import Deltas, Place
from cityhub.kpi.kernel.cell_kind import CellKind, Observation, Tally, digest_bytes
from cityhub.kpi.kernel.label import Reason
from cityhub.kpi.kernel.windows import grain_start


class Version(Struct, array_like=True, frozen=True, order=True, gc=False):
    """A version of an entity; its first two fields order it.

    Attributes:
        slots: what it adds to each slot; None = its event is not counted there. bins: (histogram, bin) it counts in.
    """

    version: int
    digest: bytes
    retracted: bool
    t: int
    synthetic: bool
    scope: str
    dims: tuple[str, ...]
    slots: tuple[int | None, ...]
    bins: tuple[tuple[int, int], ...]


class CorrectableCell(CellKind[Version], frozen=True, kw_only=True):
    """One entity of a correctable stream. Terms: (version, retracted, (slots, bins)), as `Version` keeps them.

    Only the highest version contributes; of two events with the same version, the one with the higher digest. A
    retracted one contributes nothing, and so does one that is counted nowhere.
    """

    _decoder: ClassVar[msgpack.Decoder[Version]] = msgpack.Decoder(Version)

    def _with(self, kept: Version | None, observations: Sequence[Observation]) -> Version:
        versions = [_version(observation) for observation in observations]
        return max(versions if kept is None else [kept, *versions])

    def _reason(self, old: Version | None, new: Version) -> Reason:
        """A first version is an event as any other, whatever its number; it can take nothing back."""
        if old is None:
            return Reason.LATE
        return Reason.RETRACTION if new.retracted else Reason.CORRECTION

    def _tally(self, kept: Version) -> Deltas:
        tally = Tally(self.width)
        counted = {slot: amount for slot, amount in enumerate(kept.slots) if amount is not None}
        if not kept.retracted and (counted or kept.bins):
            place = Place("", grain_start(self.grain, kept.t), kept.scope, kept.dims)
            tally.count(place, kept.digest, synthetic=kept.synthetic)
            for slot, amount in counted.items():
                tally.add(place, slot, amount)
            for histogram, bin_ in kept.bins:
                tally.deltas.add_bin(place, histogram, bin_)
        return tally.deltas

    def _without(self, kept: Version, before_ms: int) -> Version:
        """A higher version can come at any time and must take away what this one added."""
        return kept


def _version(observation: Observation) -> Version:
    _, t, digest, synthetic, scope, dims, (version, retracted, (slots, bins)) = observation
    return Version(version, digest_bytes(digest), retracted is True, t, synthetic, scope, dims, slots, bins)
