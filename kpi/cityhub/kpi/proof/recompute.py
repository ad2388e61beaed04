"""Numbers from the archive alone: one window, the windows of a day, or all that there are.

Of additive definitions the days are computed one by one (`days`), of others everything in one pass. Windows are summed
and read by the code that reads the store's. A number carries no label: labels follow from clocks, not from events.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import NamedTuple

import polars as pl
from msgspec import Struct

from cityhub.bus.archive.chain import DataFile
from cityhub.bus.archive.columns import DAY_MS
from cityhub.bus.errors import ArchiveMissing
from cityhub.kpi.batch import Buckets
from cityhub.kpi.kernel.effect import REFERENCE_TOPIC, REFERENCE_TYPE
from cityhub.kpi.kernel.plan import Plan
from cityhub.kpi.kernel.windows import Window, window_at
from cityhub.kpi.proof.days import FileSource, Task, buckets_of, counting, kept_s, start_of
from cityhub.kpi.proof.evidence import EVER, Vector, references_of
from cityhub.kpi.proof.sums import WindowSums
from cityhub.kpi.store.references import References
from cityhub.kpi.store.windows import Job
from cityhub.kpi.values import WindowKind

AT_ONCE = 20_000
"""Numbers that are summed together."""


class Recomputed(Struct, frozen=True, kw_only=True):
    """A number as `values.KpiValue` says it, without label, reasons and revision; `dimensions` is canonical JSON."""

    window: WindowKind
    start: datetime
    end: datetime
    scope: str
    dimensions: str
    value: float | None
    numerator: int
    denominator: int
    beside: dict[str, int]
    named: dict[str, float | None]
    coverage: float | None
    references: dict[str, int]
    n: int
    synthetic_n: int
    digest: str


class Reach(NamedTuple):
    """A cut: last offset that counts by topic and partition, and how far the record had come there (epoch s)."""

    vector: Vector
    clock_s: int


def reach(source: FileSource, plans: Sequence[Plan]) -> Reach:
    """Everything that is archived for some definitions; the clock is the fastest partition's, as of published numbers.

    Raises:
        ArchiveDamaged: a topic's commits are not those that were written.
    """
    topics = {topic for plan in plans for topic in plan.definition.topics.values()}
    ends = {topic: source.state(topic).ends for topic in sorted({*topics, REFERENCE_TOPIC})}
    newest = max((end.clock_ms for topic in topics for end in ends[topic].values()), default=0)
    vector = {topic: {part: end.last for part, end in found.items()} for topic, found in ends.items()}
    return Reach(vector, (newest // 60_000 + 1) * 60)


def recompute(
    plan: Plan,
    source: FileSource,
    cut: Reach,
    windows: Sequence[Window] | None = None,
    *,
    work: Path | None = None,
    jobs: int = 1,
) -> Iterator[Recomputed]:
    """Numbers of windows, by kind, time, scope and dimensions; windows and cuts without any event are left out.

    Args:
        windows: None = all whose events the archive holds.
        work: folder for what the days of an additive definition came to; None = it is not kept.
        jobs: processes for days.

    Raises:
        ArchiveMissing: the archive begins after one of the windows, or does not reach the cut.
        ArchiveDamaged: a file is not what was written.
        BatchError: the definition cannot be computed from events alone.
    """
    files, kept = counting(plan, source, cut.vector), kept_s(plan, source)
    _check_begin(plan, files, kept, windows or ())
    chosen = files if windows is None else [file for file in files if _overlaps(file, windows)]
    found = buckets_of(Task(plan, source, cut.vector, work), chosen, jobs)
    references = _references(plan, source, cut.vector)
    sums = WindowSums(plan, found, cut.clock_s)
    if windows is None:
        asked = {kind: _all(sums, found, kind, kept) for kind in plan.definition.windows}
    else:
        asked = {kind: [one for one in windows if one.kind is kind] for kind in plan.definition.windows}
    for some in asked.values():
        yield from _numbers(sums, references, sorted(one for one in some if one.anchor < cut.clock_s))


def windows_of_day(plan: Plan, start: int, end: int) -> list[Window]:
    """Windows whose last step shares time with a local day [start, end), epoch s: its hours, the day, its week …"""
    found = []
    for kind in plan.definition.windows:
        window = window_at(kind, start)
        while window.anchor < end:
            found.append(window)
            window = window_at(kind, window.end)
    return found


def _numbers(sums: WindowSums, references: References, windows: Sequence[Window]) -> Iterator[Recomputed]:
    cuts = sums.cuts
    step = max(1, AT_ONCE // max(1, len(cuts)))
    for first in range(0, len(windows), step):
        jobs = [Job(cut, window) for window in windows[first : first + step] for cut in cuts]
        for job, totals in zip(jobs, sums.totals(jobs), strict=True):
            if totals.anything:
                yield Recomputed(
                    window=job.window.kind,
                    start=_instant(job.window.start),
                    end=_instant(job.window.end),
                    scope=job.cut.scope,
                    dimensions=job.cut.dims,
                    **sums.figures(job, totals, references)._asdict(),
                )


def _all(sums: WindowSums, found: Buckets, kind: WindowKind, kept: int) -> list[Window]:
    """Windows of a kind from the first bucket on, but those of which days were let go."""
    layer = kind.value if kind in sums.plan.layers else ""
    starts = pl.concat([rows.filter(pl.col("layer") == layer)["start"] for rows in found])
    first = starts.min()
    if not isinstance(first, int):
        return []
    return [one for one in sums.windows(kind, window_at(kind, first).anchor, EVER) if one.start >= kept]


def _references(plan: Plan, source: FileSource, vector: Vector) -> References:
    if not plan.references:
        return References(())
    return references_of(source.frame(REFERENCE_TYPE, upto=vector.get(REFERENCE_TOPIC, {})))


def _overlaps(file: DataFile, windows: Sequence[Window]) -> bool:
    start_ms = start_of(file.day)
    return any(window.start * 1000 < start_ms + DAY_MS and window.end * 1000 > start_ms for window in windows)


def _check_begin(plan: Plan, files: Sequence[DataFile], kept: int, windows: Sequence[Window]) -> None:
    """Refuse windows that the archive knows nothing of."""
    id_ = plan.definition.id
    if not files:
        raise ArchiveMissing(
            f"{id_}: the archive holds no event of {', '.join(plan.definition.topics)}; is it the right archive?"
        )
    first_ms = min(file.t[0] for file in files)
    for window in windows:
        name = f"{id_} {window.kind} from {_written(window.start)}"
        if window.start < kept:
            raise ArchiveMissing(
                f"{name} cannot be computed again: the archive let go of events before {_written(kept)}"
            )
        if window.end * 1000 <= first_ms:
            raise ArchiveMissing(
                f"{name} lies before the archive begins: its first event is of {_written(first_ms // 1000)}"
            )


def _written(epoch_s: int) -> str:
    return f"{_instant(epoch_s):%Y-%m-%dT%H:%M:%SZ}"


def _instant(epoch_s: int) -> datetime:
    return datetime.fromtimestamp(epoch_s, UTC)
