"""The machine a figure belongs to, and which core works for whom."""

from __future__ import annotations

import os
import platform
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from importlib.metadata import version
from pathlib import Path

import psutil

ROOT = Path(__file__).parents[2]
_CORES = sorted(os.sched_getaffinity(0))
HARNESS_CORE, SYSTEM_CORE = _CORES[0], _CORES[-1]
"""Broker and generator; the system under test. Equal on a machine with one core: the report says so."""


@contextmanager
def pinned(core: int) -> Iterator[None]:
    """This thread, and every process that it starts meanwhile, on one core."""
    before = os.sched_getaffinity(0)
    os.sched_setaffinity(0, {core})
    try:
        yield
    finally:
        os.sched_setaffinity(0, before)


def facts() -> dict[str, object]:
    """What a reader needs to judge a figure."""
    return {
        "cpu": _cpu(),
        "cores": len(_CORES),
        "memory_gb": round(psutil.virtual_memory().total / 1e9),
        "system": f"{platform.system()} {platform.release()}",
        "python": platform.python_version(),
        "commit": _git("rev-parse", "--short=12", "HEAD") + ("+changes" if _git("status", "--porcelain") else ""),
        "load_before": round(os.getloadavg()[0], 2),
        "libraries": {name: version(name) for name in ("aiokafka", "faust-streaming", "kafka-python", "msgspec")},
    }


def cpu_seconds(pid: int) -> float:
    """User and system time of a process, its threads and its children, dead ones included."""
    process = psutil.Process(pid)
    total = 0.0
    for one in (process, *process.children(recursive=True)):
        times = one.cpu_times()
        total += times.user + times.system + times.children_user + times.children_system
    return total


def rss_mb(pid: int) -> float:
    """Resident memory of a process and its children."""
    process = psutil.Process(pid)
    return sum(one.memory_info().rss for one in (process, *process.children(recursive=True))) / 1e6


def _cpu() -> str:
    lines = Path("/proc/cpuinfo").read_text("utf-8").splitlines()
    return next((line.partition(":")[2].strip() for line in lines if line.startswith("model name")), "unknown")


def _git(*words: str) -> str:
    done = subprocess.run(["git", *words], cwd=ROOT, capture_output=True, text=True, check=False)
    return done.stdout.strip() if done.returncode == 0 else "unknown"
