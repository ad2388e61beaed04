"""Audits without end: every few minutes each definition is computed a second time, and what is found is kept."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable, Iterator
from pathlib import Path

from structlog import get_logger

from cityhub.bus.archive.reader import Archive
from cityhub.bus.archive.tail import missing
from cityhub.bus.errors import ArchiveError
from cityhub.bus.pause import pause
from cityhub.kpi.audited import Audit
from cityhub.kpi.definition import Catalogue
from cityhub.kpi.errors import BatchError, StoreUnavailable
from cityhub.kpi.kernel.layout import plan_of
from cityhub.kpi.kernel.plan import Plan
from cityhub.kpi.proof.audit import audit
from cityhub.kpi.proof.days import kept_s
from cityhub.kpi.proof.evidence import EVER
from cityhub.kpi.proof.stored import Snapshot, snapshot
from cityhub.kpi.store.audits import write_audit
from cityhub.kpi.store.database import Database
from cityhub.kpi.store.decisions import chosen

log = get_logger()

EVERY_S = 480.0
_LOOK_S = 2.0
_NOTHING_S = 20.0
"""Where nothing was counted yet, it is looked again so soon."""
_REACH_S = 600.0
"""How long the archive may take to come as far as a cut."""


class Auditor:
    """Audits what counts, over the archive.

    Args:
        archive: makes a reader of the archive.
        job: whose cursors are the cut. work: folder for what closed days came to; None = all is computed each time.
    """

    def __init__(
        self,
        database: Database,
        catalogue: Catalogue,
        archive: Callable[[], Archive],
        job: str,
        *,
        every_s: float = EVERY_S,
        work: Path | None = None,
    ) -> None:
        self._database = database
        self._catalogue = catalogue
        self._archive = archive
        self._job = job
        self._every_s = every_s
        self._work = work

    async def run(self, stop: asyncio.Event) -> None:
        """Audit until `stop` is set; trouble is logged and the next audit comes."""
        while not stop.is_set():
            pause_s = self._every_s
            try:
                if not await self.once(stop):
                    pause_s = min(_NOTHING_S, self._every_s)
            except (StoreUnavailable, ArchiveError) as error:
                log.warning("audit_deferred", error=str(error), retry_s=self._every_s)
            await pause(stop, pause_s)

    async def once(self, stop: asyncio.Event) -> list[Audit]:
        """One audit of everything that was counted, as soon as the archive has come as far as the store is now.

        Raises:
            StoreUnavailable, ArchiveError: nothing was audited.
        """
        plans = await asyncio.to_thread(self._plans)
        at_ms = int(time.time() * 1000)
        cut = await asyncio.to_thread(snapshot, self._database, plans, self._job)
        plans = [plan for plan in plans if cut.buckets[plan.definition.id].sums.height]
        if not plans or not await self._reached(cut, stop):
            return []
        found = []
        for plan in plans:
            one = await asyncio.to_thread(self._audit, plan, cut, at_ms)
            found.append(one)
            if not one.clean:
                log.error("audit_differs", kpi=one.kpi, mismatches=one.mismatches, trouble=one.trouble)
        clean = sum(one.clean for one in found)
        log.info("audited", kpis=len(found), clean=clean, took_ms=sum(one.took_ms for one in found))
        return found

    def _plans(self) -> list[Plan]:
        with self._database.snapshot() as connection:
            counted = chosen(connection)
        return [plan_of(one) for one in self._catalogue.choosing(counted) if one.id in counted]

    async def _reached(self, cut: Snapshot, stop: asyncio.Event) -> bool:
        """Wait for the archive."""
        until = time.monotonic() + _REACH_S
        while behind := await asyncio.to_thread(missing, self._archive(), cut.vector):
            if stop.is_set():
                return False
            if time.monotonic() > until:
                raise ArchiveError(
                    f"{', '.join(sorted(behind))}: not archived up to the audit's cut in {_REACH_S:.0f} s"
                )
            await pause(stop, _LOOK_S)
        return True

    def _audit(self, plan: Plan, cut: Snapshot, at_ms: int) -> Audit:
        found = audited(plan, cut, self._archive(), None if self._work is None else self._work / plan.definition.id)
        with self._database.begin() as connection:
            write_audit(connection, found, at_ms)
        return found


def audited(plan: Plan, cut: Snapshot, archive: Archive, work: Path | None = None) -> Audit:
    """An audit that says itself why it could not be made; where days were let go, one of those that are left."""
    try:
        return audit(plan, cut, archive, -EVER if plan.cells else kept_s(plan, archive), work)
    except (ArchiveError, BatchError, OSError) as error:
        definition = plan.definition
        return Audit(kpi=definition.id, version=definition.version, hash=definition.hash, trouble=str(error))


def lines(found: Audit) -> Iterator[str]:
    """An audit in words, for commands."""
    if found.trouble:
        yield f"{found.kpi}: not audited: {found.trouble}"
        return
    verdict = "agree" if found.clean else f"{found.mismatches} numbers DIFFER"
    since = "" if found.since is None else f" since {_minute(found.since)}"
    yield f"{found.kpi} version {found.version}: {found.buckets} buckets of {found.events} records{since} {verdict}"
    for one in found.differences:
        where = " ".join(part for part in (one.layer, one.scope, *one.dims) if part)
        yield f"  {_minute(one.start)} {where}: {one.column} is {one.stored}, the archive comes to {one.recomputed}"
        for event in one.events:
            yield f"    {event.topic}/{event.part} offset {event.off}: {event.id}"


def _minute(epoch_s: int) -> str:
    return time.strftime("%Y-%m-%d %H:%M UTC", time.gmtime(epoch_s))
