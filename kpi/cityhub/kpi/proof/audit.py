"""The auditor: every definition computed a second time over the archive, and compared bit for bit at a common cut.

The cut is a snapshot of buckets and cursors; the archive must reach as far. Verdicts are obeyed as they are archived.
"""

from __future__ import annotations

import time
from collections.abc import Iterable, Sequence

import polars as pl

from cityhub.kpi.audited import Audit, Difference, EventAt
from cityhub.kpi.batch import Mismatch, buckets, compare, pieces
from cityhub.kpi.batch.bucket import place_columns
from cityhub.kpi.kernel.bucket import Bin, Place
from cityhub.kpi.kernel.plan import Plan
from cityhub.kpi.proof.evidence import EventSource
from cityhub.kpi.proof.stored import Snapshot

MOST_NAMED = 20
"""Mismatches that are told with their events, and events of each."""


def audit(plan: Plan, cut: Snapshot, source: EventSource) -> Audit:
    """Compare one definition's buckets with what the archive comes to.

    Raises:
        ArchiveMissing: the archive does not reach the cut, or has let go of days before it.
        ArchiveDamaged: a file is not what was written.
        BatchError: the definition cannot be computed a second time.
    """
    began = time.process_time()
    definition = plan.definition
    types = {read.type: read.topic for read in definition.sources.values()}
    frames = {type_: source.frame(type_, upto=cut.vector.get(topic, {})) for type_, topic in types.items()}
    stored = cut.buckets[definition.id]
    found = compare(plan, stored, buckets(plan, frames))
    return Audit(
        kpi=definition.id,
        version=definition.version,
        hash=definition.hash,
        buckets=stored.sums.height,
        events=sum(frame.height for frame in frames.values()),
        mismatches=len(found),
        differences=tuple(_named(plan, types, frames, found[:MOST_NAMED])) if found else (),
        took_ms=int((time.process_time() - began) * 1000),
    )


def _named(
    plan: Plan, topics: dict[str, str], frames: dict[str, pl.DataFrame], found: Sequence[Mismatch]
) -> Iterable[Difference]:
    """Mismatches with the events that the batch counts in their buckets."""
    rows = pieces(plan, frames).contributions
    for place, column, stored, recomputed in found:
        bucket = place.place if isinstance(place, Bin) else place
        name = f"{place.histogram}/{place.bin}" if isinstance(place, Bin) else column
        here = rows.filter(_at(plan, bucket)).select("type", "part", "off").unique().sort("type", "part", "off")
        yield Difference(
            *(bucket.layer, bucket.start, bucket.scope, bucket.dims, name, str(stored), str(recomputed)),
            tuple(_events(topics, frames, here.head(MOST_NAMED))),
        )


def _at(plan: Plan, bucket: Place) -> pl.Expr:
    dims = bucket.dims or (None,) * len(plan.definition.dimensions)
    values = (bucket.layer, bucket.start, bucket.scope, *dims)
    pairs = zip(place_columns(plan), values, strict=True)
    return pl.all_horizontal(pl.col(name).eq_missing(pl.lit(value)) for name, value in pairs)


def _events(topics: dict[str, str], frames: dict[str, pl.DataFrame], here: pl.DataFrame) -> Iterable[EventAt]:
    for type_, part, off in here.iter_rows():
        (id_,) = frames[type_].filter((pl.col("part") == part) & (pl.col("off") == off))["id"].to_list()
        yield EventAt(topics[type_], part, off, id_)
