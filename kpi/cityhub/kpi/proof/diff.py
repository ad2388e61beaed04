"""Two versions of a definition side by side: which windows would differ, by how much, and which events move them.

Both are computed from archived events, each once; nothing live is read or touched.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from datetime import UTC, datetime
from functools import cached_property
from itertools import islice
from typing import NamedTuple

import polars as pl
from msgspec import Struct

from cityhub.kpi.audited import EventAt
from cityhub.kpi.batch import buckets
from cityhub.kpi.errors import BatchError
from cityhub.kpi.kernel.effect import REFERENCE_TOPIC, REFERENCE_TYPE
from cityhub.kpi.kernel.plan import Plan
from cityhub.kpi.kernel.windows import window_at
from cityhub.kpi.proof.evidence import EventSource, Vector, references_of, span
from cityhub.kpi.proof.moving import Moving, common_dimensions
from cityhub.kpi.proof.recompute import AT_ONCE
from cityhub.kpi.proof.sums import WindowSums
from cityhub.kpi.store.figures import Figures
from cityhub.kpi.store.references import References
from cityhub.kpi.store.sheet import ALL, CITY, Cut
from cityhub.kpi.store.windows import Job, Totals
from cityhub.kpi.values import WindowKind

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
        events: how many count or add otherwise, none where the same is read otherwise, such as by another denominator.
        named: the first of them.
    """

    window: str
    start: datetime
    end: datetime
    scope: str
    dimensions: str
    old: Side | None
    new: Side | None
    events: int
    named: tuple[EventAt, ...]


class Pair(NamedTuple):
    """Two versions, over which records, and how far they had come (epoch s)."""

    old: Plan
    new: Plan
    vector: Vector
    clock_s: int

    @property
    def topics(self) -> dict[str, str]:
        """Topics of the event types that either reads."""
        return self.old.definition.topics | self.new.definition.topics

    @property
    def kinds(self) -> list[WindowKind]:
        """Kinds of window that both have."""
        return [kind for kind in self.old.definition.windows if kind in self.new.definition.windows]

    def has(self, cut: Cut) -> bool:
        """Whether both count for a cut, should there be events."""
        definitions = self.old.definition, self.new.definition
        scoped = cut.scope == CITY or all("borough" in one.scopes for one in definitions)
        return scoped and (cut.dims == ALL or bool(common_dimensions((self.old, self.new))))


def diff(pair: Pair, source: EventSource, start: int, end: int) -> list[Moved]:
    """Windows with anchor in [start, end), epoch s, that both versions have and that differ, by kind, time and cut.

    Raises:
        ArchiveMissing, ArchiveDamaged: the events are not all there.
        BatchError: the versions are of different KPIs, or one cannot be computed.
    """
    if pair.old.definition.id != pair.new.definition.id:
        raise BatchError(
            f"{pair.old.definition.id} and {pair.new.definition.id} are different KPIs; compare versions of one"
        )
    return list(_Comparison(pair, source, start, end).differing())


class _Comparison:
    """Two versions over the same events."""

    def __init__(self, pair: Pair, source: EventSource, start: int, end: int) -> None:
        self._pair = pair
        self._range = start, end
        t = _times(pair, start, end)
        self._frames = {
            type_: source.frame(type_, t=t, upto=pair.vector.get(topic, {})) for type_, topic in pair.topics.items()
        }
        self._references = References(())
        if pair.old.references or pair.new.references:
            recorded = source.frame(REFERENCE_TYPE, upto=pair.vector.get(REFERENCE_TOPIC, {}))
            self._references = references_of(recorded)

    @cached_property
    def _moving(self) -> Moving:
        return Moving((self._pair.old, self._pair.new), self._frames, self._pair.clock_s)

    def differing(self) -> Iterator[Moved]:
        plans = (self._pair.old, self._pair.new)
        old, new = (WindowSums(plan, buckets(plan, self._frames), self._pair.clock_s) for plan in plans)
        cuts = sorted(cut for cut in {*old.cuts, *new.cuts} if self._pair.has(cut))
        every = (
            Job(cut, window) for kind in self._pair.kinds for window in new.windows(kind, *self._range) for cut in cuts
        )
        while jobs := list(islice(every, AT_ONCE)):
            before, after = self._numbers(old, jobs), self._numbers(new, jobs)
            for job in jobs:
                if before.get(job) != after.get(job):
                    yield self._moved(job, before.get(job), after.get(job))

    def _numbers(self, sums: WindowSums, jobs: Sequence[Job]) -> dict[Job, Figures]:
        """Those that exist."""
        found: Mapping[Job, Totals] = dict(zip(jobs, sums.totals(jobs), strict=True))
        return {job: sums.figures(job, one, self._references) for job, one in found.items() if one.anything}

    def _moved(self, job: Job, old: Figures | None, new: Figures | None) -> Moved:
        window = job.window
        moved = self._moving.of(job)
        return Moved(
            window=window.kind.value,
            start=datetime.fromtimestamp(window.start, UTC),
            end=datetime.fromtimestamp(window.end, UTC),
            scope=job.cut.scope,
            dimensions=job.cut.dims,
            old=_side(old),
            new=_side(new),
            events=moved.height,
            named=tuple(self._named(moved.head(MOST_NAMED))),
        )

    def _named(self, places: pl.DataFrame) -> Iterator[EventAt]:
        for (type_,), some in places.group_by("type", maintain_order=True):
            rows = self._frames[str(type_)].join(some.select("part", "off"), on=("part", "off"), how="semi")
            for part, off, id_ in rows.sort("part", "off").select("part", "off", "id").iter_rows():
                yield EventAt(self._pair.topics[str(type_)], part, off, id_)


def _times(pair: Pair, start: int, end: int) -> tuple[int, int]:
    """Event times that can matter (epoch ms) for windows with anchor in [start, end), epoch s."""
    edges = [window_at(kind, moment) for kind in pair.kinds for moment in (start, end - 1)]
    spans = [span(plan, window) for plan in (pair.old, pair.new) for window in edges]
    return min((low for low, _ in spans), default=0), max((high for _, high in spans), default=0)


def _side(found: Figures | None) -> Side | None:
    if found is None:
        return None
    return Side(found.value, found.n, found.numerator, found.denominator, found.beside, found.named)
