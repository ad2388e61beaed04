"""lamp-kpi-1m, live: latency at 50 % and 80 % of saturation and after idling; recovery from `kill -9`.

Run by `make bench`. Asserts that nothing is lost and every row is right, never a time.
"""

from __future__ import annotations

import csv
import statistics
import time
from collections.abc import Iterator
from pathlib import Path
from uuid import uuid4

import pytest

from cityhub.bus.access import KafkaAccess
from cityhub.bus.topics import ensure, events
from tests.bench import lines as raw
from tests.bench.lamps import hub
from tests.bench.lamps.conftest import EVENTS
from tests.bench.lamps.contenders import HUB, SYSTEMS
from tests.bench.lamps.drain import judge, start, task_of
from tests.bench.lamps.live import LiveHub, until
from tests.bench.lamps.topic import Filled
from tests.bench.lines import Lines

SYSTEM = next(system for system in SYSTEMS if system.name == HUB)
WHOLE = EVENTS >= 1_000_000
LOAD_S = 20.0 if WHOLE else 8.0
IDLE_S = 60.0
IDLES = 3 if WHOLE else 1


@pytest.fixture(scope="module")
def saturation(lines: Lines) -> float:
    """Events per second that the hub drained in this run, by the wall clock."""
    found = [
        line["records"] / line["wall_s"]
        for line in raw.read(lines.path)
        if line["bench"] == "drain" and line["system"] == HUB and "wall_s" in line
    ]
    if not found:
        pytest.skip("no drain of the hub in this run to take the load from: run tests/bench/lamps as a whole")
    return statistics.median(found)


@pytest.fixture
def live(broker: KafkaAccess, tmp_path: Path) -> Iterator[LiveHub]:
    """A worker that has counted its first events."""
    topic = events("imd", f"lamps-live-{uuid4().hex[:8]}")
    ensure(broker, [topic])
    found = LiveHub(SYSTEM, broker, topic.name, tmp_path)
    with found.working():
        found.burst(100, 1)
        yield found


@pytest.mark.parametrize("share", [0.5, 0.8])
def test_latency_under_load(lines: Lines, saturation: float, live: LiveHub, share: float) -> None:
    rate = saturation * share
    live.burst(rate, 2)
    figures = lines.write("latency", load=share, rate=round(rate), seconds=LOAD_S, **live.burst(rate, LOAD_S))
    assert figures["unseen"] == 0


def test_latency_after_idling(lines: Lines, live: LiveHub) -> None:
    for _ in range(IDLES):
        time.sleep(IDLE_S)  # what is measured, not a synchronisation
        figures = lines.write("latency", load=0.0, idle_s=IDLE_S, **live.burst(1, 1))
        assert figures["unseen"] == 0


def test_recovery(lines: Lines, broker: KafkaAccess, backlog: Filled, tmp_path: Path) -> None:
    """Killed after a third of the backlog and started again at once: every row is still right."""
    task = task_of(SYSTEM, backlog.topic, backlog.load.events, broker, tmp_path)
    store = tmp_path / "store.db"
    with start(SYSTEM, task) as process:
        until(lambda: hub.records(store) > EVENTS // 3, "a third of the backlog is counted", process)
        process.kill()
        killed = time.monotonic()
    left = EVENTS - hub.records(store)
    with start(SYSTEM, task) as process:
        back = until(lambda: hub.records(store) > EVENTS - left, "the second worker goes on", process) - killed
        drained = until(lambda: hub.records(store) == EVENTS, "the lag is 0", process) - killed
        process.kill()
    with Path(task["rows"]).open("w", newline="") as file:
        csv.writer(file).writerows([("place", "minute", "n", "power_dw", "faults"), *hub.rows(store, SYSTEM.by)])
    verdict = judge(backlog, Path(task["rows"]), SYSTEM)
    lines.write("recovery", left=left, back_s=round(back, 1), lag_0_s=round(drained, 1), **verdict)
    assert left > 0, "it had read everything before it was killed: raise BENCH_EVENTS"
    assert verdict["mismatching"] == 0
