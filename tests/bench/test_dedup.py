"""What deduplication costs: a row per id against runs of ids with fingerprints in memory, on both databases.

Run by `make bench`. One JSON line per design and database; asserts the answers only. CPU seconds are this process's:
PostgreSQL's own work is seen in the seconds that pass. DEDUP_IDS and DEDUP_RESTART_IDS change the sizes.
"""

from __future__ import annotations

import json
import os
import time
from collections.abc import Iterator, Sequence
from itertools import islice
from pathlib import Path
from typing import Protocol

import numpy as np
import pytest
from sqlalchemy import Connection, insert, text

from cityhub.kpi.store import schema
from cityhub.kpi.store.database import Database
from cityhub.kpi.store.dedup import SeenIds
from tests.integration.postgres import postgres

__all__ = ["postgres"]

EVENTS = int(os.environ.get("DEDUP_IDS", "1000000"))
RESTART_IDS = int(os.environ.get("DEDUP_RESTART_IDS", "10000000"))
PARTITIONS = 8
BATCH = 4_000
EVERY_NTH_TWICE = 100
HORIZON_MS = 24 * 3_600_000
JOB, TOPIC = "kpi", "du.evt.wbd.lamps.v1"


class Design(Protocol):
    """One partition's deduplication."""

    memory_bytes: int

    def apply(self, database: Database, first: int, keys: Sequence[bytes], contents: Sequence[bytes]) -> int:
        """Judge a batch and write what is new, in one transaction; returns the number of repetitions."""


class RowPerId:
    """Every id is a row of a table."""

    memory_bytes = 0

    def __init__(self, part: int) -> None:
        self.part = part

    @staticmethod
    def prepare(database: Database) -> None:
        kind, tail = ("bytea", "") if database.dialect == "postgresql" else ("blob", " without rowid")
        table = f"create table seen_id (id {kind} primary key, content {kind} not null, part int, off bigint){tail}"
        with database.begin() as connection:
            connection.execute(text(table))

    def apply(self, database: Database, first: int, keys: Sequence[bytes], contents: Sequence[bytes]) -> int:
        with database.begin() as connection:
            known = self._known(connection, keys)
            fresh = {}
            for off, (key, content) in enumerate(zip(keys, contents, strict=True), first):
                if key not in known and key not in fresh:
                    fresh[key] = (key, content, self.part, off)
            self._insert(connection, list(fresh.values()))
        return len(keys) - len(fresh)

    def _known(self, connection: Connection, keys: Sequence[bytes]) -> dict[bytes, bytes]:
        if connection.dialect.name == "postgresql":
            rows = connection.exec_driver_sql("select id, content from seen_id where id = any(%s)", (list(keys),))
        else:
            marks = ",".join("?" * len(keys))
            rows = connection.exec_driver_sql(f"select id, content from seen_id where id in ({marks})", tuple(keys))  # noqa: S608
        return {row[0]: row[1] for row in rows}

    def _insert(self, connection: Connection, rows: list[tuple[bytes, bytes, int, int]]) -> None:
        if connection.dialect.name == "postgresql":
            arrays = "unnest(%s::bytea[], %s::bytea[], %s::int[], %s::bigint[])"
            columns = tuple(map(list, zip(*rows, strict=True)))
            connection.exec_driver_sql(f"insert into seen_id select * from {arrays}", columns)  # noqa: S608
        else:
            connection.exec_driver_sql("insert into seen_id values (?, ?, ?, ?)", rows)


class Runs:
    """The product's: `SeenIds`."""

    def __init__(self, part: int) -> None:
        self.ids = SeenIds(JOB, TOPIC, part, HORIZON_MS)

    @staticmethod
    def prepare(database: Database) -> None:
        """The table is there."""

    @property
    def memory_bytes(self) -> int:
        return self.ids.memory_bytes

    def apply(self, database: Database, first: int, keys: Sequence[bytes], contents: Sequence[bytes]) -> int:
        with database.begin() as connection:
            answers = self.ids.verdicts(connection, keys, contents)
            kept = [number for number, answer in enumerate(answers) if not answer]
            staged = self.ids.stage(
                connection,
                [keys[number] for number in kept],
                [contents[number] for number in kept],
                [first + number for number in kept],
                first_off=first,
                last_off=first + len(keys) - 1,
                newest_append_ms=first,
            )
        self.ids.commit(staged)
        return len(keys) - len(kept)


def batches(total: int) -> Iterator[tuple[int, list[bytes], list[bytes]]]:
    """(first offset, keys, contents) of one partition; one in a hundred is an id of the last 10 000 again."""
    random = np.random.default_rng(total)
    words = random.integers(0, 1 << 64, (total, 3), np.uint64)
    again = np.arange(EVERY_NTH_TWICE, total, EVERY_NTH_TWICE)
    words[again] = words[np.maximum(again - random.integers(1, 10_000, len(again)), 0)]
    data = words.tobytes()
    events = (data[24 * number : 24 * number + 24] for number in range(total))
    first = 0
    while batch := list(islice(events, BATCH)):
        yield first, [event[:16] for event in batch], [event[16:] for event in batch]
        first += len(batch)


@pytest.fixture(params=["sqlite", "postgresql"])
def database(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Database]:
    url = tmp_path / "store.db" if request.param == "sqlite" else request.getfixturevalue("postgres").create()
    made = Database(url)
    yield made
    made.close()


def store_bytes(database: Database) -> int:
    """What the database takes on the disk, in its log too."""
    if database.path is not None:
        return sum(path.stat().st_size for path in database.path.parent.glob(f"{database.path.name}*"))
    with database.snapshot() as connection:
        return int(connection.scalar(text("select pg_database_size(current_database())")) or 0)


def report(**facts: object) -> None:
    rounded = {name: round(fact, 3) if isinstance(fact, float) else fact for name, fact in facts.items()}
    print(json.dumps({"bench": "dedup", **rounded}))


@pytest.mark.parametrize("design", [RowPerId, Runs], ids=["rows", "runs"])
def test_cost_per_event(design: type[RowPerId] | type[Runs], database: Database) -> None:
    design.prepare(database)
    empty = store_bytes(database)
    partitions = [design(part) for part in range(PARTITIONS)]
    cpu = wall = 0.0
    repeated = events = 0
    for feeds in zip(*(batches(EVENTS // PARTITIONS + part) for part in range(PARTITIONS)), strict=False):
        for partition, (first, keys, contents) in zip(partitions, feeds, strict=True):
            began, spent = time.perf_counter(), time.process_time()
            repeated += partition.apply(database, first, keys, contents)
            wall, cpu = wall + time.perf_counter() - began, cpu + time.process_time() - spent
            events += len(keys)
    ids = events - repeated
    assert 0.009 < repeated / events < 0.011
    report(
        design=design.__name__,
        database=database.dialect,
        events=events,
        cpu_us_per_event=cpu / events * 1e6,
        us_per_event=wall / events * 1e6,
        memory_bytes_per_id=sum(partition.memory_bytes for partition in partitions) / ids,
        store_bytes_per_id=(store_bytes(database) - empty) / ids,
    )


def test_restart(database: Database) -> None:
    """A worker that takes over all partitions of a full horizon."""
    per_part = RESTART_IDS // PARTITIONS // BATCH * BATCH
    words = np.random.default_rng(1).integers(0, 1 << 64, (PARTITIONS * per_part, 2), np.uint64)
    fixed = {"job": JOB, "topic": TOPIC, "newest_ms": 0, "n": BATCH}
    places = np.arange(BATCH).astype("<u4").tobytes()
    for part in range(PARTITIONS):
        with database.begin() as connection:
            for first in range(0, per_part, BATCH):
                ids = words[part * per_part + first :][:BATCH].tobytes()
                row = {"part": part, "first_off": first, "last_off": first + BATCH - 1}
                more = ids[: 8 * BATCH] + places
                connection.execute(insert(schema.seen).values(**fixed, **row, ids=ids, more=more))
    began, spent = time.perf_counter(), time.process_time()
    opened = [SeenIds(JOB, TOPIC, part, HORIZON_MS) for part in range(PARTITIONS)]
    for one in opened:
        with database.begin() as connection:
            one.open(connection)
    wall, cpu = time.perf_counter() - began, time.process_time() - spent
    ids = sum(map(len, opened))
    assert ids == PARTITIONS * per_part
    memory = sum(one.memory_bytes for one in opened) / ids
    report(restart=database.dialect, ids=ids, seconds=wall, cpu_seconds=cpu, memory_bytes_per_id=memory)
