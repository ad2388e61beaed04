"""A pod as a kubelet looks after it: containers that come first, probes, restarts with growing pauses, an orderly end.

Probes are as rendered. They are asked every second, and a failure counts once it has lasted for as long as period and
threshold come to.
"""

from __future__ import annotations

import os
import signal
import subprocess
import threading
import time
from collections.abc import Mapping
from contextlib import suppress
from itertools import chain, repeat
from pathlib import Path
from typing import Any

import httpx

from tests.integration.cluster.places import Places
from tests.integration.cluster.rendering import Template

_LOOK_S = 1.0
_PAUSES_S = (0.0, 10.0, 20.0, 40.0, 80.0, 160.0, 300.0)
_STEADY_S = 600.0
"""A container that has run for so long begins with the shortest pause again."""


class Life:
    """A container: its process, again and again.

    Attributes:
        ready: what its readiness probe says.
        story: each start and end, and why.
    """

    def __init__(
        self, pod: str, spec: Mapping[str, Any], container: Mapping[str, Any], places: Places, logs: Path
    ) -> None:
        self.name = f"{pod}.{container['name']}"
        self.command = places.command(pod, spec, container)
        numbers = {one["name"]: one["containerPort"] for one in container.get("ports", ())}
        self.ports = {shown: places.port(pod, number) for shown, number in numbers.items()}
        self.log = logs / f"{self.name}.log"
        self.story: list[str] = []
        self.ready = False
        self._probes = {kind: container.get(f"{kind}Probe") for kind in ("startup", "liveness", "readiness")}
        self._grace_s = spec.get("terminationGracePeriodSeconds", 30)
        self._deaths = 0
        self._process: subprocess.Popen[bytes] | None = None

    def look(self) -> None:
        """Once a second: whether it lives, and what its probes say."""
        now = time.monotonic()
        if self._process is None:
            self.start()
        elif self._process.poll() is not None:
            self._ended(now, self._process.returncode)
        elif not self._started:
            self._started = self._holds("startup", now)
            if not self._started and self._lasts("startup", now):
                self._restart("its startup probe")
        elif not self._holds("liveness", now) and self._lasts("liveness", now):
            self._restart("its liveness probe")
        else:
            good = self._holds("readiness", now)
            self.ready = good or (self.ready and not self._lasts("readiness", now))

    def run(self) -> int:
        """To its end, as one that comes first: its exit code."""
        self.start()
        assert self._process is not None
        return self._process.wait()

    def kill(self) -> None:
        """Everything in it dies at once."""
        if self._process is not None:
            with suppress(ProcessLookupError):
                os.killpg(self._process.pid, signal.SIGKILL)
            self._process.wait()
        self.ready = False

    def end(self) -> bool:
        """SIGTERM, and SIGKILL after the pod's grace; whether the first was enough."""
        if self._process is None:
            return True
        self._process.terminate()
        try:
            self._process.wait(self._grace_s)
        except subprocess.TimeoutExpired:
            return False
        finally:
            self.kill()
        return True

    def tail(self) -> str:
        """The end of its log, after its story."""
        said = self.log.read_text(errors="replace")[-3000:] if self.log.exists() else ""
        return f"== {self.name}: {'; '.join(self.story)}\n{said}"

    def start(self) -> None:
        """A new process."""
        with self.log.open("ab") as log:
            self._process = subprocess.Popen(
                self.command.argv,
                env=dict(self.command.environment),
                cwd=self.command.folder,
                stdout=log,
                stderr=log,
                start_new_session=True,
            )
        now = time.monotonic()
        self._begun, self._started, self.ready = now, False, False
        self._good = dict.fromkeys(self._probes, now)
        self._again_at: float | None = None

    def _ended(self, now: float, code: int) -> None:
        self.ready = False
        if self._again_at is None:
            steady = now - self._begun > _STEADY_S
            self._deaths = 0 if steady else self._deaths
            self._again_at = now + _PAUSES_S[min(self._deaths, len(_PAUSES_S) - 1)]
            self._deaths += 1
            self.story.append(f"ended with {code} after {now - self._begun:.0f} s")
        if now >= self._again_at:
            self.start()

    def _restart(self, why: str) -> None:
        self.story.append(f"ended by the kubelet: {why}")
        self.end()

    def _holds(self, kind: str, now: float) -> bool:
        probe = self._probes[kind]
        if probe is None or self._answers(probe):
            self._good[kind] = now
            return True
        return False

    def _answers(self, probe: Mapping[str, Any]) -> bool:
        asked = probe["httpGet"]
        try:
            url = f"http://127.0.0.1:{self.ports[asked['port']]}{asked['path']}"
            return httpx.get(url, timeout=probe["timeoutSeconds"], trust_env=False).status_code < 400
        except httpx.TransportError:
            return False

    def _lasts(self, kind: str, now: float) -> bool:
        probe = self._probes[kind]
        return bool(probe) and now - self._good[kind] > probe["periodSeconds"] * probe["failureThreshold"]


class Pod(threading.Thread):
    """One replica."""

    def __init__(self, name: str, template: Template, places: Places, logs: Path) -> None:
        super().__init__(name=name, daemon=True)
        self.labels = template.labels
        spec = template.spec

        def lives(kind: str) -> list[Life]:
            return [Life(name, spec, one, places, logs) for one in spec.get(kind, ())]

        self._first, self.containers = lives("initContainers"), lives("containers")
        self._ending = threading.Event()

    @property
    def ready(self) -> bool:
        """Whether Services lead to it."""
        return all(one.ready for one in self.containers)

    def run(self) -> None:
        """Until `end`."""
        for one in self._first:
            pauses = chain(_PAUSES_S[1:], repeat(_PAUSES_S[-1]))
            while one.run() and not self._ending.wait(next(pauses)):
                pass
        while not self._ending.wait(_LOOK_S):
            for one in self.containers:
                one.look()

    def once(self) -> int:
        """A pod that is to come to its end: its exit code."""
        (one,) = self.containers
        return one.run()

    def end(self) -> list[str]:
        """Names of the containers that SIGTERM did not end within the pod's grace."""
        self._ending.set()
        for one in self._first:
            one.kill()
        if self.is_alive():
            self.join()
        return [one.name for one in self.containers if not one.end()]

    def port(self, name: str) -> int | None:
        """Of the container that has one of that name."""
        return next((one.ports[name] for one in self.containers if name in one.ports), None)

    def tail(self) -> str:
        """What its containers said last."""
        return "\n".join(one.tail() for one in (*self._first, *self.containers))
