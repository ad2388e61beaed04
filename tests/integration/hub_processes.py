"""The hub's own processes beside the servers of the integration tests, killed as a test likes."""

from __future__ import annotations

import asyncio
import os
import subprocess
import sys
import time
from collections.abc import Awaitable, Callable, Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path

import httpx
import psutil

from tests.integration.servers import Installation

LIMIT_S = float(os.environ.get("TEST_LIMIT_S", "300"))


class HubProcess:
    """`cityhub NAME`, again and again; what it says goes to the test's output, or to a file.

    Args:
        settings: others than the installation's, `CITYHUB_…`.
    """

    def __init__(self, installation: Installation, name: str, *, log: Path | None = None, **settings: str) -> None:
        self.name = name
        self._environment = installation.settings.to_environment(os.environ) | settings
        self._log = log
        self._child: subprocess.Popen[bytes] | None = None

    def start(self) -> None:
        argv = [sys.executable, "-m", "cityhub.hub", self.name]
        if self._log is None:
            self._child = subprocess.Popen(argv, env=self._environment)
            return
        with self._log.open("ab") as log:
            self._child = subprocess.Popen(argv, env=self._environment, stdout=log, stderr=subprocess.STDOUT)

    def kill(self) -> None:
        if self._child is not None:
            self._child.kill()
            self._child.wait(LIMIT_S)

    def lives(self) -> bool:
        return self._child is not None and self._child.poll() is None

    def keep(self) -> None:
        """Start it again if it has ended, as the supervisor does."""
        if not self.lives():
            self.start()

    def rss_mb(self) -> float:
        """Resident memory."""
        assert self._child is not None
        return float(psutil.Process(self._child.pid).memory_info().rss) / 1e6


@contextmanager
def running(processes: Iterable[HubProcess]) -> Iterator[dict[str, HubProcess]]:
    """Started, and killed at the end."""
    started = {process.name: process for process in processes}
    try:
        for process in started.values():
            process.start()
        yield started
    finally:
        for process in started.values():
            process.kill()


async def until(done: Callable[[], Awaitable[bool]], processes: Iterable[HubProcess], limit_s: float = LIMIT_S) -> None:
    """Ask again and again until it is so, while all of them live."""
    asked = list(processes)
    end = time.monotonic() + limit_s
    while not await done():
        assert all(process.lives() for process in asked), "a process ended by itself"
        assert time.monotonic() < end, "it does not settle"
        await asyncio.sleep(0.25)


async def web_is_ready(address: str, web: HubProcess) -> None:
    """Until the web process answers and has found Keycloak."""

    async def ready() -> bool:
        try:
            async with httpx.AsyncClient(trust_env=False) as client:
                return bool((await client.get(f"{address}/readyz")).json()["login"] == "ready")
        except httpx.TransportError:
            return False

    await until(ready, [web])
