"""Looks at a number: by which definition, at which window, over which records."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from decimal import Decimal
from typing import NamedTuple

import msgspec
import polars as pl

from cityhub.kpi.definition import ENGINE_MEANING
from cityhub.kpi.kernel.effect import REFERENCE_TYPE
from cityhub.kpi.kernel.plan import Plan
from cityhub.kpi.kernel.windows import Window
from cityhub.kpi.proof.evidence import Evidence, Question
from cityhub.kpi.proof.receipt import Receipt
from cityhub.kpi.store.sheet import CITY, Cut

_MINUTE_MS = 60_000
_dims = msgspec.json.Encoder(order="sorted").encode


class View(NamedTuple):
    """One look at a number.

    Attributes:
        known_ms: it knows the records that had arrived by then: whose partition's clock (epoch ms) is not beyond it.
        receipt: what was stated then; it knows the receipt's records instead.
    """

    plan: Plan
    window: Window
    cut: Cut
    known_ms: int
    receipt: Receipt | None = None

    @property
    def engine(self) -> int:
        """Meaning of the engine that the number is by."""
        return ENGINE_MEANING if self.receipt is None else self.receipt.engine

    @property
    def exists(self) -> bool:
        """Whether the definition has such windows, scopes and dimensions."""
        definition = self.plan.definition
        named = set(msgspec.json.decode(self.cut.dims, type=dict[str, str]))
        scoped = self.cut.scope == CITY or "borough" in definition.scopes
        held = len(named) <= 1 or named == set(definition.dimensions)
        return self.window.kind in definition.windows and scoped and held and named <= set(definition.dimensions)

    @property
    def clock_s(self) -> int:
        """Up to where running windows are read, epoch s: the end of its minute, as the engine does."""
        return (self.known_ms // _MINUTE_MS + 1) * 60

    def knows(self, topic: str) -> pl.Expr:
        """Whether a record of a topic had arrived."""
        if self.receipt is None:
            return pl.col("clock_ms") <= self.known_ms
        last = self.receipt.cursor.get(topic, {})
        part = pl.col("part").replace_strict(list(last), list(last.values()), default=-1, return_dtype=pl.Int64)
        return pl.col("off") <= part

    def evidence(self, events: Mapping[str, pl.DataFrame], references: pl.DataFrame | None = None) -> Evidence:
        """What is behind the number when these are the events, by type, and these the recordings of denominators."""
        frames = dict(events) if references is None else {**events, REFERENCE_TYPE: references}
        return Evidence(Question(self.plan, self.window, self.cut, {}, self.clock_s), Held(frames))

    def value(self, events: Mapping[str, pl.DataFrame], references: pl.DataFrame | None) -> Decimal | None:
        """The number that these make, as it is shown; None = unknown."""
        return shown(self.evidence(events, references).figures.value)


class Held:
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


def view_of(receipt: Receipt, plan: Plan) -> View:
    """The look that a receipt states; its engine may have been of another meaning.

    Args:
        plan: of the receipt's version of the definition.
    """
    cut = Cut(receipt.scope, _dims(receipt.dimensions).decode())
    return View(plan, receipt.place, cut, int(receipt.clock.timestamp()) * 1000 - _MINUTE_MS, receipt)


def shown(value: float | None) -> Decimal | None:
    """A value with the digits it is shown with."""
    return None if value is None else Decimal(str(value))
