"""The whole hub as the journeys see it, and the first of two: `cityhub up` on free ports, as a user starts it."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from abc import ABC, abstractmethod
from collections.abc import Callable, Mapping
from contextlib import suppress
from pathlib import Path
from typing import Any

import httpx
import psutil

from cityhub.bus.access import KafkaAccess
from cityhub.hub.access import kafka_access, realm
from cityhub.hub.commands import token
from cityhub.hub.secrets import Secrets, load_or_create
from cityhub.hub.settings import Settings, parse
from cityhub.hub.supervisor import state
from tests.ports import free_ports

LIMIT_S = float(os.environ.get("TEST_LIMIT_S", "900"))
"""A first start on a very busy machine."""


class Hub(ABC):
    """One installation that the journeys may use, however its processes were started.

    Attributes:
        settings: of the web process.
        rooms: data folder of the sandbox's rooms.
    """

    settings: Settings
    rooms: Path

    @property
    @abstractmethod
    def secrets(self) -> Secrets:
        """Its own."""

    @property
    def url(self) -> str:
        """What browsers use."""
        return self.settings.public_url

    @property
    def kafka(self) -> KafkaAccess:
        """As the hub's own processes."""
        return kafka_access(self.settings, self.secrets)

    @abstractmethod
    def environment_of(self, command: str) -> Mapping[str, str]:
        """In which a command of the program is run."""

    @abstractmethod
    def start(self) -> None:
        """Returns before it is ready."""

    @abstractmethod
    def stop(self) -> None:
        """In order; nothing is left."""

    @abstractmethod
    def wait_until_ready(self) -> None:
        """Until every process says so."""

    @abstractmethod
    def kill(self, process: str) -> None:
        """SIGKILL to one process of that name."""

    @abstractmethod
    def crash(self) -> None:
        """All of the hub's processes die at once, and are started again as they would be."""

    @abstractmethod
    def ended(self) -> str:
        """Why it cannot get ready any more; empty while it may."""

    @abstractmethod
    def tail(self) -> str:
        """What its processes said last."""

    @abstractmethod
    def partners_kafka(self, printed: str) -> str:
        """`host:port` of partners' listener.

        Args:
            printed: what the partner was told.
        """

    def run(self, *arguments: str) -> subprocess.CompletedProcess[str]:
        """One command line call."""
        return self._run(self.environment_of(arguments[0]), *arguments)

    def _run(self, environment: Mapping[str, str], *arguments: str, said: str = "") -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            [sys.executable, "-m", "cityhub.hub", *arguments],
            env=dict(environment),
            input=said,
            capture_output=True,
            text=True,
            timeout=LIMIT_S,
            check=False,
        )

    def wait(self, what: Callable[[], object], why: str) -> None:
        """Until a condition holds, while the hub can still do it."""
        end = time.monotonic() + LIMIT_S
        while not what():
            assert not (reason := self.ended()), f"{why}; {reason}\n{self.tail()}"
            assert time.monotonic() < end, f"{why}\n{self.tail()}"
            time.sleep(0.5)

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


class LocalHub(Hub):
    """`cityhub up`.

    Args:
        data: data directory; kept over restarts.
        options: settings, as `city_backfill_hours=2`.
    """

    def __init__(self, data: Path, **options: object) -> None:
        city, kafka = (
            ("city_port", "city_mqtt_port", "city_ais_port"),
            ("kafka_port", "kafka_controller_port", "kafka_partner_port"),
        )
        names = ("port", *city, *kafka, "keycloak_port", "rooms_port")
        ports = dict(zip(names, free_ports(len(names)), strict=True))
        shared = {name: os.environ[name] for name in ("CITYHUB_CACHE",) if name in os.environ}
        self.settings = parse(shared, {"data": str(data), "poll_s": 1.0, **ports, **options})
        self._environment = self.settings.to_environment(os.environ)
        self.rooms = data
        self.log = data.parent / f"{data.name}.up.log"
        self.process: subprocess.Popen[bytes] | None = None

    @property
    def secrets(self) -> Secrets:
        return load_or_create(self.settings.data)

    def environment_of(self, command: str) -> Mapping[str, str]:
        return self._environment

    def start(self) -> None:
        """`cityhub up` in front, as a terminal would run it."""
        with self.log.open("ab") as log:
            self.process = subprocess.Popen(
                [sys.executable, "-m", "cityhub.hub", "up"], env=self._environment, stdout=log, stderr=log
            )

    def status(self) -> dict[str, Any]:
        """What `cityhub status` says."""
        found: dict[str, Any] = json.loads(self.run("status", "--json").stdout)
        return found

    def wait_until_ready(self) -> None:
        """First by the supervisor's notes: a command each time would take the time that the start needs."""
        why = "the hub does not get ready"
        self.wait(self._is_noted_ready, why)
        self.wait(lambda: self.run("status").returncode == 0, why)

    def _is_noted_ready(self) -> bool:
        noted = state.read(self.settings.data)
        return noted is not None and all(process.good for process in noted.processes if process.essential)

    def kill(self, process: str) -> None:
        (pid,) = (one["pid"] for one in self.status()["processes"] if one["name"] == process)
        os.kill(pid, signal.SIGKILL)

    def crash(self) -> None:
        """The servers and the supervisor die, too; `up` starts them again."""
        assert self.process is not None
        for pid in [self.process.pid, *(one["pid"] for one in self.status()["processes"] if one["pid"])]:
            with suppress(ProcessLookupError):
                os.kill(pid, signal.SIGKILL)
        self.process.wait()
        self.start()

    def ended(self) -> str:
        return "up has ended" if self.process is not None and self.process.poll() is not None else ""

    def stop(self) -> None:
        """Ctrl-C."""
        if self.process is not None and self.process.poll() is None:
            self.process.send_signal(signal.SIGINT)
            self.process.wait(LIMIT_S)
        assert self._left_over() == []

    def _left_over(self) -> list[int]:
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

    def partners_kafka(self, printed: str) -> str:
        return printed
