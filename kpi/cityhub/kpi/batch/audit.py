"""Stored buckets against recomputed ones. Pure: who reads either is not asked here."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from functools import reduce
from operator import or_
from typing import Any, NamedTuple

import polars as pl

from cityhub.kpi.batch.bucket import Buckets, dims_of, place_columns, slots
from cityhub.kpi.batch.events import DIGEST
from cityhub.kpi.kernel.bucket import Bin, Place
from cityhub.kpi.kernel.plan import Plan


class Mismatch(NamedTuple):
    """One number that differs.

    Attributes:
        column: n, synthetic_n, digest, v0 …, or `count` of a bin. stored, recomputed: 0 = not there.
    """

    place: Place | Bin
    column: str
    stored: int
    recomputed: int


def compare(plan: Plan, stored: Buckets, recomputed: Buckets) -> list[Mismatch]:
    """Every number that differs, by place; empty = they agree bit for bit."""
    place = place_columns(plan)
    names = ["n", "synthetic_n", *DIGEST, *slots(plan)]
    found = [*_sums(place, names, stored.sums, recomputed.sums), *_bins(place, stored.bins, recomputed.bins)]
    return sorted(found, key=lambda one: (isinstance(one.place, Bin), one.place, one.column))


def _sums(place: list[str], names: list[str], stored: pl.DataFrame, recomputed: pl.DataFrame) -> Iterator[Mismatch]:
    for where, one, other in _different(place, names, stored, recomputed):
        (n, synthetic_n, high, low, *values), (m, synthetic_m, more, less, *others) = one, other
        mine = (n, synthetic_n, (high << 64) + low, *values)
        theirs = (m, synthetic_m, (more << 64) + less, *others)
        for column, was, now in zip(("n", "synthetic_n", "digest", *names[4:]), mine, theirs, strict=True):
            if was != now:
                yield Mismatch(_place(where), column, was, now)


def _bins(place: list[str], stored: pl.DataFrame, recomputed: pl.DataFrame) -> Iterator[Mismatch]:
    for where, one, other in _different([*place, "histogram", "bin"], ["count"], stored, recomputed):
        *bucket, histogram, bin_ = where
        yield Mismatch(Bin(_place(bucket), histogram, bin_), "count", one[0], other[0])


def _different(
    keys: list[str], names: list[str], one: pl.DataFrame, other: pl.DataFrame
) -> Iterator[tuple[Sequence[Any], Sequence[int], Sequence[int]]]:
    """Keys of the rows that differ, with the numbers of both; a row that one side does not have is 0 there."""
    both = one.join(other, on=keys, how="full", nulls_equal=True, coalesce=True, suffix="_")
    others = [f"{name}_" for name in names]
    filled = both.with_columns(pl.col(*names, *others).fill_null(0))
    rows = filled.filter(reduce(or_, [pl.col(name) != pl.col(f"{name}_") for name in names]))
    for row in rows.select(*keys, *names, *others).iter_rows():
        yield row[: len(keys)], row[len(keys) : -len(names)], row[-len(names) :]


def _place(where: Sequence[Any]) -> Place:
    layer, start, scope, *dims = where
    return Place(layer, start, scope, dims_of(dims))
