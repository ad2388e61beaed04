"""Telling the person who waits what happens: whole lines only, so that a terminal and a file read equally well."""

from __future__ import annotations

import os
import sys
import time
from pathlib import Path

from cityhub.hub.errors import StorageUnusable
from cityhub.hub.supervisor.state import HubState, Phase

_QUIET_S = 15.0
_WORDS = {
    Phase.STARTING: "starting",
    Phase.READY: "ready",
    Phase.DONE: "done",
    Phase.UNREADY: "not ready any more",
    Phase.STOPPED: "stopped",
}


class Narrator:
    """Writes lines to standard output and to a log; a reader that went away does not disturb.

    Args:
        log: file that is begun anew.
    """

    def __init__(self, log: Path) -> None:
        try:
            self._log = log.open("a", encoding="utf-8")  # in the background, standard error goes there too
            self._log.truncate(0)
        except OSError as error:
            raise StorageUnusable(f"{log} cannot be written: {error.strerror}") from error
        self._began = time.monotonic()
        self._last = self._began
        self._phases: dict[str, Phase] = {}

    def say(self, line: str) -> None:
        """One line, with the seconds since the beginning."""
        self._last = time.monotonic()
        text = f"[{self._last - self._began:5.0f} s] {line}"
        show(text)
        try:
            print(text, file=self._log, flush=True)
        except OSError as error:
            show(f"{self._log.name} is not written: {error.strerror}")

    def changed(self, state: HubState) -> None:
        """Tell what is new since the last call."""
        for process in state.processes:
            before = self._phases.get(process.name, Phase.WAITING)
            if process.phase is before or (before is Phase.WAITING and process.phase is Phase.STOPPED):
                continue
            self._phases[process.name] = process.phase
            if word := _WORDS.get(process.phase):
                self.say(f"{process.name:<10} {word}{': ' if process.reason else ''}{process.reason}")
            elif process.phase is Phase.RESTARTING:
                self.say(f"{process.name:<10} {process.reason}")

    def remind(self, state: HubState) -> None:
        """After a silence, say what is still waited for; to be called every second."""
        waiting = [f"{process.name} ({process.reason})" for process in state.processes if not process.good]
        if waiting and time.monotonic() - self._last >= _QUIET_S:
            self.say(f"still waiting for {'; '.join(waiting)}")


def show(text: str) -> None:
    """Print to standard output; when nobody reads it any more (closed pipe or terminal), to nowhere from then on."""
    try:
        print(text, flush=True)  # noqa: T201 - what commands answer
    except OSError:
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
