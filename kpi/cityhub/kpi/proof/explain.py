"""A number opened: pages of the events that count, with what each adds, and of those that do not, with the reason."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import UTC, datetime
from typing import Any

import polars as pl
from msgspec import UNSET, Struct

from cityhub.kpi.batch.events import EVENT
from cityhub.kpi.proof.evidence import Evidence
from cityhub.kpi.proof.parts import parts_of
from cityhub.kpi.proof.verify import ProofSource
from cityhub.sdk.event import Event

MOST_AT_ONCE = 1_000
"""Rows of one page."""


class Origin(Struct, frozen=True):
    """Where an event is in the log, and who says so.

    Attributes:
        contract: the event's own word on the contract it keeps to; adapter: what made it; "" = it does not say.
    """

    id: str
    type: str
    partner: str
    source: str
    subject: str
    time: datetime
    topic: str
    part: int
    off: int
    contract: str
    adapter: str
    synthetic: bool


class Contribution(Struct, frozen=True):
    """An event that counts.

    Attributes:
        n: how often it is counted. adds: what it adds, by the name of the part (`parts.parts_of`).
        bins: (histogram, bin, count) it adds to.
    """

    origin: Origin
    n: int
    adds: dict[str, int]
    bins: tuple[tuple[int, int, int], ...] = ()


class Exclusion(Struct, frozen=True):
    """A record that counts nothing; `reason` is that of a stored verdict, or one of `evidence`."""

    origin: Origin
    reason: str


class Page(Struct, frozen=True):
    """Some of them, in order of type, partition and offset.

    Attributes:
        counted, excluded: how many there are altogether; reasons: of the excluded ones.
        contributions, exclusions: those of the page.
    """

    counted: int
    excluded: int
    reasons: dict[str, int]
    contributions: tuple[Contribution, ...]
    exclusions: tuple[Exclusion, ...]


def page(
    evidence: Evidence,
    source: ProofSource,
    *,
    first: int = 0,
    size: int = 100,
    excluded: bool = False,
    subject: str = "",
) -> Page:
    """Rows `first` to `first + size` of what counts, or of what is excluded.

    Args:
        subject: only records of this thing, in the counts too; "" = of all.

    Raises:
        ArchiveMissing, ArchiveDamaged: the events are not all there.
    """
    counts, left = evidence.contributions, evidence.excluded()
    if subject:
        mine = evidence.subjects.filter(pl.col("subject") == subject)
        counts, left = (rows.join(mine, on=EVENT, how="semi", maintain_order="left") for rows in (counts, left))
    chosen = (left if excluded else counts).slice(first, min(size, MOST_AT_ONCE))
    origins = _origins(evidence, source, chosen)
    reasons = left.group_by("reason").len().sort("reason").rows()
    return Page(
        counted=counts.height,
        excluded=left.height,
        reasons={str(reason): count for reason, count in reasons},
        contributions=() if excluded else tuple(_contributions(evidence, chosen, origins)),
        exclusions=tuple(Exclusion(origin, reason) for origin, reason in zip(origins, chosen["reason"], strict=True))
        if excluded
        else (),
    )


def _contributions(evidence: Evidence, chosen: pl.DataFrame, origins: Sequence[Origin]) -> Iterator[Contribution]:
    names = parts_of(evidence.question.plan)
    bins: dict[tuple[Any, ...], list[tuple[int, int, int]]] = {}
    for *event, histogram, bin_, count in evidence.bins.join(chosen, on=EVENT, how="semi").iter_rows():
        bins.setdefault(tuple(event), []).append((histogram, bin_, count))
    for origin, row in zip(origins, chosen.iter_rows(named=True), strict=True):
        adds = {name: row[column] for column, name in names.items() if row[column]}
        key = tuple(row[name] for name in EVENT)
        yield Contribution(origin, row["n"], adds, tuple(sorted(bins.get(key, ()))))


def _origins(evidence: Evidence, source: ProofSource, chosen: pl.DataFrame) -> list[Origin]:
    """Of rows with type, part and off, in their order."""
    topics = evidence.question.topics
    found: dict[tuple[Any, ...], Origin] = {}
    for (type_,), places in chosen.group_by("type"):
        topic = topics[str(type_)]
        upto = dict(evidence.question.vector.get(topic, {}))
        for part, off, event in source.events(str(type_), places, upto=upto):
            found[type_, part, off] = _origin(event, topic, part, off)
    return [found[row] for row in chosen.select(EVENT).iter_rows()]


def _origin(event: Event, topic: str, part: int, off: int) -> Origin:
    return Origin(
        id=event.id,
        type=event.type,
        partner=event.partner,
        source=event.source,
        subject=event.subject,
        time=event.time.astimezone(UTC),
        topic=topic,
        part=part,
        off=off,
        contract=event.dataschema,
        adapter="" if event.recordedby is UNSET else str(event.recordedby),
        synthetic=event.synthetic,
    )
