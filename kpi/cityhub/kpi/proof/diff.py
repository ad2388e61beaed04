"""Two versions of a definition side by side: which windows would differ, by how much, and which events move them.

Both are computed from archived events; nothing live is read or touched.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from datetime import UTC, datetime
from typing import NamedTuple

import polars as pl
from msgspec import Struct

from cityhub.kpi.audited import EventAt
from cityhub.kpi.batch import buckets
from cityhub.kpi.batch.events import EVENT
from cityhub.kpi.errors import BatchError
from cityhub.kpi.kernel.effect import REFERENCE_TYPE
from cityhub.kpi.kernel.plan import Plan
from cityhub.kpi.proof.evidence import EventSource, Evidence, Question, Vector, references_of
from cityhub.kpi.proof.sums import WindowSums
from cityhub.kpi.store.figures import Figures
from cityhub.kpi.store.references import References
from cityhub.kpi.store.windows import Job, Totals

MOST_NAMED = 20
"""Events that are named of each window."""


class Side(Struct, frozen=True):
    """A window's number by one version; None = it has no number there."""

    value: float | None
    n: int
    numerator: int
    denominator: int
    beside: dict[str, int]
    named: dict[str, float | None]


class Moved(Struct, frozen=True, kw_only=True):
    """A window that differs.

    Attributes:
        events: how many events add something else; named: the first of them. Both are 0 and empty where they were not
            asked for.
    """

    window: str
    start: datetime
    end: datetime
    scope: str
    dimensions: str
    old: Side | None
    new: Side | None
    events: int = 0
    named: tuple[EventAt, ...] = ()


class Pair(NamedTuple):
    """Two versions, over which records, and how far they had come (epoch s)."""

    old: Plan
    new: Plan
    vector: Vector
    clock_s: int


def diff(pair: Pair, source: EventSource, start: int, end: int, *, details: int = MOST_NAMED) -> list[Moved]:
    """Windows with anchor in [start, end), epoch s, that differ, by kind, time and cut.

    Args:
        details: of how many windows the events are named.

    Raises:
        ArchiveMissing, ArchiveDamaged: the events are not all there.
        BatchError: the versions are of different KPIs, or one cannot be computed.
    """
    if pair.old.definition.id != pair.new.definition.id:
        raise BatchError(
            f"{pair.old.definition.id} and {pair.new.definition.id} are different KPIs; compare versions of one"
        )
    sides = [_Side(plan, pair, source) for plan in (pair.old, pair.new)]
    found = list(_differing(sides[0], sides[1], start, end))
    return [_moved(pair, source, job, both, named=number < details) for number, (job, both) in enumerate(found)]


class _Side:
    """One version's numbers."""

    def __init__(self, plan: Plan, pair: Pair, source: EventSource) -> None:
        topics = {read.type: read.topic for read in plan.definition.sources.values()}
        frames = {type_: source.frame(type_, upto=pair.vector.get(topic, {})) for type_, topic in topics.items()}
        self.sums = WindowSums(plan, buckets(plan, frames), pair.clock_s)
        self._references = References(())
        if plan.references:
            self._references = references_of(source.frame(REFERENCE_TYPE))

    def numbers(self, jobs: list[Job]) -> dict[Job, Figures]:
        """Those that exist."""
        sums: Mapping[Job, Totals] = dict(zip(jobs, self.sums.totals(jobs), strict=True))
        return {job: self.sums.figures(job, found, self._references) for job, found in sums.items() if found.anything}


def _differing(
    old: _Side, new: _Side, start: int, end: int
) -> Iterator[tuple[Job, tuple[Figures | None, Figures | None]]]:
    cuts = sorted({*old.sums.cuts, *new.sums.cuts})
    kinds = dict.fromkeys((*old.sums.plan.definition.windows, *new.sums.plan.definition.windows))
    for kind in kinds:
        jobs = [Job(cut, window) for window in new.sums.windows(kind, start, end) for cut in cuts]
        before, after = old.numbers(jobs), new.numbers(jobs)
        for job in jobs:
            both = before.get(job), after.get(job)
            if both[0] != both[1]:
                yield job, both


def _moved(
    pair: Pair, source: EventSource, job: Job, both: tuple[Figures | None, Figures | None], *, named: bool
) -> Moved:
    window = job.window
    moved = _moving(pair, source, job) if named else pl.DataFrame({"type": [], "part": [], "off": []})
    return Moved(
        window=window.kind.value,
        start=datetime.fromtimestamp(window.start, UTC),
        end=datetime.fromtimestamp(window.end, UTC),
        scope=job.cut.scope,
        dimensions=job.cut.dims,
        old=_side(both[0]),
        new=_side(both[1]),
        events=moved.height,
        named=tuple(_events(pair, source, moved.head(MOST_NAMED))),
    )


def _moving(pair: Pair, source: EventSource, job: Job) -> pl.DataFrame:
    """Events that one version counts and the other does not, or that add something else."""
    names: set[str] = set()
    sides = []
    for plan in (pair.old, pair.new):
        evidence = Evidence(Question(plan, job.window, job.cut, pair.vector, pair.clock_s), source)
        bins = evidence.bins.group_by(EVENT).agg(
            pl.struct("histogram", "bin", "count").sort().hash().sum().alias("bins")
        )
        rows = evidence.contributions.join(bins, on=EVENT, how="left")
        names |= set(rows.columns) - set(EVENT)
        sides.append(rows)
    wide = [_filled(rows, sorted(names)) for rows in sides]
    one, other = (
        wide[0].join(wide[1], on=wide[0].columns, how="anti"),
        wide[1].join(wide[0], on=wide[0].columns, how="anti"),
    )
    return pl.concat([one.select(EVENT), other.select(EVENT)]).unique().sort(EVENT)


def _filled(rows: pl.DataFrame, names: list[str]) -> pl.DataFrame:
    return rows.select(
        *EVENT,
        *(
            (pl.col(name).cast(pl.UInt64 if name == "bins" else pl.Int64) if name in rows.columns else pl.lit(0))
            .fill_null(0)
            .alias(name)
            for name in names
        ),
    )


def _events(pair: Pair, source: EventSource, places: pl.DataFrame) -> Iterator[EventAt]:
    topics = {read.type: read.topic for plan in (pair.old, pair.new) for read in plan.definition.sources.values()}
    for (type_,), some in places.group_by("type", maintain_order=True):
        topic = topics[str(type_)]
        rows = source.frame(str(type_), upto=pair.vector.get(topic, {}))
        here = rows.join(some.select("part", "off"), on=("part", "off"), how="semi").sort("part", "off")
        for part, off, id_ in here.select("part", "off", "id").iter_rows():
            yield EventAt(topic, part, off, id_)


def _side(found: Figures | None) -> Side | None:
    if found is None:
        return None
    return Side(found.value, found.n, found.numerator, found.denominator, found.beside, found.named)
