"""How much one organisation may hand in: a token bucket each, and bounded bytes in flight for all together."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator
from contextlib import contextmanager

from msgspec import Struct

from cityhub.bus import metrics


class Limits(Struct, frozen=True, kw_only=True):
    """What is taken.

    Attributes:
        per_s: events that an organisation may send in the long run. burst: at once. in_flight_bytes: of all together.
    """

    per_s: float = 2_000.0
    burst: int = 10_000
    in_flight_bytes: int = 64 * 1024 * 1024


class TooMany(Exception):  # noqa: N818 - an answer, not a failure
    """An organisation sends too much. `retry_after_s`: when so many events fit again."""

    def __init__(self, retry_after_s: int) -> None:
        super().__init__(f"too many events; send the same again in {retry_after_s} s")
        self.retry_after_s = retry_after_s


class Busy(Exception):  # noqa: N818 - an answer, not a failure
    """The hub holds as many bytes as it may that are not acknowledged yet."""


class Gauge:
    """Counts what comes in. One event loop's object.

    Args:
        clock: monotonic seconds.
    """

    def __init__(self, limits: Limits, clock: Callable[[], float]) -> None:
        self._limits = limits
        self._clock = clock
        self._buckets: dict[str, tuple[float, float]] = {}
        self._bytes = 0
        metrics.HELD_BYTES.set_function(lambda: self._bytes)

    def admit(self, organisation: str, events: int) -> None:
        """Take so many events from an organisation's bucket.

        Raises:
            TooMany: they do not fit; nothing was taken.
        """
        now, most = self._clock(), float(self._limits.burst)
        left, since = self._buckets.get(organisation, (most, now))
        left = min(most, left + (now - since) * self._limits.per_s)
        if events > left:
            self._buckets[organisation] = left, now
            raise TooMany(max(1, math.ceil((events - left) / self._limits.per_s)))
        self._buckets[organisation] = left - events, now

    @contextmanager
    def holding(self, size: int) -> Iterator[None]:
        """Hold a request's bytes until they are acknowledged.

        Raises:
            Busy: there is no room for them.
        """
        if self._bytes + size > self._limits.in_flight_bytes:
            raise Busy
        self._bytes += size
        try:
            yield
        finally:
            self._bytes -= size
