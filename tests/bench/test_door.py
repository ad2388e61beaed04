"""Events per second through the HTTP door of the real web process, in front of a real broker. Run by `make bench`.

Beside it in each round: what aiokafka alone writes of such events. Web process (or raw producer) have one core, broker,
Keycloak and client the other. `BENCH_ROUNDS` (default 5, the first warms up); asserts answers, never a time.
"""

from __future__ import annotations

import asyncio
import json
import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from cityhub.bus import topics
from cityhub.hub.run.topics import wanted
from tests.bench import machine
from tests.bench.door_load import Client, bodies
from tests.bench.lines import Lines, new_run
from tests.integration.hub_processes import HubProcess, web_is_ready
from tests.integration.servers import Installation, Kafka, Keycloak

ROUNDS = int(os.environ.get("BENCH_ROUNDS", "5"))
REQUESTS = {1: 4_000, 100: 300, 1_000: 40}
"""By events in each."""
CONNECTIONS = {1: 64, 100: 8, 1_000: 4}
RAW = 40_000


class Web(HubProcess):
    """The web process without its limits per partner."""

    def start(self) -> None:
        argv = [sys.executable, "-m", "tests.bench.door_child", "web"]
        self._child = subprocess.Popen(argv, env=self._environment)

    @property
    def pid(self) -> int:
        assert self._child is not None
        return self._child.pid


class Bench:
    """Servers and the web process; each measurement is a line."""

    def __init__(self, keycloak: Keycloak, web: Web, lines: Lines) -> None:
        self.keycloak, self.web, self.lines = keycloak, web, lines
        self.address = keycloak.installation.settings.public_url
        self._sent = 0

    async def door(self, number: int, batch: int) -> None:
        """At saturation, then at half of that."""
        requests = REQUESTS[batch]
        client = Client(self.address, self.keycloak.machine_token("ingest-wbd"), batch)
        await client.connect(CONNECTIONS[batch])
        spent = machine.cpu_seconds(self.web.pid)
        full = await client.saturate(self._bodies(requests, batch))
        cpu_s = machine.cpu_seconds(self.web.pid) - spent
        half = await client.pace(self._bodies(requests // 2, batch), 2 * full.wall_s / requests)
        client.close()
        figures = {
            "events_per_s": round(batch * requests / full.wall_s),
            "requests_per_s": round(requests / full.wall_s, 1),
            "events_per_cpu_s": round(batch * requests / cpu_s),
            "full_p99_ms": full.p99_ms,
            "p50_ms": half.p50_ms,
            "p99_ms": half.p99_ms,
            "max_ms": half.max_ms,
        }
        self.lines.write("door", round=number, batch=batch, requests=requests, cpu_s=round(cpu_s, 3), **figures)

    def raw(self, number: int) -> None:
        argv = [sys.executable, "-m", "tests.bench.door_child", "raw", str(RAW)]
        environment = self.keycloak.installation.settings.to_environment(os.environ)
        with machine.pinned(machine.SYSTEM_CORE):
            done = subprocess.run(argv, env=environment, stdout=subprocess.PIPE, text=True, check=True)
        figures = json.loads(done.stdout.splitlines()[-1])
        rates = {"events_per_s": round(RAW / figures["wall_s"]), "events_per_cpu_s": round(RAW / figures["cpu_s"])}
        self.lines.write("door-raw", round=number, events=RAW, cpu_s=round(figures["cpu_s"], 3), **rates)

    def _bodies(self, requests: int, batch: int) -> list[bytes]:
        self._sent += requests * batch
        return bodies(self._sent, requests, batch)


@pytest.fixture
def bench(tmp_path: Path) -> Iterator[Bench]:
    installation = Installation(tmp_path)
    lines = new_run("door", rounds=ROUNDS, harness_core=machine.HARNESS_CORE, system_core=machine.SYSTEM_CORE)
    kafka, keycloak, web = Kafka(installation), Keycloak(installation), Web(installation, "web")
    try:
        with machine.pinned(machine.HARNESS_CORE):
            kafka.start()
            keycloak.start()
        topics.ensure(kafka.access, wanted())
        with machine.pinned(machine.SYSTEM_CORE):
            web.start()
        yield Bench(keycloak, web, lines)
    finally:
        web.kill()
        keycloak.stop()
        kafka.stop()


def test_door(bench: Bench) -> None:
    with machine.pinned(machine.HARNESS_CORE):
        asyncio.run(web_is_ready(bench.address, bench.web))
        for number in range(ROUNDS):
            bench.raw(number)
            for batch in REQUESTS:
                asyncio.run(bench.door(number, batch))
