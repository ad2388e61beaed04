"""`cityhub down`: end the supervisor of a data directory and everything it started."""

from __future__ import annotations

import os
import signal
import time
from contextlib import suppress
from pathlib import Path

from cityhub.hub.commands.narrator import show
from cityhub.hub.supervisor import leftovers, lock

_STEPS = ((signal.SIGTERM, 120.0), (signal.SIGTERM, 20.0), (signal.SIGKILL, 5.0))
"""In order; then at once (the supervisor takes a second signal so); then by force."""
_POLL_S = 0.2


def down(data: Path) -> int:
    """End it; returns when nothing is left. Not an error when nothing runs."""
    pid = lock.holder(data)
    if pid is not None:
        show(f"stopping everything in order (process {pid})")
        for sent, limit_s in _STEPS:
            with suppress(ProcessLookupError):
                os.kill(pid, sent)
            if _gone(data, pid, limit_s):
                break
    left = leftovers.end(data)
    if left:
        show(f"ended {left} processes that an interrupted run had left")
    show("stopped" if pid or left else f"nothing is running on {data}")
    return 0


def _gone(data: Path, pid: int, limit_s: float) -> bool:
    until = time.monotonic() + limit_s
    while lock.holder(data) == pid:
        if time.monotonic() > until:
            return False
        time.sleep(_POLL_S)
    return True
