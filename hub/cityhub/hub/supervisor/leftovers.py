"""Processes that outlived their supervisor: found by a mark in their environment, which their own children inherit."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path

import psutil

_MARK = "_CITYHUB_SUPERVISED"


def mark(data: Path) -> dict[str, str]:
    """Environment of every process that a supervisor of this data directory starts."""
    return {_MARK: str(data)}


def find(data: Path) -> list[psutil.Process]:
    """Living processes of this user that carry the mark of this data directory."""
    return [process for process in _own() if process.pid != os.getpid() and _marked(process, data)]


def end(data: Path, grace_s: float = 10.0) -> int:
    """End them all, politely first.

    Returns:
        How many there were.
    """
    found = find(data)
    for process in found:
        with suppress(psutil.NoSuchProcess):
            process.terminate()
    _, stubborn = psutil.wait_procs(found, timeout=grace_s)
    for process in stubborn:
        with suppress(psutil.NoSuchProcess):
            process.kill()
    psutil.wait_procs(stubborn, timeout=grace_s)
    return len(found)


def supervised(pid: int, data: Path) -> psutil.Process | None:
    """The living process of that id, unless the id now belongs to a process of someone else."""
    try:
        process = psutil.Process(pid)
    except psutil.NoSuchProcess:
        return None
    return process if _marked(process, data) else None


def _own() -> Iterator[psutil.Process]:
    user = os.getuid()
    for process in psutil.process_iter():
        try:
            if process.uids().real == user:
                yield process
        except psutil.Error:
            continue  # it ended, or the system does not let us look: not ours


def _marked(process: psutil.Process, data: Path) -> bool:
    try:
        return process.environ().get(_MARK) == str(data) and process.status() != psutil.STATUS_ZOMBIE
    except (psutil.Error, OSError):
        return False
