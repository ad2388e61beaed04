"""The whole hub as a user starts it: `cityhub up` on free ports, driven through its command line."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import httpx
import psutil

from cityhub.bus.access import KafkaAccess
from cityhub.hub.access import realm
from cityhub.hub.commands import token
from cityhub.hub.embedded import kafka
from cityhub.hub.secrets import Secrets, load_or_create
from cityhub.hub.settings import Settings, parse
from cityhub.hub.supervisor import state
from tests.ports import free_ports

LIMIT_S = float(os.environ.get("TEST_LIMIT_S", "900"))
"""A first start on a very busy machine."""


class Hub:
    """One installation in a folder of its own.

    Args:
        data: data directory; kept over restarts.
        transit_url: the partner's feed.
        options: more settings, as `city_backfill_hours=2`.
    """

    def __init__(self, data: Path, **options: object) -> None:
        city, kafka = (
            ("city_port", "city_mqtt_port", "city_ais_port"),
            ("kafka_port", "kafka_controller_port", "kafka_partner_port"),
        )
        names = ("port", *city, *kafka, "keycloak_port", "rooms_port")
        ports = dict(zip(names, free_ports(len(names)), strict=True))
        shared = {name: os.environ[name] for name in ("CITYHUB_CACHE",) if name in os.environ}
        self.settings: Settings = parse(shared, {"data": str(data), "poll_s": 1.0, **ports, **options})
        self.environment = self.settings.to_environment(os.environ)
        self.log = data.parent / f"{data.name}.up.log"
        self.process: subprocess.Popen[bytes] | None = None

    @property
    def url(self) -> str:
        return self.settings.public_url

    @property
    def secrets(self) -> Secrets:
        return load_or_create(self.settings.data)

    @property
    def kafka(self) -> KafkaAccess:
        return kafka.access(self.settings, self.secrets)

    def start(self) -> None:
        """`cityhub up` in front, as a terminal would run it; returns at once."""
        with self.log.open("ab") as log:
            self.process = subprocess.Popen(
                [sys.executable, "-m", "cityhub.hub", "up"], env=self.environment, stdout=log, stderr=log
            )

    def run(self, *arguments: str) -> subprocess.CompletedProcess[str]:
        """One command line call."""
        argv = [sys.executable, "-m", "cityhub.hub", *arguments]
        return subprocess.run(argv, env=self.environment, capture_output=True, text=True, timeout=LIMIT_S, check=False)

    def status(self) -> dict[str, Any]:
        found: dict[str, Any] = json.loads(self.run("status", "--json").stdout)
        return found

    def pid(self, name: str) -> int:
        """Of one process of the hub."""
        (found,) = (one["pid"] for one in self.status()["processes"] if one["name"] == name)
        return int(found)

    def wait(self, what: Callable[[], object], why: str) -> None:
        """Until a condition holds, while the supervisor lives."""
        end = time.monotonic() + LIMIT_S
        while not what():
            assert self.process is None or self.process.poll() is None, f"{why}; up ended:\n{self.tail()}"
            assert time.monotonic() < end, f"{why}\n{self.tail()}"
            time.sleep(0.5)

    def wait_until_ready(self) -> None:
        """First by the supervisor's notes: a command each time would take the time that the start needs."""
        why = "the hub does not get ready"
        self.wait(self._is_noted_ready, why)
        self.wait(lambda: self.run("status").returncode == 0, why)

    def _is_noted_ready(self) -> bool:
        noted = state.read(self.settings.data)
        return noted is not None and all(process.good for process in noted.processes if process.essential)

    def graphql(self, query: str, *, client: str = "startup-demo") -> dict[str, Any]:
        """A query with a startup's token."""
        bearer = token.of_client(realm(self.settings), self.settings, self.secrets, client)
        answer = httpx.post(
            f"{self.url}/graphql", json={"query": query}, headers={"Authorization": f"Bearer {bearer}"}, timeout=60
        )
        body: dict[str, Any] = answer.json()
        assert "errors" not in body, body
        data: dict[str, Any] = body["data"]
        return data

    def stop(self) -> None:
        """Ctrl-C."""
        if self.process is not None and self.process.poll() is None:
            self.process.send_signal(signal.SIGINT)
            self.process.wait(LIMIT_S)

    def left_over(self) -> list[int]:
        """Processes that still mention the data directory."""
        mark = str(self.settings.data)
        found = []
        for one in psutil.process_iter(["cmdline", "environ"]):
            words = [*(one.info["cmdline"] or ()), (one.info["environ"] or {}).get("CITYHUB_DATA", "")]
            if one.pid != os.getpid() and any(mark in word for word in words):
                found.append(one.pid)
        return found

    def tail(self) -> str:
        return self.log.read_text(errors="replace")[-3_000:]
