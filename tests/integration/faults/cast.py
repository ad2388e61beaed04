"""The processes under test, kept alive as a supervisor would: whoever ends is started again."""

from __future__ import annotations

import asyncio
import os
import signal
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Self

from tests.integration.faults.child import CLOCK
from tests.integration.faults.journal import Journal

GRACE_S = 30.0
"""How long a process may take to end in order."""
_POLL_S = 0.1
_PAUSE_S = 0.3


class Member:
    """One process of a role; it may live many lives."""

    def __init__(self, role: str, argv: Sequence[str], environment: dict[str, str], log: Path) -> None:
        self.role = role
        self._argv = (*argv,)
        self._environment = environment
        self._log = log
        self.start()

    def start(self, clock_s: int = 0) -> None:
        """Start a new life, with a clock that is wrong by `clock_s`."""
        self.clock_s = clock_s
        with self._log.open("ab") as log:
            self.process = subprocess.Popen(
                self._argv, env={**self._environment, CLOCK: str(clock_s)}, stdout=log, stderr=log
            )

    def signal(self, number: signal.Signals) -> None:
        """Nothing happens where the process has just ended."""
        self.process.send_signal(number)

    def end(self) -> None:
        """End for good."""
        self.process.kill()
        self.process.wait()


class Cast:
    """Workers and publishers.

    Args:
        program: Python module that runs a role and its first arguments: `python -m *program role *arguments`.
    """

    def __init__(
        self, program: Sequence[str], arguments: Sequence[str], password: str, folder: Path, journal: Journal
    ) -> None:
        self._command = (sys.executable, "-m", *program)
        self._arguments = (*arguments,)
        self._environment = {**os.environ, "KAFKA_PASSWORD": password}
        self._log = folder / "children.log"
        self._journal = journal
        self.members: list[Member] = []

    async def __aenter__(self) -> Self:
        self._keeper = asyncio.create_task(self._keep())
        return self

    async def __aexit__(self, *_: object) -> None:
        self._keeper.cancel()
        for member in self.members:
            member.end()

    def of(self, role: str) -> list[Member]:
        return [member for member in self.members if member.role == role]

    def scale(self, role: str, count: int) -> None:
        """Start more, or end the last ones as an orderly scale-down does: with SIGTERM."""
        argv = (*self._command, role, *self._arguments)
        while len(self.of(role)) < count:
            self.members.append(Member(role, argv, self._environment, self._log))
        for member in self.of(role)[count:]:
            self.members.remove(member)
            self.terminate(member)

    def terminate(self, member: Member) -> None:
        """SIGTERM, and SIGKILL after the grace that supervisors give, which is noted."""
        process = member.process
        process.terminate()
        try:
            process.wait(GRACE_S)
        except subprocess.TimeoutExpired:
            self._journal.note("sigterm_ignored", role=member.role, pid=process.pid)
            process.kill()
            process.wait()

    def set_clocks_right(self) -> None:
        """Start the ones with a wrong clock anew."""
        for member in self.members:
            if member.clock_s:
                member.end()
                member.start()

    async def _keep(self) -> None:
        while True:
            for member in self.members:
                if (code := member.process.poll()) is not None:
                    self._journal.note("ended", role=member.role, pid=member.process.pid, code=code)
                    await asyncio.sleep(_PAUSE_S)
                    member.start()
            await asyncio.sleep(_POLL_S)
