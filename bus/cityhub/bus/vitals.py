"""What a process notes of its own work, for its probes: written where the work is done, read from another thread."""

from __future__ import annotations

import time
from collections.abc import Callable

from msgspec import Struct

COUNTING, JOINED = "counting", "partitions"
"""Of a worker: the log is asked and what is new is counted; it is a member of the consumer group."""
PUBLISHING, KEEPING, ARCHIVING, PASSING = "publishing", "ledger", "archive", "gate"
"""Of publisher, bookkeeper, archive and gate: the last round went well."""
KEYS = "keys"
"""Of the web process: Keycloak has given its signing keys."""


class Note(Struct, frozen=True):
    """What was noted last. `at_s`: monotonic seconds; `reason`: why it does not go well, "" = it does."""

    at_s: float
    reason: str


class Vitals:
    """Notes by name. Each is one assignment, so no lock is needed.

    Args:
        clock: monotonic seconds.
    """

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        self._clock = clock
        self._notes: dict[str, Note] = {}
        self._started = False

    def begin(self) -> None:
        """Start-up is over: the store is migrated, topics are there, connections stand."""
        self._started = True

    @property
    def started(self) -> bool:
        """Whether start-up is over."""
        return self._started

    def well(self, name: str) -> None:
        """It has worked just now."""
        self._notes[name] = Note(self._clock(), "")

    def unwell(self, name: str, reason: str) -> None:
        """It has not worked just now."""
        self._notes[name] = Note(self._clock(), reason)

    def unready(self, name: str, within_s: float) -> str | None:
        """None when it worked lately, else one sentence why not.

        Args:
            within_s: how long ago it may have worked.
        """
        note = self._notes.get(name)
        if note is None:
            return "it has not begun yet"
        if note.reason:
            return note.reason
        silent_s = self._clock() - note.at_s
        return f"nothing was heard of it for {silent_s:.0f} s" if silent_s > within_s else None
