"""Which events move a number when a definition becomes another one: those that add something else by one of the two."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import reduce
from operator import and_

import msgspec
import polars as pl

from cityhub.kpi.batch import Pieces, pieces
from cityhub.kpi.batch.events import EVENT, dimensions
from cityhub.kpi.kernel.plan import Plan
from cityhub.kpi.proof.parts import parts_of
from cityhub.kpi.store.figures import is_cumulative
from cityhub.kpi.store.sheet import CITY, Cut
from cityhub.kpi.store.windows import Job

_PLACE = ("layer", "start", "scope")
_BIN = ("histogram", "bin")
_WITHIN, _UPTO = "w", "u"


class Moving:
    """Events that differ between two versions, for any window that both have.

    Both are computed once; what is the same in a bucket is let go.

    Args:
        frames: by event type, what counts.
        clock_s: how far the record has come, epoch s.
    """

    def __init__(self, plans: Sequence[Plan], frames: Mapping[str, pl.DataFrame], clock_s: int) -> None:
        self._clock_s = clock_s
        self._dims = common_dimensions(plans)
        sides = [(plan, pieces(plan, frames)) for plan in plans]
        keys = [*EVENT, *_PLACE, *self._dims]
        self._sums = _difference([self._added(plan, found) for plan, found in sides], keys)
        self._bins = _difference([self._counted(plan, found) for plan, found in sides], [*keys, *_BIN])

    def of(self, job: Job) -> pl.DataFrame:
        """type, part, off of the events that move a window's number, in order."""
        until = min(job.window.end, self._clock_s)
        base = (pl.col("layer") == "") & (pl.col("start") < until) & self._adds_to(job.cut)
        own = (pl.col("layer") == job.window.kind.value) & (pl.col("start") == job.window.anchor)
        inside = (base & (pl.col("start") >= job.window.start)) | (own & self._is(job.cut))
        within = _moved(self._sums.filter(inside), EVENT, _WITHIN)
        upto = _moved(self._sums.filter(base), EVENT, _UPTO)
        bins = _moved(self._bins.filter(inside), (*EVENT, *_BIN), _WITHIN)
        return pl.concat([within, upto, bins]).unique().sort(EVENT)

    def _added(self, plan: Plan, found: Pieces) -> pl.DataFrame:
        """What events add, by what it is called, so that slots of two plans compare."""
        counted = _UPTO if is_cumulative(plan.main) else _WITHIN
        return self._placed(plan, found.contributions).select(
            *(*EVENT, *_PLACE, *self._dims),
            pl.col("n").alias(f"{counted} n"),
            *(pl.col(f"v{read[1:]}").alias(f"{read[0]} {name}") for read, name in parts_of(plan).items()),
        )

    def _counted(self, plan: Plan, found: Pieces) -> pl.DataFrame:
        bins = self._placed(plan, found.bins)
        return bins.select(*EVENT, *_PLACE, *self._dims, *_BIN, pl.col("count").alias(f"{_WITHIN} count"))

    def _placed(self, plan: Plan, rows: pl.DataFrame) -> pl.DataFrame:
        """Rows with dimensions by name; of those that only one version has, what is of all of them."""
        names = dict(zip(dimensions(plan), plan.definition.dimensions, strict=True))
        others = [column for column, name in names.items() if f"@{name}" not in self._dims]
        kept = [(pl.col("layer") == "") | pl.col(column).is_null() for column in others]
        named = {column: f"@{name}" for column, name in names.items()}
        return rows.filter(kept).rename(named) if kept else rows.rename(named)

    def _adds_to(self, cut: Cut) -> pl.Expr:
        wanted = [pl.lit(value=True)] if cut.scope == CITY else [pl.col("scope") == cut.scope]
        held = msgspec.json.decode(cut.dims, type=dict[str, str])
        return reduce(and_, [*wanted, *(pl.col(f"@{name}") == value for name, value in held.items())])

    def _is(self, cut: Cut) -> pl.Expr:
        return (pl.col("scope") == cut.scope) & self._alike(cut)

    def _alike(self, cut: Cut) -> pl.Expr:
        given = msgspec.json.decode(cut.dims, type=dict[str, str])
        alike = [pl.col(name).eq_missing(pl.lit(given.get(name[1:]))) for name in self._dims]
        return reduce(and_, alike, pl.lit(value=True))


def common_dimensions(plans: Sequence[Plan]) -> list[str]:
    """Columns of the dimensions by name where all plans have the same; else none, and only sums of all compare."""
    names = {tuple(sorted(plan.definition.dimensions)) for plan in plans}
    return [f"@{name}" for name in names.pop()] if len(names) == 1 else []


def _difference(sides: Sequence[pl.DataFrame], keys: Sequence[str]) -> pl.DataFrame:
    """What the second of two adds beyond the first, where it is not nothing."""
    old, new = sides
    numbers = sorted({*old.columns, *new.columns} - {*keys})
    less = old.with_columns(-pl.col(name) for name in numbers if name in old.columns)
    both = pl.concat([new, less], how="diagonal").with_columns(pl.col(numbers).fill_null(0))
    return both.group_by(keys).agg(pl.col(numbers).sum()).filter(pl.any_horizontal(pl.col(numbers) != 0))


def _moved(rows: pl.DataFrame, keys: Sequence[str], kind: str) -> pl.DataFrame:
    """Events of rows whose numbers of a kind do not add up to nothing."""
    numbers = [name for name in rows.columns if name.startswith(f"{kind} ")]
    differ = pl.any_horizontal(pl.lit(value=False), *(pl.col(name) != 0 for name in numbers))
    return rows.group_by(keys).agg(pl.col(numbers).sum()).filter(differ).select(EVENT)
