"""One process's hold on a lease, checked inside the transactions that rely on it."""

from __future__ import annotations

from collections.abc import Callable
from uuid import uuid4

from sqlalchemy import Connection

from cityhub.bus import metrics
from cityhub.kpi.errors import KpiError
from cityhub.kpi.store.lease import Lease

Fence = Callable[[Connection], None]
"""Raises inside a transaction that must not be committed, because another process has taken over."""


class LeaseLost(KpiError):  # noqa: N818 - a state of the world
    """Another process took the lease; nothing was written."""


class Tenure:
    """Takes and keeps a lease.

    Attributes:
        epoch: of the lease as this process has it, 0 = it does not; another one = somebody may have had it in between.
    """

    def __init__(self, lease: Lease) -> None:
        self._lease = lease
        self._holder = uuid4().hex
        self.epoch = 0

    def keep(self, now_ms: int, seen_ms: int = 0) -> bool:
        """Take or extend the lease; whether this process has it.

        Args:
            now_ms: monotonic milliseconds. seen_ms: wall clock, for people only.

        Raises:
            StoreUnavailable: nobody knows.
        """
        self.epoch = self._lease.acquire(self._holder, now_ms, seen_ms)
        metrics.LEASE.labels(self._lease.name).set(self.epoch > 0)
        return self.epoch > 0

    def check(self, connection: Connection) -> None:
        """Make sure that nobody else gets the lease before the transaction ends.

        Raises:
            LeaseLost: somebody has got it already.
        """
        if not self._lease.holds(connection, self._holder, self.epoch):
            raise LeaseLost("another process has the lease; this one writes nothing")

    def release(self) -> None:
        """Give the lease back, so that a successor need not wait."""
        metrics.LEASE.labels(self._lease.name).set(0)
        self._lease.release(self._holder)
