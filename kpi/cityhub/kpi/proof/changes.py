"""What changed between two looks at a number, split by cause in a fixed order; the parts add up to the last digit.

Each part is the difference of two full evaluations, of which the second knows one thing more than the first:

    definition   the version of the definition
    engine       its meaning: what a receipt states against what this engine makes of the same records; else 0
    reference    denominators that were recorded in between
    correction   higher versions and retractions of entities that were known
    late         other events that arrived after the window's deadline
    source       events of sources that had told nothing of the cut before
    city         everything else: what happened, time that passed in a running window, the step to another window

An archive only grows, so what the first look knew the second one knows, too.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import UTC, datetime
from decimal import Decimal
from typing import NamedTuple

import polars as pl
from msgspec import Struct

from cityhub.kpi.audited import EventAt
from cityhub.kpi.errors import BatchError
from cityhub.kpi.kernel.effect import REFERENCE_TOPIC, REFERENCE_TYPE
from cityhub.kpi.proof.causes import Frames, caused, contracts_of
from cityhub.kpi.proof.evidence import EventSource
from cityhub.kpi.proof.looks import View, shown
from cityhub.kpi.store.sheet import CITY

CAUSES = ("definition", "engine", "reference", "correction", "late", "source", "city")
MOST_NAMED = 20
"""Events that are named of each part."""
BEFORE = "before"


class Part(Struct, frozen=True):
    """One cause.

    Attributes:
        amount: how much of the change it made; None = unknown, because a value before or after it is.
        events: how many events it is about; named: the first of them.
    """

    cause: str
    amount: Decimal | None
    events: int = 0
    named: tuple[EventAt, ...] = ()


class Changes(Struct, frozen=True):
    """What changed.

    Attributes:
        before, after: the two numbers, None = unknown.
        parts: all causes, in their order.
        definitions, engines: hashes of the definition and meanings of the engine, then and now.
        unknown: what made a number unknown: `before` = it was from the first, or the cause; "" = all are known.
    """

    before: Decimal | None
    after: Decimal | None
    parts: tuple[Part, ...]
    definitions: tuple[str, str]
    engines: tuple[int, int]
    unknown: str = ""


class _Step(NamedTuple):
    """A cause, and the number without and with what it brings."""

    cause: str
    was: Decimal | None
    now: Decimal | None

    @property
    def amount(self) -> Decimal | None:
        return None if self.was is None or self.now is None else self.now - self.was


def changes(before: View, after: View, source: EventSource) -> Changes:
    """Split the difference between two looks.

    Raises:
        BatchError: they are of different KPIs or cuts, a version has no such number, or the second knows less than the
            first.
        ArchiveMissing, ArchiveDamaged: the events are not all there.
    """
    _check(before, after)
    events = caused(before, after, source)
    references = _references(before, after, source)
    steps = list(_steps(before, after, events, references))
    first = shown(before.receipt.value) if before.receipt is not None else steps[0].was
    topics = {type_: contract.topic for type_, contract in contracts_of(before, after).items()}
    told = [(topics[type_], rows) for type_, rows in sorted(events.items())]
    if references is not None:
        told.append((REFERENCE_TOPIC, references))
    return Changes(
        before=first,
        after=steps[-1].now,
        parts=tuple(Part(step.cause, step.amount, *_named(told, step.cause)) for step in steps),
        definitions=(before.plan.definition.hash, after.plan.definition.hash),
        engines=(before.engine, after.engine),
        unknown=_unknown(first, steps),
    )


def _steps(before: View, after: View, events: Frames, references: pl.DataFrame | None) -> Iterator[_Step]:
    """Each cause in turn, added to those before it.

    From corrections on the clock is the second look's: what came may have happened after the first. What the clock
    alone does to a running window is the city's.
    """
    then = before._replace(plan=after.plan)
    known = {type_: rows.filter(pl.col("cause").is_null()) for type_, rows in events.items()}
    told = None if references is None else references.filter("old")
    today, was = before.value(known, told), then.value(known, told)
    yield _Step("definition", today, was)
    yield _Step("engine", today if before.receipt is None else shown(before.receipt.value), today)
    referred = then.value(known, references)
    yield _Step("reference", was, referred)
    later = then._replace(known_ms=after.known_ms)
    passed = was = later.value(known, references)
    for cause in ("correction", "late", "source"):
        known = {type_: pl.concat([rows, _of(events[type_], cause)]) for type_, rows in known.items()}
        yield _Step(cause, was, was := later.value(known, references))
    if was is not None and passed is not None and referred is not None:
        yield _Step("city", was - (passed - referred), after.value(events, references))
    else:
        yield _Step("city", None, after.value(events, references))


def _of(rows: pl.DataFrame, cause: str) -> pl.DataFrame:
    return rows.filter(pl.col("cause") == cause)


def _unknown(first: Decimal | None, steps: list[_Step]) -> str:
    if first is None:
        return BEFORE
    unknown = [step.cause for step in steps if step.was is not None and step.now is None]
    return next(iter([*unknown, *(step.cause for step in steps if step.amount is None)]), "")


def _check(before: View, after: View) -> None:
    ids = before.plan.definition.id, after.plan.definition.id
    if ids[0] != ids[1] or before.cut != after.cut:
        raise BatchError(
            f"{ids[0]} of {' '.join(before.cut)} and {ids[1]} of {' '.join(after.cut)}: only looks at one number are "
            "compared"
        )
    for view in (before, before._replace(plan=after.plan), after):
        if not view.exists:
            definition = view.plan.definition
            raise BatchError(
                f"{definition.id} version {definition.version} has no {view.window.kind} of {' '.join(view.cut)}; "
                "compare what both versions have"
            )
    if after.known_ms < before.known_ms:
        raise BatchError(
            f"the second look knows less ({_instant(after.known_ms)}) than the first ({_instant(before.known_ms)}); "
            "exchange them"
        )
    if after.receipt is not None:
        raise BatchError("the second look is a receipt; only the first may be one")


def _references(before: View, after: View, source: EventSource) -> pl.DataFrame | None:
    """Recordings of denominators that the second look knows; `old` = the first knew it, `told` as of events."""
    if not (before.plan.references or after.plan.references):
        return None
    rows = source.frame(REFERENCE_TYPE).with_columns(before.knows(REFERENCE_TOPIC).alias("old"))
    rows = rows.filter(pl.col("old") | after.knows(REFERENCE_TOPIC))
    scope = "" if before.cut.scope == CITY else before.cut.scope
    applies = (
        pl.col("reason").is_null()
        & pl.col("$name").is_in(list(after.plan.references))
        & (pl.col("borough") == scope)
        & (pl.col("$valid_from") < before.window.end * 1000)
    )
    return rows.with_columns(pl.when(applies & ~pl.col("old")).then(pl.lit("reference")).alias("told"))


def _named(told: Sequence[tuple[str, pl.DataFrame]], cause: str) -> tuple[int, tuple[EventAt, ...]]:
    """How many events came under a cause, and the first of them."""
    count = 0
    named: list[EventAt] = []
    for topic, rows in told:
        mine = rows.filter(pl.col("told") == cause).sort("part", "off")
        count += mine.height
        named += [EventAt(topic, *row) for row in mine.head(MOST_NAMED).select("part", "off", "id").iter_rows()]
    return count, tuple(named[:MOST_NAMED])


def _instant(epoch_ms: int) -> str:
    return datetime.fromtimestamp(epoch_ms / 1000, UTC).isoformat(timespec="minutes")
