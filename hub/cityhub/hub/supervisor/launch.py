"""Become another program that dies with the process that started it.

Usage: python -I -S launch.py PARENT_PID PROGRAM ARGUMENT…

Run as a script, because a hook between fork and exec is not safe in a process with threads. On systems other than Linux
nothing tells a process that its parent died; there the next `up` or `down` ends what was left (leftovers.py).
"""

from __future__ import annotations

import ctypes
import os
import signal
import sys

_PR_SET_PDEATHSIG = 1


def main(parent: int, argv: list[str]) -> None:
    if sys.platform == "linux":
        ctypes.CDLL(None).prctl(_PR_SET_PDEATHSIG, signal.SIGKILL)
        if os.getppid() != parent:  # it died before the line above
            sys.exit(f"the supervisor {parent} is gone")
    try:
        os.execv(argv[0], argv)  # noqa: S606 - the very purpose
    except OSError as error:
        sys.exit(f"{argv[0]} cannot be run: {error.strerror}")


if __name__ == "__main__":
    main(int(sys.argv[1]), sys.argv[2:])
