"""What a comparison finds, and what it is given."""

from __future__ import annotations

import polars as pl
import pytest

from cityhub.kpi.batch import Buckets, Mismatch, buckets, compare
from cityhub.kpi.errors import BatchError
from cityhub.kpi.kernel.bucket import Bin, Place
from tests.unit.kpi.batch import classes
from tests.unit.kpi.batch.frames import stored
from tests.unit.kpi.batch.world import world
from tests.unit.kpi.cells.world import event

HERE, THERE = (Place("", start, scope, ("u",)) for start, scope in ((3600, ""), (0, "STB01")))
PLAN = classes.join({"quantile": {"value": "elapsed", "at": [0.5]}}, "", unit="d").plan
VECTORS = {HERE: (3, 1, 2**127 + 2**65 + 7, 0, -5, 0, 0), THERE: (1, 0, 9, 1, 0, 0, 0)}
BINS = {Bin(HERE, 0, 12): 3}


def test_equal_buckets_agree_and_come_back_as_they_were() -> None:
    made = Buckets.of(PLAN, VECTORS, BINS)
    assert (made.vectors(), made.counts()) == (VECTORS, BINS)
    assert compare(PLAN, made, made) == []


def test_every_number_that_differs_is_named() -> None:
    changed = {HERE: (3, 1, 7, 0, -6, 0, 0), Place("", 0, "", ("",)): (1, 0, 1, 0, 0, 0, 0)}
    found = compare(PLAN, Buckets.of(PLAN, VECTORS, BINS), Buckets.of(PLAN, changed, {Bin(THERE, 0, 1): 1}))
    new, gone = Place("", 0, "", ("",)), THERE
    assert found == [
        *(Mismatch(new, column, 0, 1) for column in ("digest", "n")),
        Mismatch(gone, "digest", 9, 0),
        Mismatch(gone, "n", 1, 0),
        Mismatch(gone, "v0", 1, 0),
        Mismatch(HERE, "digest", 2**127 + 2**65 + 7, 7),
        Mismatch(HERE, "v1", -5, -6),
        Mismatch(Bin(THERE, 0, 1), "count", 0, 1),
        Mismatch(Bin(HERE, 0, 12), "count", 3, 0),
    ]


def test_rows_of_several_writers_are_added_and_zeros_left_out() -> None:
    rows = Buckets.of(PLAN, VECTORS, BINS)
    sums = rows.sums.with_columns(d0=2**32 - 1, d1=2**32 - 1, d2=2**32 - 1, d3=2**32 - 1)
    away = sums.with_columns(-sums[name] for name in ("n", "synthetic_n", "v0", "v1", "v2", "v3"))
    ones = away.with_columns(d0=1, d1=0, d2=0, d3=0)
    made = Buckets.summed(PLAN, [sums, ones], [rows.bins, rows.bins.with_columns(-rows.bins["count"])])
    assert made.sums.is_empty()
    assert made.bins.is_empty()


def test_one_event_that_the_stream_lost_is_found() -> None:
    made = world(3)
    plan = made.plan("R01")
    expected = stored(made.engine, plan)
    (type_,) = {source.type for source in plan.definition.sources.values()}
    lost = {**made.frames, type_: made.frames[type_].head(0)}
    found = compare(plan, expected, buckets(plan, lost))
    assert {one.column for one in found} == {"n", "synthetic_n", "digest", "v0", "v1", "count"}
    assert all(one.recomputed == 0 for one in found)


def test_a_type_without_a_frame_is_named() -> None:
    sample = classes.latest()
    with pytest.raises(BatchError, match=r"T01: no frame of de.duisburg.wbd.seen.v1 among others; hand one over"):
        buckets(sample.plan, {"others": sample.frames([])[classes.SEEN]})


@pytest.mark.parametrize("sample", [classes.latest(), classes.distinct("year"), classes.correctable(), classes.pairs()])
def test_no_events_are_no_buckets(sample: classes.Sample) -> None:
    assert buckets(sample.plan, sample.frames([])).vectors() == {}


def test_what_was_refused_or_repeated_does_not_count() -> None:
    sample = classes.latest()
    (frame,) = sample.frames([event("2026-11-20 10:00", digest, 7) for digest in (1, 2, 4, 8, 16, 32)]).values()
    log = pl.DataFrame(
        {
            "part": [0, 0, 0, 1, 0, 0],
            "off": [5, 7, 2, 5, 8, 9],
            "source": ["//one", "//one", "//one", "//one", "//two", "//one"],
            "id": ["e", "e", "e", "e", "e", "f"],
            "reason": [None, None, "id_reuse", None, None, "processing"],
        },
        schema_overrides={"part": pl.Int16},
    )
    found = buckets(sample.plan, {classes.SEEN: frame.with_columns(log)})
    ((n, _, digest, _),) = found.vectors().values()
    assert (n, digest) == (3, 1 + 8 + 16)
