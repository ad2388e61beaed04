"""A number by the things its events are of: what each of them adds, and which have fallen silent."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import timedelta

import polars as pl
from msgspec import Struct

from cityhub.kpi.batch.events import EVENT, accepted, where_of
from cityhub.kpi.proof.evidence import EventSource, Evidence, in_cut
from cityhub.kpi.proof.parts import parts_of


class Share(Struct, frozen=True):
    """What a thing adds to a number.

    Attributes:
        events: how many of its events count; 0 = it is known, but silent in the window.
        adds: what they add together, by the name of the part (`parts.parts_of`).
    """

    subject: str
    events: int
    adds: dict[str, int]


def shares(evidence: Evidence, source: EventSource, known_for: timedelta) -> Sequence[Share]:
    """All things that count in a number, or of which an event of its types was accepted shortly before, by name.

    Args:
        known_for: how long before the window's begin.

    Raises:
        ArchiveMissing, ArchiveDamaged: the events are not all there.
    """
    names = parts_of(evidence.question.plan)
    counted = (
        evidence.contributions.join(evidence.subjects, on=EVENT)
        .group_by("subject")
        .agg(pl.len().alias("events"), *(pl.col(column).sum() for column in names))
    )
    found = {
        row["subject"]: Share(row["subject"], row["events"], {name: row[column] for column, name in names.items()})
        for row in counted.iter_rows(named=True)
    }
    silent = {name: Share(name, 0, {}) for name in _known(evidence, source, known_for)}
    return tuple(share for _, share in sorted((silent | found).items()))


def _known(evidence: Evidence, source: EventSource, known_for: timedelta) -> set[str]:
    """Things of which something was accepted in the cut since then, up to the window's end."""
    question, found = evidence.question, set[str]()
    span = (question.window.start - int(known_for.total_seconds())) * 1000, question.window.end * 1000
    for name, one in question.plan.definition.sources.items():
        upto = question.vector.get(question.topics[one.type], {})
        frame = accepted(source.frame(one.type, t=span, upto=upto)).with_columns(*where_of(question.plan, name))
        found |= set(frame.filter(in_cut(question.plan, question.cut))["subject"])
    return found
