"""What the supervisor tells others about its processes: `run/state.json`, replaced whole with every change."""

from __future__ import annotations

from datetime import datetime
from enum import StrEnum
from pathlib import Path

import msgspec
from msgspec import Struct

from cityhub.hub.secrets import write_private


class Phase(StrEnum):
    """Where a process is in its life."""

    WAITING = "waiting"
    """for another process."""
    STARTING = "starting"
    """runs, its probe never said yes."""
    READY = "ready"
    UNREADY = "unready"
    """runs and was ready, its probe now says no."""
    RESTARTING = "restarting"
    """ended by itself and will be started again."""
    DONE = "done"
    """a one-shot that succeeded."""
    STOPPING = "stopping"
    STOPPED = "stopped"


class ProcessState(Struct, kw_only=True):
    """One process.

    Attributes:
        reason: one sentence why it is not ready; empty when it is.
        restarts: how often it ended by itself.
        since: when this phase began (UTC).
    """

    name: str
    essential: bool
    one_shot: bool
    phase: Phase
    reason: str
    pid: int | None
    restarts: int
    since: datetime

    @property
    def good(self) -> bool:
        """Whether it is as it should be."""
        return self.phase in {Phase.READY, Phase.DONE}


class HubState(Struct, kw_only=True):
    """The supervisor and all its processes.

    Attributes:
        settings: the settings it was started with, as environment, without passwords.
    """

    pid: int
    started: datetime
    settings: dict[str, str]
    processes: list[ProcessState]

    @property
    def ready(self) -> bool:
        """Whether every essential process is ready."""
        return all(process.good for process in self.processes if process.essential)


def path_in(data: Path) -> Path:
    """Where the state of an installation is kept."""
    return data / "run" / "state.json"


def write(data: Path, state: HubState) -> None:
    """Raises: StorageUnusable."""
    write_private(path_in(data), msgspec.json.format(msgspec.json.encode(state)).decode())


def read(data: Path) -> HubState | None:
    """The last state written, of a supervisor that may be long gone; None when there is none that can be read."""
    try:
        return msgspec.json.decode(path_in(data).read_bytes(), type=HubState)
    except (OSError, msgspec.MsgspecError):
        return None
