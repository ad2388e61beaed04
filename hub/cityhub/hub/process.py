"""What the supervisor runs: one entry per process of the hub."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import TypeAlias

from msgspec import Struct

Probe: TypeAlias = Callable[[], "str | None"]
"""Answers None when the process is ready, else one sentence why not. Quick (< 2 s) and without side effects."""


class ProcessSpec(Struct, frozen=True, kw_only=True):
    """How to start, judge and stop one process.

    Attributes:
        name: unique; also the name of its log file.
        argv: command line; the first item is an absolute path.
        env: added to the supervisor's environment.
        probe: readiness, asked once a second until ready and every few seconds later.
        after: names of processes that must be ready (or, one-shots, finished) first.
        one_shot: ends by itself with exit code 0 and is not restarted.
        stop_s: seconds it gets after SIGTERM before SIGKILL.
        essential: `status` is ready only when it is.
    """

    name: str
    argv: tuple[str, ...]
    probe: Probe
    env: Mapping[str, str] = {}
    after: tuple[str, ...] = ()
    one_shot: bool = False
    stop_s: float = 10.0
    essential: bool = True
