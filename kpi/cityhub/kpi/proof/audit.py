"""The auditor: every definition computed a second time over the archive, and compared bit for bit at a common cut.

The cut is a snapshot of buckets and cursors; the archive must reach as far. Verdicts are obeyed as they are archived.
"""

from __future__ import annotations

import time
from collections.abc import Iterable, Sequence
from pathlib import Path

import polars as pl

from cityhub.kpi.audited import Audit, Difference, EventAt
from cityhub.kpi.batch import Buckets, Mismatch, compare, pieces
from cityhub.kpi.batch.bucket import place_columns
from cityhub.kpi.kernel.bucket import Bin, Place
from cityhub.kpi.kernel.plan import Plan
from cityhub.kpi.proof.days import (
    FileSource,
    Task,
    buckets_of,
    counting,
    days_of,
    forget,
    frames_of,
    start_of,
)
from cityhub.kpi.proof.evidence import EVER
from cityhub.kpi.proof.stored import Snapshot

MOST_NAMED = 20
"""Mismatches that are told with their events, and events of each."""


def audit(plan: Plan, cut: Snapshot, source: FileSource, since_s: int = -EVER, work: Path | None = None) -> Audit:
    """Compare one definition's buckets with what the archive comes to.

    Args:
        since_s: buckets before are left out, of a definition whose days add up (no cells), epoch s.
        work: folder for what days came to, so that a next audit computes what is new (`days`); None = it is not kept.

    Raises:
        ArchiveMissing: the archive does not reach the cut, or has let go of days before it.
        ArchiveDamaged: a file is not what was written.
        BatchError: the definition cannot be computed a second time.
        OSError: `work` cannot be written.
    """
    began = time.process_time()
    definition = plan.definition
    task = Task(plan, source, cut.vector, work)
    frames_of(task, (EVER, EVER))  # no event, but an error where the archive does not reach the cut
    files = [file for file in counting(plan, source, cut.vector) if start_of(file.day) >= since_s * 1000]
    stored, recomputed = (_since(since_s, one) for one in (cut.buckets[definition.id], buckets_of(task, files)))
    found = compare(plan, stored, recomputed)
    if work is not None:
        forget(work, days_of(plan, files, cut.vector))
    return Audit(
        kpi=definition.id,
        version=definition.version,
        hash=definition.hash,
        since=since_s if since_s > -EVER else None,
        buckets=stored.sums.height,
        events=sum(
            last + 1 for topic in set(plan.definition.topics.values()) for last in cut.vector.get(topic, {}).values()
        ),
        mismatches=len(found),
        differences=tuple(_named(task, since_s, found[:MOST_NAMED])) if found else (),
        took_ms=int((time.process_time() - began) * 1000),
    )


def _since(since_s: int, found: Buckets) -> Buckets:
    return Buckets(*(rows.filter(pl.col("start") >= since_s) for rows in found))


def _named(task: Task, since_s: int, found: Sequence[Mismatch]) -> Iterable[Difference]:
    """Mismatches with the events that the batch counts in their buckets."""
    plan, topics = task.plan, task.plan.definition.topics
    frames = frames_of(task, (max(since_s * 1000, -EVER), EVER))
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
