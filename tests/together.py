"""The tests as `make test` runs them: those with servers, which mostly wait, beside all others.

    python -m tests.together [ARGUMENTS OF PYTEST]

Each share is a pytest of its own, and what it says is shown in one piece. Arguments go to all; where they name files
or folders, there is one pytest for these.
"""

from __future__ import annotations

import os
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Mapping, Sequence
from contextlib import ExitStack
from pathlib import Path
from tempfile import TemporaryFile
from types import FrameType
from typing import NoReturn, Self

import pytest

SHARES: Mapping[str, Sequence[str]] = {
    "units": ["tests/unit", "--ignore=tests/unit/kpi", "--ignore=tests/unit/sandbox"],
    "engine": ["tests/unit/kpi", "tests/unit/sandbox"],
    "servers": ["tests/integration"],
    "journeys": ["tests/e2e"],
}
_SUMMARY = b" short test summary info "
_NOTHING_COLLECTED = 5


class Share:
    """A running pytest in a process group of its own: Ctrl-C reaches it once, and not the servers that it ends.

    Args:
        name: of the share; what failed last is kept by it.
        arguments: of pytest.
    """

    def __init__(self, name: str, arguments: Sequence[str]) -> None:
        self.name = name
        self._said = TemporaryFile()  # noqa: SIM115 - closed at the end
        self._shown = 0
        colour = "yes" if sys.stdout.isatty() else "no"
        options = [f"--color={colour}", "-o", f"cache_dir=.pytest_cache/{name}"]
        size = {"COLUMNS": str(shutil.get_terminal_size().columns)}
        self._process = subprocess.Popen(
            [sys.executable, "-u", "-m", "pytest", *options, *arguments],
            stdin=subprocess.DEVNULL, stdout=self._said, stderr=subprocess.STDOUT, env=os.environ | size,
            process_group=0,
        )  # fmt: skip

    def interrupt(self) -> None:
        """As Ctrl-C: pytest ends its fixtures, and with them its servers."""
        if self._process.poll() is None:
            self._process.send_signal(signal.SIGINT)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        """Nothing of it is left."""
        self.interrupt()
        self._process.wait()
        self._said.close()

    def follow(self) -> int:
        """Show what it says, and was not shown yet, until it has ended. Returns: its exit code."""
        while True:
            code = self._process.poll()
            said = os.pread(self._said.fileno(), 1 << 20, self._shown)
            self._shown += len(said)
            _show(said)
            if not said:
                if code is not None:
                    return code
                time.sleep(0.2)

    def summary(self) -> bytes:
        """What failed or was skipped, and the counts."""
        text = os.pread(self._said.fileno(), os.fstat(self._said.fileno()).st_size, 0)
        lines = text.splitlines(keepends=True)
        first = next((number for number, line in enumerate(lines) if _SUMMARY in line), len(lines) - 1)
        return b"".join(lines[max(first, 0) :])


def run(shares: Mapping[str, Sequence[str]], arguments: Sequence[str]) -> int:
    """Run the shares side by side.

    Returns:
        The exit code of the first that is not content; 0 also where not all of them had something to do.
    """
    with ExitStack() as ends:
        running = [ends.enter_context(Share(name, [*arguments, *places])) for name, places in shares.items()]
        try:
            codes = [share.follow() for share in running]
        except KeyboardInterrupt:
            for share in running:
                share.interrupt()
            codes = [share.follow() for share in running]
        for share in running[:-1]:  # what the last one says was just shown
            _show(f"\nagain, of {share.name}:\n".encode() + share.summary())
    bad = (code for code in codes if code not in (0, _NOTHING_COLLECTED))
    return next(bad, min(codes))


def _show(said: bytes) -> None:
    sys.stdout.buffer.write(said)
    sys.stdout.buffer.flush()


def _ended(number: int, _: FrameType | None) -> NoReturn:
    """As Ctrl-C, so that nothing is left running."""
    raise KeyboardInterrupt(signal.strsignal(number))


def main() -> int:
    arguments = sys.argv[1:]
    if any(Path(one.partition("::")[0]).exists() for one in arguments):
        return pytest.main(arguments)
    for number in (signal.SIGTERM, signal.SIGHUP):
        signal.signal(number, _ended)
    return run(SHARES, arguments)


if __name__ == "__main__":
    sys.exit(main())
