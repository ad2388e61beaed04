"""Activations beside a worker's own work: decisions that are wanted are carried out, by one process at a time."""

from __future__ import annotations

import asyncio
import threading
import time
from collections.abc import Callable, Sequence
from contextlib import AbstractAsyncContextManager, suppress
from typing import Protocol

from sqlalchemy import Connection
from structlog import get_logger

from cityhub.bus.errors import BusError, BusUnavailable, LogBroken
from cityhub.kpi.definition import Catalogue
from cityhub.kpi.errors import StoreUnavailable, UnknownKpi
from cityhub.kpi.kernel.layout import plan_of
from cityhub.kpi.kernel.plan import Plan
from cityhub.kpi.kernel.record import LogRecord
from cityhub.kpi.store import decisions
from cityhub.kpi.store.backfill import Audit, Backfill, Read, Refused
from cityhub.kpi.store.database import Database
from cityhub.kpi.store.lease import LEASE_MS, Lease
from cityhub.kpi.store.tenure import LeaseLost, Tenure
from cityhub.kpi.values import Decision

log = get_logger()

LOOK_EVERY_S = 2.0
_READ_S = 60.0
"""A piece of an archive takes longer than one of the log."""
_BEAT_S = LEASE_MS / 1000 / 5


class LogSource(Protocol):
    """Where records come from: `cityhub.bus.log_reader.LogReader`, or `cityhub.bus.archive.whole_log.WholeLog`.

    An offset that it does not hold raises `LogBroken`.
    """

    async def read(self, topic: str, part: int, first: int) -> Sequence[LogRecord]: ...


OpenSource = Callable[[], AbstractAsyncContextManager[LogSource]]


class Activations:
    """Looks for wanted decisions and carries them out.

    Args:
        catalogue: all versions that this process has.
        job: the live one.
        source: opened while there is something to do.
        audit: see `Backfill`.
    """

    def __init__(
        self, database: Database, catalogue: Catalogue, job: str, source: OpenSource, audit: Audit | None = None
    ) -> None:
        self._database = database
        self._catalogue = catalogue
        self._job = job
        self._source = source
        self._audit = audit
        self._tenure = Tenure(Lease(database, "activation"))
        self._ending = threading.Event()
        self._said = ""

    async def run(self, stop: asyncio.Event) -> None:
        """Look every few seconds until `stop` is set; a step under way is finished, a restart goes on after it."""
        stopping = asyncio.create_task(stop.wait())
        looking = asyncio.create_task(self._look())
        try:
            await asyncio.wait({stopping, looking}, return_when=asyncio.FIRST_COMPLETED)
        finally:
            self._ending.set()
            stopping.cancel()
            looking.cancel()
            with suppress(asyncio.CancelledError):
                await looking

    async def _look(self) -> None:
        while True:
            await self.attempt()
            await asyncio.sleep(LOOK_EVERY_S)

    async def attempt(self) -> None:
        """Carry out what is wanted, unless another process does; trouble is logged, and the next attempt goes on."""
        try:
            for decision, plan in await asyncio.to_thread(self._wanted):
                if not await asyncio.to_thread(self._keep):
                    return
                await self._carry_out(decision, plan)
        except (StoreUnavailable, BusError, LeaseLost) as error:
            self._say("activation_deferred", error)
        except Exception as error:  # noqa: BLE001 - what is live must not suffer from what is not
            self._say("activation_failed", error, exc_info=True)

    def _say(self, what: str, error: Exception, **more: bool) -> None:
        """Once, however often it is tried again."""
        if self._said != (said := f"{what} {error!r}"):
            log.warning(what, error=str(error), retry_s=LOOK_EVERY_S, **more)
        self._said = said

    def _wanted(self) -> list[tuple[Decision, Plan]]:
        """What this process can do: a version whose file it does not have is left to one that has it."""
        with self._database.snapshot() as connection:
            found = decisions.wanted(connection)
        known = []
        for decision in found:
            try:
                known.append((decision, plan_of(self._catalogue.version(decision.kpi_id, decision.version))))
            except UnknownKpi as error:
                self._say("activation_of_unknown_version", error)
        return known

    def _keep(self) -> bool:
        return self._tenure.keep(int(time.monotonic() * 1000), int(time.time() * 1000))

    async def _carry_out(self, decision: Decision, plan: Plan) -> None:
        told = {"kpi": decision.kpi_id, "version": decision.version, "who": decision.who}
        log.info("activation_goes_on", **told)
        beating = asyncio.create_task(self._beat())
        try:
            async with self._source() as source:
                done = await asyncio.to_thread(self._fill, decision, plan, _reading(source))
        except Refused as error:
            log.warning("activation_refused", error=str(error), **told)
        else:
            log.info("version_counts" if done else "activation_interrupted", **told)
        finally:
            beating.cancel()

    async def _beat(self) -> None:
        while True:
            await asyncio.sleep(_BEAT_S)
            with suppress(StoreUnavailable):
                await asyncio.to_thread(self._keep)

    def _fill(self, decision: Decision, plan: Plan, read: Read) -> bool:
        """Whether the version counts now; False = this process is ending."""
        epoch = self._tenure.epoch

        def fence(connection: Connection) -> None:
            if self._tenure.epoch != epoch:
                raise LeaseLost("another process had the lease in between")
            self._tenure.check(connection)

        contracts = self._catalogue.contracts
        backfill = Backfill(
            self._database, self._job, plan, contracts, decision, read=read, fence=fence, audit=self._audit
        )
        began = time.monotonic()
        for _ in backfill.steps():
            if self._ending.wait(time.monotonic() - began):  # half of the time belongs to what is live
                return False
            began = time.monotonic()
        return True


def _reading(source: LogSource) -> Read:
    """The source for a thread beside the loop."""
    loop = asyncio.get_running_loop()

    def read(topic: str, part: int, first: int) -> Sequence[LogRecord]:
        try:
            return asyncio.run_coroutine_threadsafe(source.read(topic, part, first), loop).result(_READ_S)
        except LogBroken as error:
            raise Refused(f"{error}: what cannot be read cannot be counted") from error
        except TimeoutError as error:
            raise BusUnavailable(f"{topic}/{part} offset {first}: no answer within {_READ_S:.0f} s") from error

    return read
