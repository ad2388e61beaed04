"""The transaction, on both databases: cursor and effects together, replays skipped, gaps and other logs refused."""

from __future__ import annotations

import random
from datetime import timedelta
from itertools import pairwise
from pathlib import Path

import pytest
from hypothesis import Phase, given, settings
from hypothesis import strategies as st
from xxhash import xxh3_128_intdigest

from cityhub.kpi.errors import StoreUnavailable
from cityhub.kpi.kernel.record import LogRecord
from cityhub.kpi.store.writer import GapInLog, OtherLog
from cityhub.kpi.values import Label, WindowKind
from cityhub.sandbox.city.streams import STREAMS, events_between
from cityhub.sdk import codec
from cityhub.sdk.contract import load_contracts
from tests.unit.kpi.engine import Engine
from tests.unit.kpi.samples import NOON, TOPIC, Record, cancellation, departure, records


def test_hand_worked_hour(engine: Engine) -> None:
    """−60 and +300 are punctual, −61 and +301 are not; the cancelled trip stands beside: 2 of 4 = 50 %."""
    events = [departure(i, delay) for i, delay in enumerate((-61, -60, 300, 301))]
    engine.apply(TOPIC, records(*events, cancellation("x")))
    engine.publish()
    (value,) = engine.values("M01", WindowKind.HOUR)
    assert (value.value, value.numerator, value.denominator, value.beside) == (50.0, 2, 4, {"cancelled": 1})
    assert (value.n, value.synthetic_n, value.start) == (5, 5, NOON)


def test_a_prediction_is_not_a_departure(engine: Engine) -> None:
    engine.apply(TOPIC, records(departure(1, 0), departure(2, 0, classifier="EST")))
    engine.publish()
    (value,) = engine.values("M01", WindowKind.DAY)
    assert (value.denominator, value.n) == (1, 1)


def test_replay_is_skipped_and_overlap_takes_the_tail(engine: Engine) -> None:
    log = records(*(departure(i, 0) for i in range(6)))
    assert engine.writer.apply(TOPIC, 0, log[:4]) == 4
    before = engine.buckets()
    assert engine.writer.apply(TOPIC, 0, log[:4]) == 0
    assert engine.another_worker().apply(TOPIC, 0, log[:3]) == 0
    assert engine.buckets() == before
    assert engine.writer.apply(TOPIC, 0, log[2:]) == 2
    assert engine.counters(TOPIC) == (6, 0, 0)


@pytest.mark.parametrize("batch", [slice(1, 4), slice(0, 5, 2)], ids=["behind-a-hole", "with-a-hole"])
def test_a_gap_changes_nothing(engine: Engine, batch: slice) -> None:
    log = records(*(departure(i, 0) for i in range(6)))
    with pytest.raises(GapInLog, match=r"offset -1|has only"):
        engine.writer.apply(TOPIC, 0, log[batch])
    assert engine.buckets() == set()
    assert engine.writer.position(TOPIC, 0).offset == -1


def test_another_log_is_refused_and_not_taken_for_a_replay(engine: Engine) -> None:
    """A topic that was recreated, or cut and written on, holds another record where the cursor stands."""
    engine.apply(TOPIC, records(*(departure(i, 0) for i in range(4))))
    before = engine.buckets()
    other = records(*(departure(f"new{i}", 900) for i in range(9)))
    for worker in (engine.writer, engine.another_worker()):
        with pytest.raises(OtherLog, match="another record at offset 3"):
            worker.apply(TOPIC, 0, other)
        with pytest.raises(OtherLog, match="another record at offset 3"):
            worker.apply(TOPIC, 0, other[3:])
    assert engine.buckets() == before


def test_same_id_same_content_is_a_duplicate_other_content_a_verdict(engine: Engine) -> None:
    first = departure("k", 0)
    engine.apply(TOPIC, records(first, first))
    engine.apply(TOPIC, records(departure("k", 999), first, first=2))
    assert engine.counters(TOPIC) == (4, 2, 1)
    assert engine.verdicts() == [(2, "id_reuse")]
    engine.publish()
    assert engine.values("M01", WindowKind.HOUR)[0].n == 1


def test_a_refused_id_stays_free(engine: Engine) -> None:
    future = departure("k", 0, at=NOON + timedelta(hours=2))
    engine.apply(TOPIC, records(future))
    engine.apply(TOPIC, records(future, first=1, appended=NOON + timedelta(hours=3)))
    engine.publish()
    assert [value.n for value in engine.values("M01", WindowKind.HOUR)] == [1]
    assert engine.verdicts() == [(0, "time_in_future")]


def test_a_refused_record_in_an_overlap_stays_one_verdict(engine: Engine) -> None:
    log = records(b"{", departure(1, 0), b"{", departure(2, 0))
    engine.writer.apply(TOPIC, 0, log[:2])
    assert engine.writer.apply(TOPIC, 0, log) == 2
    assert engine.verdicts() == [(0, "parse"), (2, "parse")]


def test_digest_is_the_sum_over_the_counted_events(engine: Engine) -> None:
    """Recomputed here from the events alone: XXH3-128 of source, id and content hash, modulo 2^128."""
    events = [departure(i, 0) for i in range(40)]
    engine.apply(TOPIC, records(*events, events[0]))
    engine.publish()
    whole = sum(
        xxh3_128_intdigest(f"{event.source}\0{event.id}".encode() + bytes.fromhex(event.contenthash))
        for event in events
    )
    assert engine.values("M01", WindowKind.DAY)[0].digest == f"{whole % 2**128:032x}"


def cannot_bear(engine: Engine, monkeypatch: pytest.MonkeyPatch, delay_s: int) -> None:
    """From now on the engine fails on departures that are so late."""
    evaluator = engine.writer._evaluator
    real = evaluator._effect

    def effect(rows: list[object]) -> object:
        if any(row.event.data.delay_s == delay_s for row in rows):  # type: ignore[attr-defined]
            raise ZeroDivisionError("a fault nobody foresaw")
        return real(rows)  # type: ignore[arg-type]

    monkeypatch.setattr(evaluator, "_effect", effect)


def test_an_event_that_breaks_the_engine_costs_nobody_else(engine: Engine, monkeypatch: pytest.MonkeyPatch) -> None:
    cannot_bear(engine, monkeypatch, delay_s=666)
    bad = [departure(f"bad{i}", 666) for i in range(2)]
    engine.apply(TOPIC, records(departure(1, 0), bad[0], departure(2, 0), bad[1], bad[1], departure(3, 0)))
    assert engine.verdicts() == [(1, "processing"), (3, "processing"), (4, "processing")]
    assert engine.counters(TOPIC) == (6, 0, 3)
    monkeypatch.undo()
    engine.apply(TOPIC, records(*bad, first=6))
    engine.publish()
    assert engine.values("M01", WindowKind.HOUR)[0].n == 5


@pytest.mark.parametrize("batch", [1, 2, 3])
def test_poison_under_an_id_that_was_taken_meanwhile_is_a_reuse_in_any_batch(
    engine: Engine, monkeypatch: pytest.MonkeyPatch, batch: int
) -> None:
    cannot_bear(engine, monkeypatch, delay_s=666)
    bad, good = departure("k", 666), departure("k", 0)
    engine.apply(TOPIC, records(bad, good, bad), batch=batch)
    assert engine.verdicts() == [(0, "processing"), (2, "id_reuse")]


def test_what_fails_inside_the_transaction_leaves_nothing(engine: Engine, monkeypatch: pytest.MonkeyPatch) -> None:
    log = records(departure(1, 0), b"{", departure(2, 0))
    monkeypatch.setattr("cityhub.kpi.store.writer.write_verdicts", _unavailable)
    with pytest.raises(StoreUnavailable):
        engine.writer.apply(TOPIC, 0, log)
    assert (engine.buckets(), engine.counters(TOPIC)) == (set(), (0, 0, 0))
    monkeypatch.undo()
    assert engine.writer.apply(TOPIC, 0, log) == 3
    assert engine.counters(TOPIC) == (3, 0, 1)


def _unavailable(*_: object, **_more: object) -> None:
    raise StoreUnavailable("the disk is full")


def test_labels_follow_the_slowest_partition(engine: Engine) -> None:
    engine.know([TOPIC], partitions=2)
    engine.apply(TOPIC, records(departure(1, 0), appended=NOON + timedelta(minutes=30)))
    settled = int((NOON + timedelta(minutes=70)).timestamp() * 1000) + 1
    assert _hour(engine) == (Label.PROVISIONAL, ())
    engine.writer.mark_complete(TOPIC, 0, 0, settled)
    assert _hour(engine) == (Label.PROVISIONAL, ())
    engine.writer.mark_complete(TOPIC, 1, -1, settled)
    assert _hour(engine) == (Label.FINAL, ())
    engine.apply(TOPIC, records(departure(2, 0), first=1, appended=NOON + timedelta(hours=5)))
    assert _hour(engine) == (Label.CORRECTED, ("late",))


def test_a_partition_is_not_complete_before_its_records_are_applied(engine: Engine) -> None:
    engine.apply(TOPIC, records(departure(1, 0), departure(2, 0)))
    engine.writer.mark_complete(TOPIC, 0, 2, 10**15)
    assert _hour(engine)[0] is Label.PROVISIONAL


def test_windows_begin_with_the_first_event_not_with_the_epoch(engine: Engine) -> None:
    """A publisher that ran before anything was counted must not look at windows since 1970."""
    (topic,) = {source.topic for source in engine.catalogue["E05"].sources.values()}
    engine.know([topic])
    engine.publish()
    contracts = load_contracts()
    (maturity,) = (stream for stream in STREAMS if stream.name == "maturity")
    events = events_between(7, maturity, NOON - timedelta(days=9), NOON, contracts)
    engine.apply(topic, records(*events, appended=NOON))
    engine.publishing.refresh(0)
    assert not engine.publishing.behind
    days = engine.values("E05", WindowKind.DAY)
    assert days[0].start <= events[0].time < days[0].end
    assert len(days) == (NOON.date() - events[0].time.date()).days + 1


def _hour(engine: Engine) -> tuple[Label, tuple[str, ...]]:
    engine.publish()
    (value,) = engine.values("M01", WindowKind.HOUR)
    return value.label, value.reasons


def _city_logs(partitions: int, seed: int) -> dict[tuple[str, int], list[LogRecord]]:
    """Some days of all simulated streams, in the order of the seed, keyed onto partitions."""
    contracts = load_contracts()
    start, end = NOON - timedelta(hours=60), NOON
    shuffle = random.Random(seed)  # noqa: S311 - a seeded shuffle
    bodies: dict[tuple[str, int], list[bytes]] = {}
    for stream in STREAMS:
        events = events_between(7, stream, start, end, contracts)[::11]
        for event in shuffle.sample(events, len(events)):
            part = xxh3_128_intdigest(event.partitionkey.encode()) % partitions
            bodies.setdefault((contracts[event.type].topic, part), []).append(codec.encode(event))
    appended = int((end + timedelta(minutes=1)).timestamp() * 1000)
    return {
        at: [Record(offset, appended, body) for offset, body in enumerate(found)]
        for at, found in sorted(bodies.items())
    }


@settings(max_examples=4, deadline=None, phases=(Phase.explicit, Phase.reuse, Phase.generate))
@given(seed=st.integers(0, 2**32), cuts=st.lists(st.integers(1, 200), max_size=6), partitions=st.integers(1, 3))
def test_any_order_batching_and_partitioning_gives_the_same_bytes(
    tmp_path_factory: pytest.TempPathFactory, seed: int, cuts: list[int], partitions: int
) -> None:
    """All nine definitions, that is all classes, over all streams of the simulated city."""
    reference = _buckets_of(tmp_path_factory.mktemp("a"), 1, 0, [])
    assert len(reference) > 300
    assert _buckets_of(tmp_path_factory.mktemp("b"), partitions, seed, cuts) == reference


def _buckets_of(folder: Path, partitions: int, seed: int, cuts: list[int]) -> set[tuple[object, ...]]:
    engine = Engine(folder / "store.db")
    for (topic, part), log in _city_logs(partitions, seed).items():
        engine.writer.position(topic, part)
        edges = sorted({0, len(log), *(cut for cut in cuts if cut < len(log))})
        for start, end in pairwise(edges):
            engine.writer.apply(topic, part, log[start:end])
    assert engine.verdicts() == []
    found = engine.buckets()
    engine.database.close()
    return found
