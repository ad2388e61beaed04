"""The transaction: cursor and effects together, replays skipped, gaps refused, any batching the same bytes."""

from __future__ import annotations

import random
from collections.abc import Iterator
from datetime import timedelta
from itertools import pairwise
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from sqlalchemy import select
from xxhash import xxh3_128_digest, xxh3_128_intdigest

from cityhub.kpi.definition import load_catalogue
from cityhub.kpi.kernel.evaluate import Evaluator
from cityhub.kpi.store import schema
from cityhub.kpi.store.database import Database
from cityhub.kpi.store.sql_reader import SqlReader
from cityhub.kpi.store.values import ValueStore
from cityhub.kpi.store.writer import GapInLog, KpiWriter
from cityhub.kpi.values import Label, WindowKind
from tests.unit.kpi.samples import NOON, TOPIC, cancellation, departure, records

JOB = "test"
NESTED = b'{"data":' + b'{"a":' * 100_000


class Store:
    """A store with everything around it."""

    def __init__(self, path: Path) -> None:
        catalogue = load_catalogue()
        self.database = Database(path)
        self.writer = KpiWriter(self.database, Evaluator(catalogue), JOB)
        self.values = ValueStore(self.database, catalogue, JOB)
        self.reader = SqlReader(path, catalogue)
        self.writer.position(TOPIC, 0)

    def buckets(self) -> list[tuple[object, ...]]:
        with self.database.begin() as connection:
            return sorted(tuple(row) for row in connection.execute(select(schema.bucket)))

    def verdicts(self) -> list[tuple[int, str]]:
        with self.database.begin() as connection:
            row = schema.verdict.c
            return [(off, reason) for off, reason in connection.execute(select(row.off, row.reason).order_by(row.off))]


@pytest.fixture
def store(tmp_path: Path) -> Iterator[Store]:
    made = Store(tmp_path / "store.db")
    yield made
    made.database.close()


def test_hand_worked_hour(store: Store) -> None:
    """−60 and +300 are punctual, −61 and +301 are not; the cancelled trip stands beside: 2 of 4 = 50 %."""
    events = [departure(i, delay) for i, delay in enumerate((-61, -60, 300, 301))]
    store.writer.apply(TOPIC, 0, records(*events, cancellation("x")))
    store.values.refresh()
    value = store.reader.latest("M01", WindowKind.HOUR)
    assert value is not None
    assert (value.value, value.numerator, value.denominator, value.beside) == (50.0, 2, 4, {"cancelled": 1})
    assert (value.n, value.synthetic_n, value.start) == (5, 5, NOON)


def test_prediction_is_not_a_departure(store: Store) -> None:
    store.writer.apply(TOPIC, 0, records(departure(1, 0), departure(2, 0, classifier="EST")))
    store.values.refresh()
    value = store.reader.latest("M01", WindowKind.DAY)
    assert value is not None
    assert (value.denominator, value.n) == (1, 1)


def test_day_and_lines_are_merges_of_the_same_buckets(store: Store) -> None:
    store.writer.apply(
        TOPIC,
        0,
        records(
            departure(1, 0, line="901"),
            departure(2, 900, line="903"),
            departure(3, 0, line="903", at=NOON + timedelta(hours=-2)),
        ),
    )
    store.values.refresh()
    day = store.reader.latest("M01", WindowKind.DAY)
    assert day is not None
    assert day.value == pytest.approx(66.6667, abs=0)
    lines = store.reader.breakdown("M01", WindowKind.DAY, day.start, "line")
    assert [(line.dimensions["line"], line.value) for line in lines] == [("901", 100.0), ("903", 50.0)]
    hours = store.reader.series("M01", WindowKind.HOUR, day.start, day.end)
    assert [hour.n for hour in hours] == [1, 2]


def test_replay_is_skipped_and_overlap_takes_the_tail(store: Store) -> None:
    log = records(*(departure(i, 0) for i in range(6)))
    assert store.writer.apply(TOPIC, 0, log[:4]) == 4
    before = store.buckets()
    assert store.writer.apply(TOPIC, 0, log[:4]) == 0
    assert store.buckets() == before
    assert store.writer.apply(TOPIC, 0, log[2:]) == 2
    store.values.refresh()
    value = store.reader.latest("M01", WindowKind.HOUR)
    assert value is not None
    assert value.n == 6


@pytest.mark.parametrize("hole", [slice(1, 3), slice(0, 0)])
def test_gap_changes_nothing(store: Store, hole: slice) -> None:
    log = records(*(departure(i, 0) for i in range(6)))
    batch = [record for record in log[1:] if record not in log[hole.start + 2 : hole.stop + 2]]
    with pytest.raises(GapInLog, match=r"offset -1|has only"):
        store.writer.apply(TOPIC, 0, batch)
    assert store.buckets() == []
    assert store.writer.position(TOPIC, 0).offset == -1


def test_same_id_same_content_is_a_duplicate_other_content_a_verdict(store: Store) -> None:
    first = departure("k", 0)
    store.writer.apply(TOPIC, 0, records(first, first))
    store.writer.apply(TOPIC, 0, records(departure("k", 999), first, first=2))
    store.values.refresh()
    value = store.reader.latest("M01", WindowKind.HOUR)
    (stream,) = store.reader.streams()
    assert value is not None
    assert value.n == 1
    assert (stream.records, stream.duplicates, stream.rejected) == (4, 2, 1)
    assert store.verdicts() == [(2, "id_reuse")]


def test_bad_records_become_verdicts_and_the_rest_counts(store: Store) -> None:
    future = departure("f", 0, at=NOON + timedelta(hours=2))
    foreign = b'{"id": 7}'
    store.writer.apply(
        TOPIC, 0, records(b"\xff\xfe", departure(1, 0), foreign, b"", future, b'{"data":' + b'{"a":' * 100_000)
    )
    assert store.verdicts() == [(0, "parse"), (2, "envelope"), (3, "parse"), (4, "time_in_future"), (5, "parse")]
    letters = store.values.dead_letters()
    assert letters[0].payload == b"\xff\xfe"
    store.values.mark_relayed(letters)
    assert store.values.dead_letters() == []
    assert len(store.verdicts()) == 5


def test_a_refused_id_stays_free(store: Store) -> None:
    """The redriven event with the same id counts."""
    late_clock = departure("k", 0, at=NOON + timedelta(hours=2))
    store.writer.apply(TOPIC, 0, records(late_clock))
    store.writer.apply(TOPIC, 0, records(late_clock, first=1, appended=NOON + timedelta(hours=3)))
    store.values.refresh()
    value = store.reader.latest("M01", WindowKind.HOUR)
    assert value is not None
    assert value.n == 1


def test_a_refused_record_in_an_overlap_stays_one_verdict(store: Store) -> None:
    log = records(b"{", departure(1, 0), b"{", departure(2, 0))
    store.writer.apply(TOPIC, 0, log[:2])
    assert store.writer.apply(TOPIC, 0, log) == 2
    assert store.verdicts() == [(0, "parse"), (2, "parse")]


def test_an_hour_ends_where_the_next_begins(store: Store) -> None:
    last, first = NOON + timedelta(minutes=59, seconds=59), NOON + timedelta(hours=1)
    store.writer.apply(TOPIC, 0, records(departure(1, 0, at=last), departure(2, 900, at=first)))
    store.values.refresh()
    hours = store.reader.series("M01", WindowKind.HOUR, NOON, NOON + timedelta(days=1))
    assert [(hour.start, hour.value, hour.n) for hour in hours] == [(NOON, 100.0, 1), (first, 0.0, 1)]


def test_digest_is_the_sum_over_the_counted_events(store: Store) -> None:
    """Recomputed here from the events alone: XXH3-128 of the id key and half the content hash, modulo 2^128."""
    events = [departure(i, 0) for i in range(40)]
    store.writer.apply(TOPIC, 0, records(*events, events[0]))
    store.values.refresh()
    value = store.reader.latest("M01", WindowKind.DAY)
    assert value is not None
    keys = [xxh3_128_digest(f"{event.source}\0{event.id}".encode()) for event in events]
    contents = [bytes.fromhex(event.contenthash)[:16] for event in events]
    whole = sum(xxh3_128_intdigest(key + content) for key, content in zip(keys, contents, strict=True))
    assert value.digest == f"{whole % 2**128:032x}"


def test_labels_follow_the_slowest_partition(store: Store) -> None:
    store.writer.position(TOPIC, 1)
    store.writer.apply(TOPIC, 0, records(departure(1, 0), appended=NOON + timedelta(minutes=30)))
    assert _hour(store) == (Label.PROVISIONAL, 1)
    settled = int((NOON + timedelta(minutes=70)).timestamp() * 1000)
    store.writer.mark_complete(TOPIC, 0, 0, settled)
    assert _hour(store) == (Label.PROVISIONAL, 1)
    store.writer.mark_complete(TOPIC, 1, -1, settled)
    assert _hour(store) == (Label.FINAL, 2)
    store.writer.apply(TOPIC, 0, records(departure(2, 0), first=1, appended=NOON + timedelta(hours=5)))
    assert _hour(store) == (Label.CORRECTED, 3)
    assert _hour(store) == (Label.CORRECTED, 3)


def test_a_delivery_in_progress_is_not_a_correction(store: Store) -> None:
    """Yesterday's events arrive today in several batches: provisional until a minute of quiet, then final at once."""
    today = NOON + timedelta(days=1)
    for batch in range(3):
        arrived = today + timedelta(seconds=20 * batch)
        store.writer.apply(TOPIC, 0, records(departure(batch, 0), first=batch, appended=arrived))
        assert _hour(store) == (Label.PROVISIONAL, batch + 1)
    for seconds, label in ((99, Label.PROVISIONAL), (100, Label.FINAL)):
        store.writer.mark_complete(TOPIC, 0, 2, int((today + timedelta(seconds=seconds)).timestamp() * 1000))
        assert _hour(store)[0] is label


def test_a_partition_is_not_complete_before_its_records_are_applied(store: Store) -> None:
    store.writer.apply(TOPIC, 0, records(departure(1, 0), departure(2, 0)))
    store.writer.mark_complete(TOPIC, 0, 2, 10**15)
    assert _hour(store)[0] is Label.PROVISIONAL


def _hour(store: Store) -> tuple[Label, int]:
    store.values.refresh()
    value = store.reader.latest("M01", WindowKind.HOUR)
    assert value is not None
    return value.label, value.revision


def test_published_once_acknowledged(store: Store) -> None:
    store.writer.apply(TOPIC, 0, records(departure(1, 0)))
    store.values.refresh()
    waiting = store.values.unpublished()
    assert {(item.key.window, item.key.dims) for item in waiting} == {
        (kind, dims) for kind in WindowKind for dims in ("{}", '{"line":"901"}')
    }
    store.values.mark_published(waiting)
    assert store.values.unpublished() == []
    store.values.refresh()
    assert store.values.unpublished() == []


@settings(max_examples=25, deadline=None)
@given(
    seed=st.integers(0, 2**32),
    cuts=st.lists(st.integers(1, 59), max_size=6),
    partitions=st.integers(1, 3),
)
def test_any_order_batching_and_partitioning_gives_the_same_bytes(
    tmp_path_factory: pytest.TempPathFactory, seed: int, cuts: list[int], partitions: int
) -> None:
    events = [departure(i % 50, 400 * (i % 50 % 3), at=NOON + timedelta(minutes=7 * (i % 50))) for i in range(60)]
    reference = _published(tmp_path_factory.mktemp("a"), [events], [])
    shuffled = random.Random(seed).sample(events, len(events))  # noqa: S311 - a seeded shuffle
    by_partition = [[e for e in shuffled if hash(e.partitionkey) % partitions == part] for part in range(partitions)]
    assert _published(tmp_path_factory.mktemp("b"), by_partition, cuts) == reference


def _published(folder: Path, logs: list[list[object]], cuts: list[int]) -> set[tuple[object, ...]]:
    store = Store(folder / "store.db")
    for part, events in enumerate(logs):
        store.writer.position(TOPIC, part)
        log = records(*events, appended=NOON + timedelta(hours=9))  # type: ignore[arg-type]
        edges = sorted({0, len(log), *(cut for cut in cuts if cut < len(log))})
        for start, end in pairwise(edges):
            store.writer.apply(TOPIC, part, log[start:end])
    store.values.refresh()
    found = {
        (value.window, value.start, tuple(value.dimensions.items()), value.numerator, value.n, value.digest)
        for kind in WindowKind
        for value in store.reader.series("M01", kind, NOON - timedelta(days=1), NOON + timedelta(days=1))
    }
    store.database.close()
    return found
