"""Starting and watching a small hub (small_hub.py) from a test."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any, TypeVar

import psutil

from cityhub.hub.settings import PREFIX
from cityhub.hub.supervisor import leftovers, state
from cityhub.hub.supervisor.state import HubState, Phase, ProcessState
from tests.ports import free_ports

PROGRAM = Path(__file__).with_name("small_hub.py")
PATIENCE_S = 120.0
READY = (
    "import os, pathlib; folder = pathlib.Path(os.environ['CITYHUB_DATA']); {}(folder / 'run' / '{}.ready').touch(); "
)
STAY = "import time; time.sleep(3600)"
T = TypeVar("T")


def stays(name: str, before: str = "", **more: Any) -> dict[str, Any]:
    """A process that says it is ready and stays."""
    return {"name": name, "code": READY.format(before, name) + STAY, **more}


def eventually(what: Callable[[], T | None]) -> T:
    """The first answer that is neither None nor False; polls, with a generous limit."""
    until = time.monotonic() + PATIENCE_S
    while True:
        found = what()
        if found is not None and found is not False:
            return found
        assert time.monotonic() < until, "waited in vain"
        time.sleep(0.02)


class HubRun:
    """One data directory and the supervisors that were started on it; ends whatever is left of them."""

    def __init__(self, folder: Path) -> None:
        self.data = folder / "data"
        self._plan = folder / "plan.json"
        city, kafka = (
            ("CITY_PORT", "CITY_MQTT_PORT", "CITY_AIS_PORT"),
            ("KAFKA_PORT", "KAFKA_CONTROLLER_PORT", "KAFKA_PARTNER_PORT"),
        )
        names = ("PORT", *city, *kafka, "KEYCLOAK_PORT", "ROOMS_PORT")
        self.settings = {f"{PREFIX}{name}": str(port) for name, port in zip(names, free_ports(len(names)), strict=True)}
        self.settings[f"{PREFIX}DATA"] = str(self.data)
        self._started: list[subprocess.Popen[str]] = []

    def up(self, *processes: dict[str, Any], flags: tuple[str, ...] = (), **settings: str) -> subprocess.Popen[str]:
        """Start a supervisor; without processes, with those of the last call."""
        if processes:
            self._plan.write_text(json.dumps(processes))
        others = {name: value for name, value in os.environ.items() if not name.startswith(PREFIX)}
        run = subprocess.Popen(
            [sys.executable, str(PROGRAM), str(self._plan), *flags],
            env={**others, **self.settings, **settings},
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
        )
        self._started.append(run)
        return run

    def state(self) -> HubState | None:
        return state.read(self.data)

    def process(self, name: str) -> ProcessState | None:
        found = self.state()
        return next((one for one in found.processes if one.name == name), None) if found else None

    def wait_for(self, name: str, phase: Phase) -> ProcessState:
        """Wait until a process is in a phase."""
        return eventually(lambda: ((one := self.process(name)) and one.phase is phase and one) or None)

    def wait_ready(self, run: subprocess.Popen[str]) -> HubState:
        """Wait until everything that this supervisor runs is ready."""
        return eventually(lambda: ((one := self.state()) and one.pid == run.pid and one.ready and one) or None)

    def log(self, name: str = "supervisor") -> str:
        path = self.data / "logs" / f"{name}.log"
        return path.read_text() if path.exists() else ""

    def living(self) -> list[psutil.Process]:
        """The processes that a supervisor has left or still runs."""
        return leftovers.find(self.data)

    def clear(self) -> None:
        for run in self._started:
            if run.poll() is None:
                run.kill()
            run.wait()
            if run.stdout is not None:
                run.stdout.close()
        leftovers.end(self.data, grace_s=0.1)
