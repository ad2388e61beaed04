"""A lost store made anew from the archive alone, to the byte: buckets, cells, verdicts, denominators and cursors.

A worker then goes on with the log where the archive ends, and the publisher publishes what the buckets come to.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import NamedTuple

from cityhub.bus.archive.reader import Archive
from cityhub.kpi.kernel.effect import Evaluator
from cityhub.kpi.kernel.plan import Plan
from cityhub.kpi.store.database import Database
from cityhub.kpi.store.rebuild import RebuildWriter

Told = Callable[[str, int, int], None]
"""(topic, partition, offset) after each piece."""


class Rebuilt(NamedTuple):
    """Records that were applied now, and topics that the definitions read but the archive does not have."""

    records: int
    missing: list[str]


def rebuild(database: Database, plans: Iterable[Plan], archive: Archive, job: str, told: Told) -> Rebuilt:
    """Apply everything that is archived and not yet applied; may be interrupted and called again.

    Raises:
        ArchiveMissing, ArchiveDamaged: records are not there as they were written; what was applied before stays.
        NotAsJudged: this engine judges a record otherwise than it was.
        StoreUnavailable: the store cannot be written.
    """
    evaluator = Evaluator(plans, archive.contracts)
    writer = RebuildWriter(database, evaluator, job)
    applied = 0
    for topic in evaluator.topics:
        state = archive.state(topic)
        for part, end in sorted(state.ends.items()):
            first = writer.begin(topic, part, state.starts[part])
            for records, refusals in archive.records(topic, part, first, end.last):
                applied += writer.apply_judged(topic, part, records, refusals)
                told(topic, part, records[-1].offset)
            writer.end(topic, part, end.last, end.hash)
    return Rebuilt(applied, sorted(set(evaluator.topics) - set(archive.topics())))
