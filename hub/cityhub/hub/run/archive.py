"""The archiver: what the store has judged, from the event topics into the archive, the archive's upkeep, and audits."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from functools import partial

from cityhub.bus import metrics
from cityhub.bus.archive.progress import Round
from cityhub.bus.archive.reader import Archive
from cityhub.bus.archive.storage import storage_of
from cityhub.bus.archive.upkeep import Upkeep
from cityhub.bus.archiver import Archiver
from cityhub.bus.log_reader import LogReader
from cityhub.bus.vitals import ARCHIVING, Vitals
from cityhub.hub.access import kafka_access
from cityhub.hub.archive_report import write
from cityhub.hub.secrets import Secrets
from cityhub.hub.settings import Settings
from cityhub.kpi.archiving import ArchiveLease
from cityhub.kpi.definition import load_catalogue
from cityhub.kpi.proof.auditing import Auditor
from cityhub.kpi.store.clocks import JOB
from cityhub.kpi.store.database import Database
from cityhub.kpi.store.judged import StoreJudge


async def run(settings: Settings, secrets: Secrets, stop: asyncio.Event, vitals: Vitals) -> None:
    """Archive until `stop` is set."""
    access = kafka_access(settings, secrets)
    storage = storage_of(settings.archive)
    database, catalogue, ending = Database(settings.store), load_catalogue(), asyncio.Event()
    try:
        lease = ArchiveLease(database)
        archiver = Archiver(
            lambda: LogReader(access, client_id="cityhub-archiver"),
            storage,
            catalogue.contracts,
            StoreJudge(database, JOB),
            alone=partial(_alone, lease, vitals),
            upkeep=Upkeep(storage, settings.archive_keep),
            tell=partial(_tell, settings, vitals),
            every_s=settings.archive_every,
        )
        work = settings.data / "audit"
        auditor = Auditor(database, catalogue, lambda: Archive(storage, catalogue.contracts), JOB, work=work)
        vitals.begin()
        auditing = asyncio.create_task(auditor.run(ending))
        try:
            await archiver.run(stop)
        finally:
            ending.set()
            await auditing
    finally:
        database.close()


@asynccontextmanager
async def _alone(lease: ArchiveLease, vitals: Vitals) -> AsyncIterator[bool]:
    async with lease.alone() as held:
        if not held:  # another process archives: this one is ready to take over
            vitals.well(ARCHIVING)
        yield held


def _tell(settings: Settings, vitals: Vitals, told: Round) -> None:
    write(settings.data, told)
    metrics.ARCHIVE_BEHIND.set(sum(told.behind.values()))
    metrics.ARCHIVE_TROUBLE.set(len(told.trouble))
    metrics.ARCHIVE_TURN.set(told.at_ms / 1000)
    if told.trouble:
        vitals.unwell(ARCHIVING, "; ".join(f"{topic}: {why}" for topic, why in told.trouble.items()))
    else:
        vitals.well(ARCHIVING)
