"""Every process on the real broker: it becomes ready, counts what it does, and says so when Kafka goes away."""

from __future__ import annotations

from collections.abc import Iterator
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
from tests.integration.servers import Kafka, free_ports

NAMES = ("worker", "publisher", "archive", "gate", "bookkeeper", "adapters")
EVENTS, BAD = 30, 4


@pytest.fixture
def ports(kafka: Kafka) -> Iterator[dict[str, int]]:
    topics.ensure(kafka.access, [*wanted(), topics.quarantine("wbd", "probes")])
    given = dict(zip(NAMES, free_ports(len(NAMES)), strict=True))
    processes = [HubProcess(kafka.installation, name, CITYHUB_PROBE_PORT=str(port)) for name, port in given.items()]
    with running(processes):
        yield given


def asked(port: int, path: str) -> tuple[int, Any]:
    """Status and answer; 0 while nobody listens."""
    try:
        answer = httpx.get(f"http://127.0.0.1:{port}{path}", trust_env=False, timeout=30)
    except httpx.TransportError:
        return 0, {}
    return answer.status_code, answer.json() if path != "/metrics" else answer.text


def figures(port: int, name: str) -> dict[str, float]:
    """A metric's values by their labels' values, joined."""
    _, text = asked(port, "/metrics")
    return {
        "/".join(sample.labels.values()): sample.value
        for family in text_string_to_metric_families(text)
        for sample in family.samples
        if sample.name == name
    }


async def test_processes_become_ready_count_and_tell_of_kafkas_absence(kafka: Kafka, ports: dict[str, int]) -> None:
    await until(lambda: _all_say(ports, 200), [])
    assert {asked(port, "/startupz")[0] for port in ports.values()} == {200}
    assert figures(ports["worker"], "cityhub_consumer_partitions")[""] > 0

    before = figures(ports["gate"], "cityhub_events_total")
    incoming = [(b"x", codec.encode(level("//wbd/probes", number)), []) for number in range(EVENTS)]
    incoming += [(b"x", b"no event", [])] * BAD
    async with RecordPublisher(kafka.access, client_id="test") as publisher:
        await publisher.send("du.in.wbd.probes", incoming)

    async def counted() -> bool:
        return figures(ports["worker"], "cityhub_engine_events_total").get("wbd/counted/", 0) >= EVENTS

    await until(counted, [])
    gate = figures(ports["gate"], "cityhub_events_total")
    passed = [gate[key] - before.get(key, 0) for key in ("wbd/kafka/accepted/", "wbd/kafka/rejected/parse")]
    assert passed == [EVENTS, BAD]
    assert figures(ports["gate"], "cityhub_dead_letters_total")["wbd/kafka/parse"] == gate["wbd/kafka/rejected/parse"]

    async def caught_up() -> bool:
        return figures(ports["worker"], "cityhub_consumer_lag_records").get("du.evt.wbd.bin.v1") == 0

    await until(caught_up, [])
    kafka.kill9()
    try:
        await until(lambda: _all_say(ports, 503), [])
        assert {asked(port, "/livez")[0] for port in ports.values()} == {200}
        told = asked(ports["gate"], "/readyz")[1]["checks"]["kafka"]
        assert "nothing answers at" in told["reason"]
        assert "CITYHUB_KAFKA_BOOTSTRAP" in told["remedy"]
    finally:
        kafka.restart()
    await until(lambda: _all_say(ports, 200), [])


async def _all_say(ports: dict[str, int], status: int) -> bool:
    return all(asked(port, "/readyz")[0] == status for port in ports.values())
