"""Deduplication answers as a plain dict would, whatever happens between two batches, on both databases."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

import pytest
from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, rule, run_state_machine_as_test
from sqlalchemy import Connection, delete, func, insert, select, update
from xxhash import xxh3_128_digest

from cityhub.kpi.store import schema
from cityhub.kpi.store.cursors import CursorMoved
from cityhub.kpi.store.database import Database
from cityhub.kpi.store.dedup import FORGET_EVERY_MS, MARGIN_MS, Answer, SeenIds

JOB, TOPIC, PART = "kpi", "du.evt.dvv.departures.v1", 3
HORIZON_MS = 24 * 3_600_000
KEEP_MS = HORIZON_MS + MARGIN_MS
NOON_MS = 1_780_000_000_000
FRESH, DUPLICATE, REUSED = Answer

EVENTS = st.lists(st.tuples(st.integers(0, 60), st.sampled_from([0, 0, 0, 1])), max_size=25)
"""(id, content)"""


def key(number: int) -> bytes:
    return xxh3_128_digest(f"dvv/itcs\0{number}".encode())


def content(number: int) -> bytes:
    return number.to_bytes(8, "big")


class Held(NamedTuple):
    """What the model knows of an id."""

    content: int
    newest_ms: int


def make_cursor(connection: Connection) -> None:
    counts = ("part", "appended_ms", "complete_ms", "records", "duplicates", "rejected", "synthetic", "newest_event_s")
    row = {"job": JOB, "topic": TOPIC, "topic_id": "", "hash": b"", "off": -1, **dict.fromkeys(counts, 0)}
    connection.execute(insert(schema.cursor).values(row | {"part": PART}))


def move_cursor(connection: Connection, offset: int) -> None:
    connection.execute(update(schema.cursor).values(off=offset))


class Machine(RuleBasedStateMachine):
    """Send, repeat, reuse, refuse, roll back, let time pass, open again."""

    database: Database

    @initialize(bits=st.sampled_from([1, 4, 64]))
    def start(self, bits: int) -> None:
        self.bits = bits
        self.held: dict[int, Held] = {}
        self.offset, self.clock_ms, self.looked_ms = -1, NOON_MS, 0
        with self.database.begin() as connection:
            connection.execute(delete(schema.seen))
            connection.execute(delete(schema.cursor))
            make_cursor(connection)
        self.open()

    @rule()
    def open(self) -> None:
        self.ids = SeenIds(JOB, TOPIC, PART, HORIZON_MS, fingerprint_bits=self.bits)
        with self.database.begin() as connection:
            self.ids.open(connection)
        self.looked_ms = 0
        assert self.ids.valid_for(self.offset)

    @rule(passed_ms=st.sampled_from([1_000, FORGET_EVERY_MS, HORIZON_MS // 20, HORIZON_MS // 3, KEEP_MS + 1]))
    def time_passes(self, passed_ms: int) -> None:
        self.clock_ms += passed_ms

    @rule(events=EVENTS, refused=st.sets(st.integers(0, 24), max_size=3), lost=st.booleans())
    def batch(self, events: list[tuple[int, int]], refused: set[int], lost: bool) -> None:
        """`refused` are left out after they were judged; the transaction of a `lost` batch is rolled back."""
        with self.database.begin() as connection:
            self.judge(connection, events)
            events = [event for number, event in enumerate(events) if number not in refused]
            kept = [events[number] for number in self.judge(connection, events)]
            first = self.offset + 1
            staged = self.ids.stage(
                connection,
                [key(id_) for id_, _ in kept],
                [content(said) for _, said in kept],
                range(first, first + len(kept)),
                first_off=first,
                last_off=first + 25,
                newest_append_ms=self.clock_ms,
            )
            move_cursor(connection, first + 25)
            if lost:
                connection.rollback()
        if not lost:
            self.ids.commit(staged)
            self.offset += 26
            self.held |= {id_: Held(said, self.clock_ms) for id_, said in kept}
            if self.clock_ms - self.looked_ms >= FORGET_EVERY_MS:
                self.looked_ms = self.clock_ms

    def judge(self, connection: Connection, events: Sequence[tuple[int, int]]) -> list[int]:
        """Compares the answers with the model's; returns the events to count."""
        answers = self.ids.verdicts(connection, [key(id_) for id_, _ in events], [content(said) for _, said in events])
        model = dict(self.held)
        for (id_, said), answer in zip(events, answers, strict=True):
            before = model.get(id_)
            expected = FRESH if before is None else DUPLICATE if before.content == said else REUSED
            if before is not None and before.newest_ms < self.clock_ms - KEEP_MS and answer == FRESH:
                expected = FRESH  # forgotten
            assert answer == expected, (id_, said, before)
            if answer == FRESH:
                model[id_] = Held(said, self.clock_ms)
        return [number for number, answer in enumerate(answers) if answer == FRESH]

    @invariant()
    def store_and_memory_hold_the_same_and_nothing_old(self) -> None:
        row = schema.seen.c
        with self.database.snapshot() as connection:
            query = select(func.count(), func.coalesce(func.sum(row.n), 0), func.min(row.newest_ms))
            rows, ids, oldest = connection.execute(query).one()
        assert ids == len(self.ids)
        assert rows <= 17 * 15 * 3
        assert oldest is None or oldest >= self.looked_ms - KEEP_MS


def test_as_a_dict_would(database: Database) -> None:
    machine = type("Bound", (Machine,), {"database": database})
    examples = 60 if database.dialect == "sqlite" else 15
    run_state_machine_as_test(machine, settings=settings(max_examples=examples, stateful_step_count=40, deadline=None))


class Partition:
    """A partition whose every batch is committed."""

    def __init__(self, database: Database) -> None:
        self.database = database
        self.offset = -1
        with database.begin() as connection:
            make_cursor(connection)
        self.reopen()

    def reopen(self) -> None:
        self.ids = SeenIds(JOB, TOPIC, PART, HORIZON_MS)
        with self.database.begin() as connection:
            self.ids.open(connection)

    def send(self, numbers: Sequence[int], at_ms: int) -> list[int]:
        keys, contents = [key(number) for number in numbers], [content(number) for number in numbers]
        with self.database.begin() as connection:
            answers = self.ids.verdicts(connection, keys, contents)
            kept = [number for number, answer in enumerate(answers) if answer == FRESH]
            first, last = self.offset + 1, self.offset + max(len(numbers), 1)
            staged = self.ids.stage(
                connection,
                [keys[number] for number in kept],
                [contents[number] for number in kept],
                [first + number for number in kept],
                first_off=first,
                last_off=last,
                newest_append_ms=at_ms,
            )
            move_cursor(connection, last)
        self.ids.commit(staged)
        self.offset = last
        return answers

    def runs(self) -> list[tuple[int, int, int]]:
        row = schema.seen.c
        with self.database.snapshot() as connection:
            found = connection.execute(select(row.first_off, row.last_off, row.n).order_by(row.first_off))
            return [(first, last, n) for first, last, n in found]


@pytest.fixture
def partition(database: Database) -> Partition:
    return Partition(database)


def test_an_id_is_known_to_the_end_of_the_horizon_and_its_margin(partition: Partition) -> None:
    partition.send([1], NOON_MS)
    assert partition.send([1], NOON_MS + KEEP_MS) == [DUPLICATE]
    assert partition.send([1], NOON_MS + KEEP_MS + 1 + FORGET_EVERY_MS) == [DUPLICATE]  # before it is forgotten
    assert partition.send([1], NOON_MS + KEEP_MS + 2 + FORGET_EVERY_MS) == [FRESH]
    assert len(partition.ids) == 1


def test_thousands_of_small_batches_leave_few_rows(partition: Partition) -> None:
    """And every id is still known, before and after a restart."""
    sent = 0
    for number in range(1_200):
        count = (1, 1, 30, 1, 2)[number * 7 % 5]
        partition.send(range(sent, sent + count), NOON_MS)
        sent += count
    assert sum(n for _, _, n in partition.runs()) == sent
    assert len(partition.runs()) <= 45
    before = partition.runs()
    assert before[0][0] == 0
    assert before[-1][1] == partition.offset
    assert set(partition.send(range(sent), NOON_MS)) == {DUPLICATE}
    partition.reopen()
    assert set(partition.send(range(sent), NOON_MS)) == {DUPLICATE}
    assert partition.runs() == before


def test_the_store_keeps_id_content_and_offset_of_every_event(partition: Partition) -> None:
    """Through merging: 40 batches of two, of which the second is a repetition every other time."""
    expected = {}
    for number in range(40):
        start = partition.offset + 1
        partition.send([number, number if number % 2 else 1_000 + number], NOON_MS)
        expected[key(number)] = (content(number), start)
        if not number % 2:
            expected[key(1_000 + number)] = (content(1_000 + number), start + 1)
    found = {}
    with partition.database.snapshot() as connection:
        for row in connection.execute(select(schema.seen)):
            for place in range(row.n):
                id_, said = row.ids[16 * place : 16 * place + 16], row.more[8 * place : 8 * place + 8]
                delta = row.more[8 * row.n + 4 * place : 8 * row.n + 4 * place + 4]
                found[id_] = (said, row.first_off + int.from_bytes(delta, "little"))
    assert found == expected
    assert len(partition.runs()) < 20


def test_memory_of_another_cursor_writes_nothing(partition: Partition) -> None:
    """The partition went to another worker and came back."""
    stale = partition.ids
    partition.reopen()
    partition.send([1], NOON_MS)
    with pytest.raises(ValueError, match="known up to -1, not to 0"), partition.database.begin() as connection:
        stale.stage(connection, [key(2)], [content(2)], [1], first_off=1, last_off=1, newest_append_ms=NOON_MS)
    assert partition.runs() == [(0, 0, 1)]


def test_memory_whose_rows_are_gone_says_that_the_cursor_has_moved(partition: Partition) -> None:
    """Another worker had the partition meanwhile, and merged or forgot the run that an id was found in."""
    partition.send([1], NOON_MS)
    with partition.database.begin() as connection:
        connection.execute(delete(schema.seen))
        with pytest.raises(CursorMoved, match="no run of ids from 0 on"):
            partition.ids.verdicts(connection, [key(1)], [content(2)])


def test_partitions_and_jobs_do_not_know_each_other(partition: Partition) -> None:
    partition.send([1], NOON_MS)
    for other in (SeenIds("audit", TOPIC, PART, HORIZON_MS), SeenIds(JOB, TOPIC, PART + 1, HORIZON_MS)):
        with partition.database.begin() as connection:
            other.open(connection)
            assert other.verdicts(connection, [key(1)], [content(1)]) == [FRESH]
            assert other.at_offset == -1


def test_halves_of_different_batches_are_refused(partition: Partition) -> None:
    with partition.database.begin() as connection, pytest.raises(ValueError, match="cannot reshape"):
        partition.ids.verdicts(connection, [key(1), key(2)], [content(1)[:4]] * 2)
