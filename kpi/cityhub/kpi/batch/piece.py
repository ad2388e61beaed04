"""What stands behind buckets: one row per event, bucket and pair, with what the event adds there."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import NamedTuple

import polars as pl

from cityhub.kpi.batch.bucket import BIN, Buckets, Schema, integers, limbs, place_columns, place_schema, slots
from cityhub.kpi.batch.events import DIGEST, EVENT
from cityhub.kpi.batch.grains import starts
from cityhub.kpi.kernel.plan import Plan

_ROW = ["row", "place_of", "start", "via"]


class Pieces(NamedTuple):
    """A definition's contributions, event by event.

    Attributes:
        contributions: a row = this event supports this bucket, and adds this much. family, type, part, off, layer,
            start, scope, dim0 …, via, n, synthetic_n, digest_hi, digest_lo, v0 …; by the first columns up to via each
            row is the only one. `family` numbers what observes events: the additive sources in the plan's order, then
            its cells. `via` (UInt64) = 0, or of a pair the low half of the other event's digest.
        bins: family, type, part, off, layer, start, scope, dim0 …, histogram, bin, count.

    The digest is what the row adds to its bucket's: the event's own, or 0 for a copy of the event in another partition,
    which is an observation of its own but supports a bucket that the first one supports no second time.
    """

    contributions: pl.DataFrame
    bins: pl.DataFrame

    def buckets(self, plan: Plan) -> Buckets:
        """The sums of all rows."""
        place = place_columns(plan)
        numbers = ["n", "synthetic_n", *slots(plan)]
        sums = self.contributions.select(*place, *numbers, *limbs()).group_by(place).agg(pl.all().sum())
        return Buckets.summed(plan, [sums], [self.bins])

    @classmethod
    def joined(cls, plan: Plan, families: Sequence[Pieces]) -> Pieces:
        """Those of several families, numbered in their order."""
        numbered = [
            [frame.select(pl.lit(number, dtype=pl.Int8).alias("family"), pl.all()) for frame in found]
            for number, found in enumerate(families)
        ]
        contributions, bins = ([found[index] for found in numbered] for index in (0, 1))
        place = place_columns(plan)
        return cls(
            pl.concat(contributions, how="vertical").select(
                "family", *EVENT, *place, "via", "n", "synthetic_n", *DIGEST, *slots(plan)
            ),
            pl.concat(bins, how="vertical").select("family", *EVENT, *place, *BIN),
        )


def bins_of(plan: Plan, frames: Sequence[pl.DataFrame]) -> pl.DataFrame:
    """Bins of several histograms, in the columns of `Pieces.bins` but the family's."""
    event: Schema = {"type": pl.String, "part": pl.Int16, "off": pl.Int64}
    schema = event | place_schema(plan) | integers(*BIN)
    return pl.concat([frame.select(*schema) for frame in frames] or [pl.DataFrame(schema=schema)])


class Shares:
    """Contributions of one family of cells under way.

    Args:
        seen: its observations, a row each, numbered by `row` from 0: type, part, off, synthetic, digest_hi, digest_lo,
            scope, dim0 … and more.
        copies: whether copies of an event in several partitions support a bucket each.
    """

    def __init__(self, plan: Plan, seen: pl.DataFrame, *, copies: bool = False) -> None:
        self._plan = plan
        self._copies = copies
        self._seen = seen
        self._rows: list[pl.DataFrame] = []
        self._bins: list[pl.DataFrame] = []

    def add(
        self,
        found: pl.DataFrame,
        at: str,
        amounts: Mapping[int | None, pl.Expr] | None = None,
        *,
        row: str = "row",
        place_of: str = "row",
        n: int = 0,
        via: pl.Expr | None = None,
    ) -> None:
        """Let events support buckets, and add there.

        Args:
            found: a row per contribution. at: its column of the instant (epoch ms) whose grain is the bucket's.
            amounts: by slot; what has no slot is not kept.
            row, place_of: its columns with the numbers of the event that supports, and of the one whose scope and
                dimensions the bucket has.
            via: what the event supports the bucket by, beside itself.
        """
        self._rows.append(
            found.select(
                pl.col(row).alias("row"),
                pl.col(place_of).alias("place_of"),
                self._start(found, at),
                (pl.lit(0) if via is None else via).cast(pl.UInt64).alias("via"),
                pl.lit(n, dtype=pl.Int64).alias("n"),
                *(
                    value.cast(pl.Int64).alias(f"v{slot}")
                    for slot, value in (amounts or {}).items()
                    if slot is not None
                ),
            )
        )

    def add_bins(self, found: pl.DataFrame, at: str, histogram: int, bin_: pl.Expr, place_of: str = "row") -> None:
        """Count a value of each row's event into a histogram."""
        self._bins.append(
            found.select(
                "row",
                pl.col(place_of).alias("place_of"),
                self._start(found, at),
                pl.lit(histogram, dtype=pl.Int64).alias("histogram"),
                bin_.cast(pl.Int64).alias("bin"),
                pl.lit(1, dtype=pl.Int64).alias("count"),
            )
        )

    def pieces(self) -> Pieces:
        """All of it, a row per event, bucket and pair."""
        places = place_columns(self._plan)
        rows = pl.concat(self._rows, how="diagonal").group_by(_ROW).agg(pl.all().sum())
        missing = [pl.lit(0, dtype=pl.Int64).alias(name) for name in slots(self._plan) if name not in rows.columns]
        placed = self._placed(rows.with_columns(missing), "synthetic", *DIGEST)
        placed = placed.with_columns((pl.col("n") * pl.col("synthetic")).alias("synthetic_n"))
        if not self._copies and self._seen.select(pl.struct(DIGEST).is_duplicated().any()).item():
            placed = _once(placed, places)
        contributions = placed.select(*EVENT, *places, "via", "n", "synthetic_n", *DIGEST, *slots(self._plan))
        return Pieces(contributions, bins_of(self._plan, [self._placed(found) for found in self._bins]))

    def _start(self, found: pl.DataFrame, at: str) -> pl.Series:
        return starts(self._plan.definition.grain, found[at]).alias("start")

    def _placed(self, rows: pl.DataFrame, *more: str) -> pl.DataFrame:
        """Rows with their event's columns and their place's."""
        scope, dims = "scope", [name for name in place_columns(self._plan) if name.startswith("dim")]
        events = self._seen.select(*EVENT, *more)[rows["row"]]
        where = self._seen.select(scope, *dims)[rows["place_of"]]
        layer = pl.Series("layer", [""], dtype=pl.String).new_from_index(0, rows.height)
        return pl.concat([rows.drop("row", "place_of"), events, where, layer.to_frame()], how="horizontal")


def _once(placed: pl.DataFrame, places: Sequence[str]) -> pl.DataFrame:
    """The digests of copies of an event as 0 where another copy supports the bucket."""
    first = pl.struct(*places, "via", *DIGEST).is_first_distinct()
    return placed.sort(*EVENT).with_columns(
        pl.when(first).then(pl.col(name)).otherwise(0).alias(name) for name in DIGEST
    )
