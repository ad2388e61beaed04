"""Answers that are dear: found one at a time, kept for some seconds, and never waited for by many."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Generic, TypeVar

PLACES = 3
"""How many may ask at once, one after the other; waiting for them must not take all of a server's threads."""
_MOST = 8
Key = TypeVar("Key")
Answer = TypeVar("Answer")


class Kept(Generic[Key, Answer]):
    """Keeps answers by their questions; safe from any thread.

    Args:
        seconds: how long an answer stays as it is.
        busy: what is raised when all places are taken.
        clock: seconds that only grow.
    """

    def __init__(
        self,
        seconds: float,
        *,
        busy: Callable[[], Exception],
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._seconds = seconds
        self._busy = busy
        self._clock = clock
        self._one_at_a_time = threading.Lock()
        self._places = threading.BoundedSemaphore(PLACES)
        self._kept: dict[Key, tuple[float, Answer]] = {}

    @contextmanager
    def turn(self, key: Key, find: Callable[[], Answer]) -> Iterator[Answer]:
        """The answer, found by whoever asks first; nobody else has his turn while the block runs."""
        if not self._places.acquire(blocking=False):
            raise self._busy()
        try:
            with self._one_at_a_time:
                yield self._answer(key, find)
        finally:
            self._places.release()

    def _answer(self, key: Key, find: Callable[[], Answer]) -> Answer:
        now = self._clock()
        self._kept = {known: kept for known, kept in self._kept.items() if now - kept[0] < self._seconds}
        if key not in self._kept:
            while len(self._kept) >= _MOST:
                del self._kept[next(iter(self._kept))]
            found = find()
            self._kept[key] = self._clock(), found
        return self._kept[key][1]
