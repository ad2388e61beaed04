"""What stands behind a number: the events that count, what each adds, and those that do not count, with the reason.

Computed from events alone, by the second implementation (`kpi.batch`): nothing of the store is looked at.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import cached_property, reduce
from operator import and_, or_
from typing import Any, NamedTuple, Protocol

import msgspec
import polars as pl

from cityhub.kpi.batch import pieces
from cityhub.kpi.batch.bucket import limbs, slots
from cityhub.kpi.batch.events import EVENT, accepted, amount, dimensions, where_of
from cityhub.kpi.batch.expressions import is_true
from cityhub.kpi.kernel.effect import REFERENCE_TOPIC, REFERENCE_TYPE, ReferenceRow
from cityhub.kpi.kernel.plan import Plan
from cityhub.kpi.kernel.windows import Window
from cityhub.kpi.proof.parts import parts_of
from cityhub.kpi.store.figures import Figures, figures, is_cumulative
from cityhub.kpi.store.references import References
from cityhub.kpi.store.sheet import ALL, CITY, Cut, added
from cityhub.kpi.store.windows import Job, Totals

EVER = 1 << 62
DUPLICATE, OUTSIDE, SUPERSEDED, REPEATED = "duplicate", "outside", "superseded", "repeated"
"""Why an accepted record does not count: its id was counted before; the definition does not observe it; a higher
version of its entity counts, or took it back; its case was open already, or its entity is unknown."""

Vector = Mapping[str, Mapping[int, int]]
"""Last offset that counts, by topic and partition."""


class EventSource(Protocol):
    """Where event frames come from; `bus.archive.reader.Archive` is the real one."""

    def frame(
        self,
        type_: str,
        *,
        t: tuple[int, int] = ...,
        upto: Mapping[int, int] | None = ...,
        more: Sequence[str] = ...,
    ) -> pl.DataFrame: ...


class Question(NamedTuple):
    """Which number: of a definition, in a window, for a cut, over which records, read up to which clock (epoch s)."""

    plan: Plan
    window: Window
    cut: Cut
    vector: Vector
    clock_s: int

    @property
    def topics(self) -> dict[str, str]:
        """Event types it reads, with their topics; denominators are not among them."""
        return self.plan.definition.topics

    @property
    def cursor(self) -> dict[str, dict[int, int]]:
        """The part of the vector that the number depends on."""
        topics = {*self.topics.values(), *((REFERENCE_TOPIC,) if self.plan.references else ())}
        return {topic: dict(sorted(self.vector.get(topic, {}).items())) for topic in sorted(topics)}


class Evidence:
    """Everything behind one number.

    Raises:
        ArchiveMissing, ArchiveDamaged: the events are not all there.
        BatchError: a number cannot be computed exactly.
    """

    def __init__(self, question: Question, source: EventSource) -> None:
        self.question = question
        self._source = source
        plan, window = question.plan, question.window
        self._frames = {
            type_: source.frame(type_, t=span(plan, window), upto=question.vector.get(topic, {}))
            for type_, topic in question.topics.items()
        }
        self._pieces = pieces(plan, self._frames, only=(window.kind, window.anchor))

    @cached_property
    def references(self) -> dict[str, ReferenceRow | None]:
        """The denominators that apply, by name; None = unknown."""
        plan, window = self.question.plan, self.question.window
        if not plan.references:
            return {}
        upto = self.question.vector.get(REFERENCE_TOPIC, {})
        known = references_of(self._source.frame(REFERENCE_TYPE, upto=upto))
        return known.applied(plan.references, self.question.cut, window.end)

    @cached_property
    def contributions(self) -> pl.DataFrame:
        """One row per event that is counted in the number or adds to it; those that add come first.

        Columns: type, part, off, n (how often it is counted), and of the slots that something is read from, `w0 …` what
        it adds to the window's sum, `u0 …` to the sum up to its end.
        """
        names = slots(self.question.plan)
        within, upto = self._rows
        both = [
            rows.select(*EVENT, "n", pl.lit(value=inside).alias("inside"), *names)
            for rows, inside in ((within, True), (upto, False))
        ]
        inside = pl.col("inside")
        counted = ~inside if is_cumulative(self.question.plan.main) else inside
        read = list(parts_of(self.question.plan))
        rows = (
            pl.concat(both)
            .group_by(EVENT)
            .agg(
                pl.col("n").filter(counted).sum().alias("n"),
                *(pl.col(name).filter(inside).sum().alias(f"w{name[1:]}") for name in names),
                *(pl.col(name).filter(~inside).sum().alias(f"u{name[1:]}") for name in names),
            )
        )
        adds = pl.any_horizontal(pl.lit(value=False), *(pl.col(name) != 0 for name in read))
        rows = rows.select(*EVENT, "n", *read, adds.alias("adds")).filter(pl.col("adds") | (pl.col("n") != 0))
        return rows.sort(~pl.col("adds"), *EVENT).drop("adds")

    @cached_property
    def subjects(self) -> pl.DataFrame:
        """type, part, off and subject of every record that was looked at."""
        frames = (
            frame.select(pl.lit(type_).alias("type"), *EVENT[1:], "subject") for type_, frame in self._frames.items()
        )
        return pl.concat(frames)

    @cached_property
    def bins(self) -> pl.DataFrame:
        """type, part, off, histogram, bin, count of the window."""
        found = self._of_cut(self._pieces.bins)
        window = self.question.window
        inside = (pl.col("start") >= window.start) & (pl.col("start") < self._until_s)
        return found.filter(inside).select(*EVENT, "histogram", "bin", "count")

    @cached_property
    def totals(self) -> Totals:
        """The sums of all contributions, as the store has them."""
        within, upto = self._rows
        bins = self.bins.group_by("histogram", "bin").agg(pl.col("count").sum()).rows()
        empty = [0] * (6 + self.question.plan.width)
        return Totals(self._sums(within), self._sums(upto) if self.question.plan.has_prefix else empty, added(bins))

    @cached_property
    def figures(self) -> Figures:
        """The number, read from the sums as every other is."""
        question = self.question
        values = {name: None if row is None else row.value for name, row in self.references.items()}
        return figures(question.plan, Job(question.cut, question.window), self.totals, question.clock_s, values)

    @cached_property
    def supporting(self) -> pl.DataFrame:
        """type, part, off of each event that the number's digest is of."""
        within, upto = self._rows
        rows = upto if is_cumulative(self.question.plan.main) else within
        return rows.select(EVENT).unique().sort(EVENT)

    def excluded(self) -> pl.DataFrame:
        """Records in the window and cut that count nothing: type, part, off, t, reason; unreadable ones are in none."""
        return pl.concat([self._excluded(name) for name in self.question.plan.definition.sources]).unique().sort(EVENT)

    def _excluded(self, name: str) -> pl.DataFrame:
        plan, window = self.question.plan, self.question.window
        source = plan.definition.sources[name]
        frame = self._frames[source.type].with_columns(pl.lit(source.type).alias("type"))
        frame = frame.filter((pl.col("t") >= window.start * 1000) & (pl.col("t") < window.end * 1000))
        seen = reduce(or_, _observing(plan, name)).fill_null(value=False).alias("seen")
        mine = frame.with_columns(*where_of(plan, name), seen).filter(in_cut(plan, self.question.cut))
        counted = self._pieces.contributions.select(EVENT).unique()
        first = accepted(frame).select(*EVENT, pl.lit(value=True).alias("first"))
        left = mine.join(counted, on=EVENT, how="anti").join(first, on=EVENT, how="left")
        silent = pl.when("seen").then(pl.lit(SUPERSEDED if source.contract.correctable else REPEATED))
        repeated = pl.when(pl.col("first").is_null()).then(pl.lit(DUPLICATE))
        reason = pl.coalesce("reason", repeated, silent, pl.lit(OUTSIDE))
        return left.select(*EVENT, "t", reason.alias("reason"))

    @cached_property
    def _rows(self) -> tuple[pl.DataFrame, pl.DataFrame]:
        """Contributions to the window's buckets, and to all buckets up to its end."""
        window, rows = self.question.window, self._of_cut(self._pieces.contributions)
        base = (pl.col("layer") == "") & (pl.col("start") < self._until_s)
        own = (pl.col("layer") == window.kind.value) & (pl.col("start") == window.anchor)
        return rows.filter((base & (pl.col("start") >= window.start)) | own), rows.filter(base)

    @property
    def _until_s(self) -> int:
        return min(self.question.window.end, self.question.clock_s)

    def _of_cut(self, rows: pl.DataFrame) -> pl.DataFrame:
        """Of base buckets those that add up to the cut, of layers its own."""
        scope, names = self.question.cut.scope, dimensions(self.question.plan)
        base = rows.filter((pl.col("layer") == "") & in_cut(self.question.plan, self.question.cut))
        own = rows.filter((pl.col("layer") != "") & (pl.col("scope") == scope))
        wanted = _dims(self.question.plan, self.question.cut)
        alike = [pl.col(name).eq_missing(pl.lit(value)) for name, value in zip(names, wanted, strict=True)]
        return pl.concat([base, own.filter(alike) if alike else own])

    def _sums(self, rows: pl.DataFrame) -> list[int]:
        names = ["n", "synthetic_n", *(f"d{index}" for index in range(4)), *slots(self.question.plan)]
        summed: tuple[Any, ...] = rows.with_columns(limbs()).select(pl.col(names).sum()).row(0)
        return [int(value) for value in summed]


def in_cut(plan: Plan, cut: Cut) -> pl.Expr:
    """Whether a row with scope and dimensions (`batch.events.where_of`) adds to a cut."""
    wanted = [pl.lit(value=True)] if cut.scope == CITY else [pl.col("scope") == cut.scope]
    if cut.dims != ALL:
        held = zip(dimensions(plan), _dims(plan, cut), strict=True)
        wanted += [pl.col(name) == value for name, value in held if value is not None]
    return reduce(and_, wanted)


def _dims(plan: Plan, cut: Cut) -> list[str | None]:
    given = msgspec.json.decode(cut.dims, type=dict[str, str])
    return [given.get(name) for name in plan.definition.dimensions]


def references_of(frame: pl.DataFrame) -> References:
    """The recorded denominators of a frame of their events."""
    rows = accepted(frame).select(
        "source",
        "id",
        "$name",
        pl.when(pl.col("borough") == "").then(pl.lit(CITY)).otherwise(pl.col("borough")),
        pl.col("$valid_from") // 1000,
        "clock_ms",
        "$value",
    )
    return References(ReferenceRow(*row) for row in rows.iter_rows())


def _observing(plan: Plan, name: str) -> list[pl.Expr]:
    """By which of a definition's parts an event of a source is observed."""
    contract = plan.definition.sources[name].contract
    fills = [*plan.fills.get(name, ()), *(fill for cell in plan.cells for fill in cell.fills)]
    found = [amount(plan, fill).is_not_null() for fill in fills if fill.part.source == name]
    inputs = [given for cell in plan.cells if not cell.fills for given in cell.inputs if given.part.source == name]
    wheres = [given.part.where for given in inputs]
    return [*found, *(pl.lit(value=True) if where is None else is_true(where, contract) for where in wheres)]


def span(plan: Plan, window: Window) -> tuple[int, int]:
    """Event times that can matter for a window (epoch ms): its own, where events add to their own bucket only."""
    if plan.cells and any(not _layered(plan, index) for index in range(len(plan.cells))):
        return -EVER, EVER
    return window.start * 1000, window.end * 1000


def _layered(plan: Plan, index: int) -> bool:
    """Whether a family keeps its buckets per window, as only `distinct` does."""
    return hasattr(plan.cells[index].kind, "layers")
