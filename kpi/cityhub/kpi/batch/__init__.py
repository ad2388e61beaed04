"""The KPI language a second time, in Polars: from the archive's event frames to buckets and what stands behind them.

It shares with the stream (`kpi.kernel`) what a definition *is* (plan, canonical trees, parameters of cells, windows)
and nothing that computes. No I/O. A frame is a Polars DataFrame per event type (`batch.events` says its columns).

    buckets(plan, frames) -> Buckets            all sums of a definition; the fast way
    pieces(plan, frames, only=None) -> Pieces   a row per event, bucket and pair. `only` = (window kind, anchor in epoch
                                                s): of the buckets of `distinct` this window's only
    Pieces.buckets(plan) -> Buckets             the same sums from the pieces
    Buckets.of(plan, vectors, bins)             from dicts: Place → (n, synthetic_n, digest, *slots), Bin → count
    Buckets.summed(plan, [sums], [bins])        from frames of rows to add, digests as limbs d0 … d3, as the store's
    Buckets.vectors(), Buckets.counts()         as such dicts
    compare(plan, stored, recomputed)           -> list[Mismatch(place, column, stored, recomputed)]

The columns of a place are layer, start (epoch s), scope, dim0 … in the order of the definition's dimensions; null in
dim0 … = of all (`distinct`).

    Buckets.sums         place, n, synthetic_n, digest_hi, digest_lo (UInt64), v0 … (Int64)
    Buckets.bins         place, histogram, bin, count
    Pieces.contributions family, type, part, off, place, via, n, synthetic_n, digest_hi, digest_lo, v0 …
    Pieces.bins          family, type, part, off, place, histogram, bin, count
"""

from __future__ import annotations

from cityhub.kpi.batch.audit import Mismatch, compare
from cityhub.kpi.batch.bucket import Buckets
from cityhub.kpi.batch.engine import buckets, pieces
from cityhub.kpi.batch.piece import Pieces

__all__ = ["Buckets", "Mismatch", "Pieces", "buckets", "compare", "pieces"]
