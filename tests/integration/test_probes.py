"""Every process on the real broker: it becomes ready, counts what it does, and says so when Kafka goes away."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import httpx
import pytest
from prometheus_client.parser import text_string_to_metric_families

from cityhub.bus import topics
from cityhub.bus.publisher import RecordPublisher
from cityhub.hub.run.topics import wanted
from cityhub.sdk import codec
from tests.integration.bin_levels import level
from tests.integration.hub_processes import HubProcess, running, until
from tests.integration.servers import Kafka
from tests.ports import free_ports

NAMES = ("worker", "publisher", "archive", "gate", "bookkeeper", "adapters")
EVENTS, BAD = 30, 4


class Watched:
    """The processes and their probes' ports; one that ends is started again, as the supervisor does."""

    def __init__(self, processes: dict[str, HubProcess], ports: dict[str, int]) -> None:
        self._processes = processes
        self.ports = ports

    async def until(self, done: Callable[[], bool]) -> None:
        async def asked_again() -> bool:
            for process in self._processes.values():
                process.keep()
            return done()

        await until(asked_again, [])

    async def until_all_say(self, status: int) -> None:
        await self.until(lambda: all(asked(port, "/readyz")[0] == status for port in self.ports.values()))


@pytest.fixture
def hub(kafka: Kafka) -> Iterator[Watched]:
    topics.ensure(kafka.access, [*wanted(), topics.quarantine("wbd", "probes")])
    given = dict(zip(NAMES, free_ports(len(NAMES)), strict=True))
    processes = [HubProcess(kafka.installation, name, CITYHUB_PROBE_PORT=str(port)) for name, port in given.items()]
    with running(processes) as started:
        yield Watched(started, given)


def asked(port: int, path: str) -> tuple[int, Any]:
    """Status and answer; 0 while nobody listens."""
    try:
        answer = httpx.get(f"http://127.0.0.1:{port}{path}", trust_env=False, timeout=30)
    except httpx.TransportError:
        return 0, {}
    return answer.status_code, answer.json() if path != "/metrics" else answer.text


def figures(port: int, name: str) -> dict[str, float]:
    """A metric's values by its labels' values, in the order of their names, joined."""
    _, text = asked(port, "/metrics")
    return {
        "/".join(sample.labels.values()): sample.value
        for family in text_string_to_metric_families(text)
        for sample in family.samples
        if sample.name == name
    }


async def test_processes_become_ready_count_and_tell_of_kafkas_absence(kafka: Kafka, hub: Watched) -> None:
    worker, gate = hub.ports["worker"], hub.ports["gate"]
    await hub.until_all_say(200)
    assert {asked(port, "/startupz")[0] for port in hub.ports.values()} == {200}
    assert figures(worker, "cityhub_consumer_partitions")[""] > 0

    before = figures(gate, "cityhub_events_total")
    incoming = [(b"x", codec.encode(level("//wbd/probes", number)), []) for number in range(EVENTS)]
    incoming += [(b"x", b"no event", [])] * BAD
    async with RecordPublisher(kafka.access, client_id="test") as publisher:
        await publisher.send("du.in.wbd.probes", incoming)

    def passed() -> bool:
        now = figures(gate, "cityhub_events_total")
        keys = ("kafka/wbd/accepted/", "kafka/wbd/rejected/parse")
        return [now.get(key, 0) - before.get(key, 0) for key in keys] == [EVENTS, BAD]

    await hub.until(passed)
    await hub.until(lambda: figures(worker, "cityhub_engine_events_total").get("wbd/counted/", 0) >= EVENTS)
    await hub.until(lambda: figures(worker, "cityhub_consumer_lag_records").get("du.evt.wbd.bin.v1") == 0)
    await _without_kafka(kafka, hub)
    await hub.until_all_say(200)


async def _without_kafka(kafka: Kafka, hub: Watched) -> None:
    kafka.kill9()
    try:
        await hub.until_all_say(503)
        told = asked(hub.ports["gate"], "/readyz")[1]["checks"]["kafka"]
        assert "nothing answers at" in told["reason"]
        assert "CITYHUB_KAFKA_BOOTSTRAP" in told["remedy"]
        assert asked(hub.ports["gate"], "/livez")[0] == 200
    finally:
        kafka.restart()
