"""The archiver: what the store has judged, from the event topics into the archive, the archive's upkeep, and audits."""

from __future__ import annotations

import asyncio
from functools import partial

from cityhub.bus.archive.reader import Archive
from cityhub.bus.archive.storage import storage_of
from cityhub.bus.archive.upkeep import Upkeep
from cityhub.bus.archiver import Archiver
from cityhub.bus.log_reader import LogReader
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


async def run(settings: Settings, secrets: Secrets, stop: asyncio.Event) -> None:
    """Archive until `stop` is set."""
    access = kafka_access(settings, secrets)
    storage = storage_of(settings.archive)
    database, catalogue, ending = Database(settings.store), load_catalogue(), asyncio.Event()
    try:
        archiver = Archiver(
            lambda: LogReader(access, client_id="cityhub-archiver"),
            storage,
            catalogue.contracts,
            StoreJudge(database, JOB),
            alone=ArchiveLease(database).alone,
            upkeep=Upkeep(storage, settings.archive_keep),
            tell=partial(write, settings.data),
            every_s=settings.archive_every,
        )
        work = settings.data / "audit"
        auditor = Auditor(database, catalogue, lambda: Archive(storage, catalogue.contracts), JOB, work=work)
        auditing = asyncio.create_task(auditor.run(ending))
        try:
            await archiver.run(stop)
        finally:
            ending.set()
            await auditing
    finally:
        database.close()
