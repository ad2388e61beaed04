"""How much a tenant may ask, and what it has asked lately: counted here, whichever web process answers.

It is kept in memory: counts begin anew with the process.
"""

from __future__ import annotations

import math
from collections import deque
from collections.abc import Callable
from datetime import datetime

from msgspec import Struct

QUOTA, WINDOW_S = 600, 60
KEPT = 500
"""Requests that are remembered of a tenant."""


class Asked(Struct, frozen=True):
    """A request as its tenant sees it again; without query and body. Attributes: took_ms = until the first byte."""

    at: datetime
    method: str
    path: str
    status: int
    took_ms: int


class Note(Struct, frozen=True):
    """A request that was answered."""

    tenant: str
    asked: Asked


class Share(Struct, frozen=True):
    """What a tenant may still ask. Attributes: taken: whether this request is one of them. ends_s: of the window."""

    taken: bool
    left: int
    ends_s: int


class Usage(Struct, frozen=True):
    """What a tenant has asked since the process began. Attributes: left: in this window. lately: newest first."""

    requests: int
    refused: int
    left: int
    lately: tuple[Asked, ...]


class _Count(Struct):
    window: int = 0
    used: int = 0
    total: int = 0
    refused: int = 0
    lately: deque[Asked] = deque()


class Limits:
    """Counts requests in fixed windows. Args: clock = seconds since the epoch."""

    def __init__(self, clock: Callable[[], float]) -> None:
        self._clock = clock
        self._counts: dict[str, _Count] = {}

    def take(self, tenant: str) -> Share:
        """Count a request."""
        count = self._count(tenant)
        taken = count.used < QUOTA
        if taken:
            count.used += 1
            count.total += 1
        else:
            count.refused += 1
        return Share(taken, _left(count), math.ceil(WINDOW_S - self._clock() % WINDOW_S))

    def usage(self, tenant: str) -> Usage:
        """What a tenant has asked."""
        count = self._count(tenant)
        return Usage(count.total, count.refused, _left(count), tuple(reversed(count.lately)))

    def note(self, note: Note) -> None:
        """Remember a request that was counted; of a tenant that was deleted meanwhile nothing stays."""
        if count := self._counts.get(note.tenant):
            count.lately.append(note.asked)

    def forget(self, tenant: str) -> None:
        """Nothing stays of a tenant that was deleted."""
        self._counts.pop(tenant, None)

    def _count(self, tenant: str) -> _Count:
        count = self._counts.setdefault(tenant, _Count(lately=deque(maxlen=KEPT)))
        now = int(self._clock()) // WINDOW_S
        if count.window != now:
            count.window, count.used = now, 0
        return count


def _left(count: _Count) -> int:
    return max(0, QUOTA - count.used)
