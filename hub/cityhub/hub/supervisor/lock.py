"""One supervisor per data directory: a lock of the operating system, which a killed process cannot leave behind."""

from __future__ import annotations

import fcntl
import os
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from cityhub.hub.errors import StorageUnusable

_TRIES = 10
_PAUSE_S = 0.05
"""A look by `holder` keeps the lock for an instant, and a new holder needs one to write its id: look again."""


class AlreadyRunning(Exception):  # noqa: N818 - a state of the world
    """Another supervisor works on this data directory; `pid` is its process id."""

    def __init__(self, pid: int) -> None:
        super().__init__(f"a supervisor with process id {pid} is running")
        self.pid = pid


@contextmanager
def hold(data: Path) -> Iterator[None]:
    """Be the only supervisor of the data directory; `<data>/run` exists.

    Raises:
        AlreadyRunning: there is one.
        StorageUnusable: the lock's file cannot be written.
    """
    path = _path(data)
    try:
        file = path.open("a+", encoding="ascii")
    except OSError as error:
        raise StorageUnusable(f"{path} cannot be opened: {error.strerror}") from error
    with file:
        if not _locked(file.fileno(), fcntl.LOCK_EX, tries=_TRIES):
            raise AlreadyRunning(_pid(path))
        file.truncate(0)
        file.write(str(os.getpid()))
        file.flush()
        yield
        file.truncate(0)


def holder(data: Path) -> int | None:
    """Process id of the running supervisor, None when there is none."""
    path = _path(data)
    try:
        with path.open("rb") as file:
            return None if _locked(file.fileno(), fcntl.LOCK_SH, tries=1) else _pid(path)
    except FileNotFoundError:
        return None


def _path(data: Path) -> Path:
    return data / "run" / "supervisor.lock"


def _locked(descriptor: int, kind: int, *, tries: int) -> bool:
    for left in reversed(range(tries)):
        try:
            fcntl.flock(descriptor, kind | fcntl.LOCK_NB)
        except BlockingIOError:
            time.sleep(_PAUSE_S if left else 0)
        else:
            return True
    return False


def _pid(path: Path) -> int:
    for _ in range(_TRIES):
        if text := path.read_text("ascii"):
            return int(text)
        time.sleep(_PAUSE_S)
    raise StorageUnusable(
        f"{path} is locked but names no process: end the process that has it open, see `fuser {path}`"
    )
