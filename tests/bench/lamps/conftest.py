"""One broker and one raw file for all parts of lamp-kpi-1m."""

from __future__ import annotations

import os
from collections.abc import Iterator

import pytest
from msgspec import structs

from cityhub.bus.access import KafkaAccess
from tests.bench import machine
from tests.bench.lamps.events import Load
from tests.bench.lamps.topic import PARTITIONS, Filled, fill
from tests.bench.lines import Lines, new_run
from tests.integration.servers import Installation, Kafka

EVENTS = int(os.environ.get("BENCH_EVENTS", "1000000"))
ROUNDS = int(os.environ.get("BENCH_ROUNDS", "5"))
SLOW_EVENTS = max(20_000, EVENTS // 10)
"""What slow systems read: enough that starting does not count, little enough that a round ends."""


@pytest.fixture(scope="package")
def lines() -> Lines:
    """The raw file of this run."""
    load = structs.asdict(Load(EVENTS))
    cores = {"harness_core": machine.HARNESS_CORE, "system_core": machine.SYSTEM_CORE}
    return new_run("lamps", **load, rounds=ROUNDS, partitions=PARTITIONS, slow_events=SLOW_EVENTS, **cores)


@pytest.fixture(scope="package")
def broker(tmp_path_factory: pytest.TempPathFactory) -> Iterator[KafkaAccess]:
    """A broker on the harness's core, which this process shares."""
    with machine.pinned(machine.HARNESS_CORE):
        kafka = Kafka(Installation(tmp_path_factory.mktemp("broker") / "data"))
        kafka.start()
        yield kafka.access
        kafka.stop()


@pytest.fixture(scope="package")
def backlog(lines: Lines, broker: KafkaAccess, tmp_path_factory: pytest.TempPathFactory) -> Filled:
    """The whole input, filled before any clock starts."""
    filled = fill(broker, "du.evt.imd.lamps.v1", Load(EVENTS), tmp_path_factory.mktemp("truth"))
    lines.write("input", mean_bytes=filled.mean_bytes, sha256=filled.sha256)
    return filled
