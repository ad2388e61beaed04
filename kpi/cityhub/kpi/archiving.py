"""Archiving over the store: its verdicts, and its lease, so that one process at a time writes the archive."""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress

from structlog import get_logger

from cityhub.bus.errors import BusUnavailable
from cityhub.kpi.errors import StoreUnavailable
from cityhub.kpi.store.database import Database
from cityhub.kpi.store.lease import LEASE_MS, Lease
from cityhub.kpi.store.tenure import Tenure

log = get_logger()

NAME = "archiver"
"""Of the lease."""
_BEAT_S = LEASE_MS / 5000


class ArchiveLease:
    """The lease as one process sees it.

    A folder needs none: of two that write the same commit there, one learns that it was late. An object store does not
    promise that.
    """

    def __init__(self, database: Database) -> None:
        self._tenure = Tenure(Lease(database, NAME))

    @asynccontextmanager
    async def alone(self) -> AsyncIterator[bool]:
        """Hold the lease; False when another process has it. One that fell silent loses it after `LEASE_MS`.

        Raises:
            BusUnavailable: the store does not answer.
        """
        try:
            held = await asyncio.to_thread(self._keep)
        except StoreUnavailable as error:
            raise BusUnavailable(f"the store does not give the archive's lease: {error}") from error
        done = asyncio.Event()
        beating = asyncio.create_task(self._beat(done)) if held else None
        try:
            yield held
        finally:
            done.set()
            if beating is not None:
                await beating
                with suppress(StoreUnavailable):  # then it ends by itself
                    await asyncio.to_thread(self._tenure.release)

    async def _beat(self, done: asyncio.Event) -> None:
        while not done.is_set():
            with suppress(TimeoutError):
                await asyncio.wait_for(done.wait(), _BEAT_S)
            try:
                await asyncio.to_thread(self._keep)
            except StoreUnavailable as error:
                log.warning("archive_lease_not_kept", error=str(error))

    def _keep(self) -> bool:
        return self._tenure.keep(int(time.monotonic() * 1000), int(time.time() * 1000))
