"""Buckets as frames: sums per place, in the form in which two of them are compared bit for bit."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import reduce
from operator import or_
from typing import NamedTuple, TypeAlias

import polars as pl

from cityhub.kpi.batch.events import DIGEST, dimensions
from cityhub.kpi.kernel.bucket import Bin, Place
from cityhub.kpi.kernel.plan import Plan

LIMBS = ("d0", "d1", "d2", "d3")
"""The digest in four times 32 bits, lowest first: sums of up to 2^31 of them fit 64 bits."""
_BITS, _LIMB = 32, (1 << 32) - 1
_HALF = 1 << 32


Schema: TypeAlias = dict[str, pl.DataType | type[pl.DataType]]
BIN = ("histogram", "bin", "count")


def place_columns(plan: Plan) -> list[str]:
    """Columns that name a bucket. A dimension is null where a bucket is of all of them (`distinct`)."""
    return ["layer", "start", "scope", *dimensions(plan)]


def place_schema(plan: Plan) -> Schema:
    """The same, with their types."""
    return {name: pl.Int64 if name == "start" else pl.String for name in place_columns(plan)}


def integers(*names: str) -> Schema:
    """Columns of whole numbers."""
    return dict.fromkeys(names, pl.Int64)


def slots(plan: Plan) -> list[str]:
    """Columns of its slots."""
    return [f"v{index}" for index in range(plan.width)]


def limbs() -> list[pl.Expr]:
    """The digest's limbs (UInt64) from its halves."""
    low, high = pl.col("digest_lo"), pl.col("digest_hi")
    found = (low & _LIMB, low // _HALF, high & _LIMB, high // _HALF)
    return [limb.alias(name) for name, limb in zip(LIMBS, found, strict=True)]


class Buckets(NamedTuple):
    """All buckets of a definition; what is zero throughout is left out.

    Attributes:
        sums: layer, start, scope, dim0 …, n, synthetic_n (Int64), digest_hi, digest_lo (UInt64), v0 … (Int64).
        bins: layer, start, scope, dim0 …, histogram, bin, count (Int64).
    """

    sums: pl.DataFrame
    bins: pl.DataFrame

    @classmethod
    def summed(cls, plan: Plan, sums: Sequence[pl.DataFrame], bins: Sequence[pl.DataFrame]) -> Buckets:
        """Rows added up per place.

        Args:
            sums: place columns, n, synthetic_n, d0 … d3 (sums of limbs, at most 2^63 each), and slots; a slot that a
                frame does not have is 0. bins: as they are kept.
        """
        place, keys = place_columns(plan), place_schema(plan)
        shape = keys | integers("n", "synthetic_n", *slots(plan)) | dict.fromkeys(LIMBS, pl.UInt64)
        rows = pl.concat([_shaped(frame, shape) for frame in sums] or [pl.DataFrame(schema=shape)])
        total = rows.group_by(place).agg(pl.exclude(place).sum())
        counted = _carried(total).filter(_any(("n", "synthetic_n", *DIGEST, *slots(plan))))
        shape = keys | integers(*BIN)
        found = pl.concat([_shaped(frame, shape) for frame in bins] or [pl.DataFrame(schema=shape)])
        counts = found.group_by(*place, "histogram", "bin").agg(pl.col("count").sum()).filter(pl.col("count") != 0)
        return cls(counted.select(*place, "n", "synthetic_n", *DIGEST, *slots(plan)), counts)

    @classmethod
    def joined(cls, plan: Plan, parts: Sequence[Buckets]) -> Buckets:
        """Those of several families added up."""
        return cls.summed(plan, [part.sums.with_columns(limbs()) for part in parts], [part.bins for part in parts])

    @classmethod
    def of(cls, plan: Plan, vectors: Mapping[Place, Sequence[int]], bins: Mapping[Bin, int]) -> Buckets:
        """From dicts: place → (n, synthetic_n, digest, *slots), bin → count."""
        names = ["n", "synthetic_n", *LIMBS, *slots(plan)]
        rows = [
            (
                *_flat(plan, place),
                n,
                synthetic_n,
                *((digest >> _BITS * index) & _LIMB for index in range(len(LIMBS))),
                *rest,
            )
            for place, (n, synthetic_n, digest, *rest) in vectors.items()
        ]
        counts = [(*_flat(plan, bin_.place), bin_.histogram, bin_.bin, count) for bin_, count in bins.items()]
        sums = pl.DataFrame(rows, schema=place_schema(plan) | integers(*names), orient="row")
        binned = pl.DataFrame(counts, schema=place_schema(plan) | integers(*BIN), orient="row")
        return cls.summed(plan, [sums], [binned])

    def vectors(self) -> dict[Place, tuple[int, ...]]:
        """Place → (n, synthetic_n, digest, *slots)."""
        found = {}
        dims = sum(name.startswith("dim") for name in self.sums.columns)
        for layer, start, scope, *rest in self.sums.iter_rows():
            n, synthetic_n, high, low, *values = rest[dims:]
            found[Place(layer, start, scope, dims_of(rest[:dims]))] = (n, synthetic_n, (high << 64) + low, *values)
        return found

    def counts(self) -> dict[Bin, int]:
        """Bin → count."""
        found = {}
        for layer, start, scope, *dims, histogram, bin_, count in self.bins.iter_rows():
            found[Bin(Place(layer, start, scope, dims_of(dims)), histogram, bin_)] = count
        return found


def _shaped(frame: pl.DataFrame, schema: Schema) -> pl.DataFrame:
    """The schema's columns in its order; a missing number is 0."""
    return frame.select(
        (pl.col(name) if name in frame.columns else pl.lit(0)).cast(kind).alias(name) for name, kind in schema.items()
    )


def _carried(total: pl.DataFrame) -> pl.DataFrame:
    """Limbs as the halves of a number modulo 2^128."""
    carry: pl.Expr = pl.lit(0, dtype=pl.UInt64)
    found = []
    for name in LIMBS:
        limb = pl.col(name) + carry
        found.append(limb & _LIMB)
        carry = limb // _HALF
    low, high = found[0] + found[1] * _HALF, found[2] + found[3] * _HALF
    return total.with_columns(high.alias("digest_hi"), low.alias("digest_lo"))


def _any(names: Sequence[str]) -> pl.Expr:
    return reduce(or_, [pl.col(name) != 0 for name in names])


def _flat(plan: Plan, place: Place) -> tuple[object, ...]:
    return place.layer, place.start, place.scope, *(place.dims or [None] * len(dimensions(plan)))


def dims_of(found: Sequence[str | None]) -> tuple[str, ...]:
    """A place's dimensions from its columns."""
    return tuple(value for value in found if value is not None)
