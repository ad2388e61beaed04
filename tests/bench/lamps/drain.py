"""One system drains one topic: started on its own core, measured between its two marks, judged by the oracle."""

from __future__ import annotations

import json
import os
import subprocess
import time
from pathlib import Path
from tempfile import TemporaryDirectory
from threading import Timer
from typing import Any
from uuid import uuid4

from msgspec import Struct

from cityhub.bus.access import KafkaAccess
from tests.bench import machine
from tests.bench.environments import HUB, python_of
from tests.bench.lamps.topic import Filled

SCRIPTS = Path(__file__).parent / "systems"
LIMIT_S = 1_800.0
_ORACLE = Path(__file__).parent / "oracle.py"


class System(Struct, frozen=True):
    """A system under test.

    Attributes:
        script: file in `systems/`, without `.py`.
        dedup: re-sent records count once; else the oracle counts them again.
        missing: what it does not do, beside what the hub does; empty = nothing. Such a figure is flattered.
        slow: reads a tenth of the input, so that a round ends; figures per event stay comparable.
        few_keys: its time grows with the square of its open keys: it gets a tenth of them where these are measured.
        by: what its rows stand for beside the minute, `lamp` or `borough`.
    """

    name: str
    script: str
    environment: str = HUB
    dedup: bool = False
    missing: str = ""
    slow: bool = False
    few_keys: bool = False
    by: str = "lamp"


class Failed(Exception):  # noqa: N818 - a line of the result
    """A system did not finish; the text says how it ended."""


def drain(system: System, filled: Filled, access: KafkaAccess, folder: Path) -> dict[str, Any]:
    """Let a system read everything, in a scratch folder that is gone afterwards.

    Returns:
        Figures of the drain (CPU and wall seconds between the marks, resident megabytes at both), and the oracle's
        judgement.

    Raises:
        NotInstallable, Failed
    """
    with TemporaryDirectory(prefix=f"{system.script}-", dir=folder) as scratch:
        task = task_of(system, filled.topic, filled.load.events, access, Path(scratch))
        figures = _measured(system, task)
        if figures["records"] != filled.load.events:
            raise Failed(f"{figures['records']} of {filled.load.events} records were read")
        return figures | judge(filled, Path(task["rows"]), system)


def task_of(system: System, topic: str, events: int, access: KafkaAccess, scratch: Path) -> dict[str, Any]:
    """What a script is told, see `systems/work.py`."""
    return {
        "bootstrap": access.bootstrap,
        "username": access.username,
        "password": access.password,
        "topic": topic,
        "events": events,
        "group": f"{system.script}-{uuid4().hex}",
        "rows": str(scratch / "rows.csv"),
        "scratch": str(scratch),
        "by": system.by,
    }


def start(system: System, task: dict[str, Any]) -> subprocess.Popen[str]:
    """Run a system's script on the system's core; its marks come on standard output, its words go to `stderr.log`."""
    argv = [str(python_of(system.environment)), str(SCRIPTS / f"{system.script}.py")]
    environment = {**os.environ, "BENCH_TASK": json.dumps(task)}
    with _log_of(task).open("a") as errors, machine.pinned(machine.SYSTEM_CORE):
        return subprocess.Popen(argv, env=environment, stdout=subprocess.PIPE, stderr=errors, text=True)


def judge(filled: Filled, rows: Path, system: System) -> dict[str, Any]:
    """The oracle's answer: `rows`, `mismatching`, `wanted`, `got`, `first`.

    Raises:
        NotInstallable: without the oracle no run counts.
    """
    argv = [python_of("bench"), _ORACLE, filled.truth, rows, "counted" if system.dedup else "delivered", system.by]
    done = subprocess.run(argv, capture_output=True, text=True, check=False)
    if done.returncode:
        raise Failed(f"the oracle could not judge: {done.stderr.strip()[-300:]}")
    answer: dict[str, Any] = json.loads(done.stdout)
    return answer


def _measured(system: System, task: dict[str, Any]) -> dict[str, Any]:
    with start(system, task) as process:
        limit = Timer(LIMIT_S, process.kill)
        limit.start()
        try:
            before = _at_mark(process, "#ready", task)
            after = _at_mark(process, "#done", task)
            if process.wait():
                raise Failed(_last_words(process, task))
        finally:
            limit.cancel()
            process.kill()
    return {
        "records": after["records"],
        "cpu_s": round(after["cpu_s"] - before["cpu_s"], 3),
        "wall_s": round(after["at"] - before["at"], 3),
        "rss_before_mb": round(before["rss_mb"], 1),
        "rss_mb": round(after["rss_mb"], 1),
    }


def _at_mark(process: subprocess.Popen[str], mark: str, task: dict[str, Any]) -> dict[str, Any]:
    """Read the clocks at the moment a system says `mark`."""
    assert process.stdout is not None
    for line in process.stdout:
        if line.startswith(mark):
            return {
                "cpu_s": machine.cpu_seconds(process.pid),
                "at": time.monotonic(),
                "rss_mb": machine.rss_mb(process.pid),
                "records": int(line.split()[1]) if mark == "#done" else 0,
            }
    process.wait()
    raise Failed(_last_words(process, task))


def _log_of(task: dict[str, Any]) -> Path:
    return Path(task["scratch"]) / "stderr.log"


def _last_words(process: subprocess.Popen[str], task: dict[str, Any]) -> str:
    words = [line for line in _log_of(task).read_text(errors="replace").splitlines() if line.strip()]
    return f"ended with {process.returncode}: {words[-1][:300] if words else 'without a word'}"
