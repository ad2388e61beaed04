"""How much a tenant may ask, told in every answer, and what it has asked lately.

Source of the rules: draft-ietf-httpapi-ratelimit-headers (`RateLimit-Policy`, `RateLimit`), RFC 9110 §10.2.3.
"""

from __future__ import annotations

import math
from collections import deque
from collections.abc import Callable, Mapping
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


class Usage(Struct):
    """Of one tenant, in one web process."""

    window: int = 0
    used: int = 0
    total: int = 0
    refused: int = 0
    lately: deque[Asked] = deque()


class Limits:
    """Counts requests in fixed windows. Args: clock = seconds since the epoch."""

    def __init__(self, clock: Callable[[], float]) -> None:
        self._clock = clock
        self._usage: dict[str, Usage] = {}

    def take(self, tenant: str) -> bool:
        """Count a request; False = it is one too many."""
        usage, now = self.usage(tenant), int(self._clock()) // WINDOW_S
        if usage.window != now:
            usage.window, usage.used = now, 0
        if usage.used >= QUOTA:
            usage.refused += 1
            return False
        usage.used += 1
        usage.total += 1
        return True

    def headers(self, tenant: str) -> dict[str, str]:
        """What every answer says."""
        left_s = WINDOW_S - self._clock() % WINDOW_S
        return {
            "RateLimit-Policy": f'"requests";q={QUOTA};w={WINDOW_S}',
            "RateLimit": f'"requests";r={self.left(tenant)};t={math.ceil(left_s)}',
        }

    def left(self, tenant: str) -> int:
        """How many more it may ask in the window that runs."""
        usage = self.usage(tenant)
        return QUOTA - usage.used if usage.window == int(self._clock()) // WINDOW_S else QUOTA

    def retry_after(self) -> dict[str, str]:
        """When the next window begins."""
        return {"Retry-After": str(math.ceil(WINDOW_S - self._clock() % WINDOW_S))}

    def usage(self, tenant: str) -> Usage:
        """What a tenant has asked."""
        return self._usage.setdefault(tenant, Usage(lately=deque(maxlen=KEPT)))

    def note(self, tenant: str, asked: Asked) -> None:
        """Remember a request."""
        self.usage(tenant).lately.append(asked)

    def told(self, tenant: str) -> Mapping[str, object]:
        """For the tenant: newest first."""
        usage = self.usage(tenant)
        return {"requests": usage.total, "refused": usage.refused, "lately": list(reversed(usage.lately))}

    def forget(self, tenant: str) -> None:
        """Nothing stays of a tenant that was deleted."""
        self._usage.pop(tenant, None)
