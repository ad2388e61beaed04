"""What changed between two looks at a number, split by cause in a fixed order; the parts add up to the last digit.

Each part is the difference of two full evaluations, of which the second knows one thing more than the first:

    definition   the version of the definition
    engine       its meaning; one engine knows one meaning, so between two evaluations of it this is 0
    reference    denominators that were recorded in between
    correction   higher versions and retractions of entities that were known
    late         other events that arrived after the window's deadline
    source       events of sources that had told nothing before
    city         everything else: what happened, and the step to another window

A look knows the records up to an instant of the partitions' own clocks, so that anyone sees the same.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from datetime import UTC, datetime
from decimal import Decimal
from typing import NamedTuple

import polars as pl
from msgspec import Struct

from cityhub.kpi.audited import EventAt
from cityhub.kpi.batch.events import accepted
from cityhub.kpi.batch.expressions import compiled
from cityhub.kpi.errors import BatchError
from cityhub.kpi.kernel.effect import REFERENCE_TYPE
from cityhub.kpi.kernel.expression import parse_term
from cityhub.kpi.kernel.label import deadline_ms
from cityhub.kpi.kernel.plan import Plan
from cityhub.kpi.kernel.windows import Window
from cityhub.kpi.proof.evidence import EventSource, Evidence, Question
from cityhub.kpi.store.sheet import Cut
from cityhub.sdk.contract import Contract

CAUSES = ("definition", "engine", "reference", "correction", "late", "source", "city")
MOST_NAMED = 20
"""Events that are named of each part."""
_MINUTE_MS = 60_000
_ENTITY = "entity"


class View(NamedTuple):
    """One look: by a version of the definition, at a window, knowing what had arrived by an instant (epoch ms)."""

    plan: Plan
    window: Window
    cut: Cut
    known_ms: int


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
    """Attributes: before, after = the two numbers, None = unknown; parts = all causes, in their order."""

    before: Decimal | None
    after: Decimal | None
    parts: tuple[Part, ...]


class _Held:
    """Event frames in memory, as a source."""

    def __init__(self, frames: Mapping[str, pl.DataFrame]) -> None:
        self._frames = frames

    def frame(
        self,
        type_: str,
        *,
        t: tuple[int, int] | None = None,
        upto: Mapping[int, int] | None = None,
        more: Sequence[str] = (),
    ) -> pl.DataFrame:
        """All of a type within event times; cut and columns are those it was made with."""
        rows = self._frames[type_]
        return rows if t is None else rows.filter((pl.col("t") >= t[0]) & (pl.col("t") < t[1]))


class _Step(NamedTuple):
    """One evaluation: how, over which events of each type, with denominators known by when, read up to which clock."""

    view: View
    events: Mapping[str, pl.DataFrame]
    references: pl.DataFrame | None
    clock_s: int


def changes(before: View, after: View, source: EventSource) -> Changes:
    """Split the difference between two looks.

    Raises:
        BatchError: they are of different KPIs or cuts, or the second knows less than the first.
        ArchiveMissing, ArchiveDamaged: the events are not all there.
    """
    _check(before, after)
    causes = _causes(before, after, source)
    references = source.frame(REFERENCE_TYPE) if before.plan.references or after.plan.references else None
    values = list(_values(before, after, causes, references))
    topics = {type_: contract.topic for type_, contract in _contracts(before.plan, after.plan).items()}
    parts = [
        Part(cause, None if was is None or now is None else now - was, *_named(causes, topics, cause))
        for cause, was, now in zip(CAUSES, values, values[1:], strict=False)
    ]
    return Changes(values[0], values[-1], tuple(parts))


def _values(
    before: View, after: View, causes: Mapping[str, pl.DataFrame], references: pl.DataFrame | None
) -> Iterator[Decimal | None]:
    """The number before, and after each cause in turn."""
    known = {type_: rows.filter(pl.col("cause").is_null()) for type_, rows in causes.items()}
    told_then, told_now = (_known(references, view.known_ms) for view in (before, after))
    then_s = _clock_s(before)
    then = before._replace(plan=after.plan)
    yield _value(_Step(before, known, told_then, then_s))
    redefined = _value(_Step(then, known, told_then, then_s))
    yield redefined
    yield redefined  # by the same engine
    yield _value(_Step(then, known, told_now, then_s))
    for cause in ("correction", "late", "source"):
        known = {
            type_: pl.concat([rows, causes[type_].filter(pl.col("cause") == cause)]) for type_, rows in known.items()
        }
        yield _value(_Step(then, known, told_now, then_s))
    yield _value(_Step(after, causes, told_now, _clock_s(after)))


def _check(before: View, after: View) -> None:
    ids = before.plan.definition.id, after.plan.definition.id
    if ids[0] != ids[1] or before.cut != after.cut:
        raise BatchError(f"{ids[0]} of {before.cut} and {ids[1]} of {after.cut}: only looks at one number are compared")
    if after.known_ms < before.known_ms:
        raise BatchError(
            f"the second look knows less ({_instant(after.known_ms)}) than the first ({_instant(before.known_ms)}); "
            "exchange them"
        )


def _causes(before: View, after: View, source: EventSource) -> dict[str, pl.DataFrame]:
    """The events that the second look knows, each with the cause under which it came; null = the first knew it.

    `told` says of an event whether it is named: it supports one of the numbers, or takes one back.
    """
    contracts = _contracts(before.plan, after.plan)
    frames = {type_: accepted(source.frame(type_).filter(pl.col("clock_ms") <= after.known_ms)) for type_ in contracts}
    first = _support([before, before._replace(plan=after.plan)], after.known_ms, frames)
    support = pl.concat([first, _support([after], after.known_ms, frames)]).unique()
    late_ms = _deadline_ms(before, frames, first)
    found = {}
    for type_, contract in contracts.items():
        rows = frames[type_].with_columns(_entity(contract).alias(_ENTITY))
        old = rows.filter(pl.col("clock_ms") <= before.known_ms)
        corrects = pl.lit(value=contract.correctable is not None) & pl.col(_ENTITY).is_in(
            old[_ENTITY].unique().to_list()
        )
        cause = (
            pl.when(pl.col("clock_ms") <= before.known_ms)
            .then(None)
            .when(corrects)
            .then(pl.lit("correction"))
            .when(~pl.col("first"))
            .then(pl.lit("city"))
            .when(pl.col("clock_ms") > late_ms)
            .then(pl.lit("late"))
            .when(~pl.col("source").is_in(old["source"].unique().to_list()))
            .then(pl.lit("source"))
            .otherwise(pl.lit("city"))
        )
        rows = _marked(_marked(rows, type_, first, "first"), type_, support, "supports").with_columns(
            cause.alias("cause")
        )
        found[type_] = rows.with_columns((pl.col("supports") | (pl.col("cause") == "correction")).alias("told"))
    return found


def _marked(rows: pl.DataFrame, type_: str, places: pl.DataFrame, name: str) -> pl.DataFrame:
    """Rows with a column that says whether they are at one of the places."""
    mine = places.filter(pl.col("type") == type_).select("part", "off", pl.lit(value=True).alias(name))
    return rows.join(mine, on=("part", "off"), how="left").with_columns(pl.col(name).fill_null(value=False))


def _support(looks: Sequence[View], known_ms: int, frames: Mapping[str, pl.DataFrame]) -> pl.DataFrame:
    """Events behind one of the looks' numbers, with everything known that is in the frames."""
    clock_s = (known_ms // _MINUTE_MS + 1) * 60
    questions = [Question(look.plan, look.window, look.cut, {}, clock_s) for look in looks]
    return pl.concat([Evidence(question, _Held(frames)).supporting for question in questions]).unique()


def _deadline_ms(before: View, frames: Mapping[str, pl.DataFrame], support: pl.DataFrame) -> int:
    """After which clock an arrival is late for the first look's window, as labels say (docs/time.md)."""
    window, definition = before.window, before.plan.definition
    arrivals = [
        frame.filter((pl.col("t") >= window.start * 1000) & (pl.col("t") < window.end * 1000))
        .join(support.filter(pl.col("type") == type_), on=("part", "off"), how="semi")["clock_ms"]
        .to_list()
        for type_, frame in frames.items()
    ]
    first_ms = min((clock_ms for clocks in arrivals for clock_ms in clocks), default=0)
    return deadline_ms(window_end_s=window.end, lateness_s=definition.lateness_s, first_ms=first_ms)


def _value(step: _Step) -> Decimal | None:
    frames = dict(step.events)
    if step.references is not None:
        frames[REFERENCE_TYPE] = step.references
    question = Question(step.view.plan, step.view.window, step.view.cut, {}, step.clock_s)
    value = Evidence(question, _Held(frames)).figures.value
    return None if value is None else Decimal(str(value))


def _entity(contract: Contract) -> pl.Expr:
    """What a correctable event is a version of, as text."""
    if contract.correctable is None:
        return pl.lit("")
    terms = [compiled(parse_term(name, contract), contract) for name in contract.correctable.entity]
    return pl.concat_str([term.cast(pl.String).fill_null("") for term in terms], separator="\x1f")


def _known(references: pl.DataFrame | None, known_ms: int) -> pl.DataFrame | None:
    return None if references is None else references.filter(pl.col("clock_ms") <= known_ms)


def _clock_s(view: View) -> int:
    """Up to where a look reads running windows: the end of its minute, as the engine does."""
    return (view.known_ms // _MINUTE_MS + 1) * 60


def _contracts(*plans: Plan) -> dict[str, Contract]:
    return {read.type: read.contract for plan in plans for read in plan.definition.sources.values()}


def _named(
    causes: Mapping[str, pl.DataFrame], topics: Mapping[str, str], cause: str
) -> tuple[int, tuple[EventAt, ...]]:
    """How many events came under a cause, and the first of them."""
    count = 0
    named: list[EventAt] = []
    for type_, rows in sorted(causes.items()):
        mine = rows.filter((pl.col("cause") == cause) & pl.col("told")).sort("part", "off")
        count += mine.height
        for part, off, id_ in mine.head(MOST_NAMED - len(named)).select("part", "off", "id").iter_rows():
            named.append(EventAt(topics[type_], part, off, id_))
    return count, tuple(named)


def _instant(epoch_ms: int) -> str:
    return datetime.fromtimestamp(epoch_ms / 1000, UTC).isoformat(timespec="minutes")
