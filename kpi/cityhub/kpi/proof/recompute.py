"""Numbers from the archive alone: any windows of a definition, without store, broker or publisher.

Labels and revisions follow from clocks and are not among them; everything else of a value is.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import NamedTuple

from cityhub.bus.archive.reader import Archive
from cityhub.kpi.batch import buckets
from cityhub.kpi.kernel.effect import REFERENCE_TOPIC, REFERENCE_TYPE
from cityhub.kpi.kernel.plan import Plan
from cityhub.kpi.proof.evidence import Vector, references_of
from cityhub.kpi.proof.sums import WindowSums
from cityhub.kpi.store.figures import Figures
from cityhub.kpi.store.references import References
from cityhub.kpi.store.windows import Job
from cityhub.kpi.values import WindowKind

AT_ONCE = 20_000
"""Windows whose sums are taken together."""


class Reach(NamedTuple):
    """Everything that is archived of some topics and of denominators, and how far the topics have come (epoch s)."""

    vector: dict[str, dict[int, int]]
    clock_s: int


def reach(archive: Archive, plans: Sequence[Plan]) -> Reach:
    """How far the archive has come for what the plans read."""
    topics = sorted({read.topic for plan in plans for read in plan.definition.sources.values()})
    states = {topic: archive.state(topic) for topic in topics}
    newest = max((end.clock_ms for state in states.values() for end in state.ends.values()), default=0)
    vector = {topic: {part: end.last for part, end in state.ends.items()} for topic, state in states.items()}
    vector[REFERENCE_TOPIC] = {part: end.last for part, end in archive.state(REFERENCE_TOPIC).ends.items()}
    return Reach(vector, (newest // 60_000 + 1) * 60)


def recompute(
    plan: Plan,
    archive: Archive,
    kinds: Sequence[WindowKind],
    span: tuple[int, int],
    *,
    vector: Vector | None = None,
    clock_s: int | None = None,
) -> Iterator[tuple[Job, Figures]]:
    """Numbers of the windows with anchor in the span (epoch s, half-open), by kind, time and cut; those that exist.

    Args:
        vector, clock_s: which records, and up to which clock; None = all that is archived.

    Raises:
        ArchiveMissing, ArchiveDamaged: the events are not all there.
        BatchError: the definition cannot be computed a second time.
    """
    whole = reach(archive, [plan])
    upto = whole.vector if vector is None else vector
    topics = {read.type: read.topic for read in plan.definition.sources.values()}
    frames = {type_: archive.frame(type_, upto=upto.get(topic, {})) for type_, topic in topics.items()}
    sums = WindowSums(plan, buckets(plan, frames), whole.clock_s if clock_s is None else clock_s)
    told = upto.get(REFERENCE_TOPIC, {})
    references = references_of(archive.frame(REFERENCE_TYPE, upto=told)) if plan.references else References(())
    for kind in kinds:
        jobs = [Job(cut, window) for window in sums.windows(kind, *span) for cut in sums.cuts]
        for first in range(0, len(jobs), AT_ONCE):
            part = jobs[first : first + AT_ONCE]
            for job, found in zip(part, sums.totals(part), strict=True):
                if found.anything:
                    yield job, sums.figures(job, found, references)
