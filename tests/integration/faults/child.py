"""A worker or publisher under test, as `tests.integration.engine_child`, with a clock that can be wrong.

It ends with the process that started it, whatever became of that one.
"""

from __future__ import annotations

import asyncio
import logging
import os
import sys
import threading
import time

from tests.integration import engine_child

CLOCK = "CHAOS_CLOCK_S"


def shift_clock() -> None:
    """Let wall time be wrong by as many seconds as the environment says."""
    shift_s = int(os.environ.get(CLOCK, "0"))
    right, right_ns = time.time, time.time_ns
    if shift_s:
        time.time = lambda: right() + shift_s
        time.time_ns = lambda: right_ns() + shift_s * 1_000_000_000


def end_with_parent() -> None:
    """Leave no process behind when the test is killed."""
    parent = os.getppid()

    def watch() -> None:
        while os.getppid() == parent:
            time.sleep(1)
        os._exit(1)

    threading.Thread(target=watch, daemon=True).start()


if __name__ == "__main__":
    logging.basicConfig(level=logging.INFO)
    shift_clock()
    end_with_parent()
    asyncio.run(engine_child.main(*sys.argv[1:]))
