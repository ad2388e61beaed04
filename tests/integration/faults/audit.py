"""I7: after all faults, the auditor finds stream and archive to agree bit for bit, and the archive to be whole."""

from __future__ import annotations

import asyncio
from contextlib import nullcontext
from pathlib import Path

from cityhub.bus.access import KafkaAccess
from cityhub.bus.archive.progress import Round
from cityhub.bus.archive.reader import Archive
from cityhub.bus.archive.storage import storage_of
from cityhub.bus.archiver import Archiver
from cityhub.bus.log_reader import LogReader
from cityhub.kpi.definition import Catalogue
from cityhub.kpi.kernel.layout import plan_of
from cityhub.kpi.proof.auditing import audited, lines
from cityhub.kpi.proof.stored import snapshot
from cityhub.kpi.store.database import Database
from cityhub.kpi.store.judged import StoreJudge
from cityhub.sdk.contract import Contracts
from tests.integration.faults.checks import Finding

LIMIT_S = 1200


async def check_audit(access: KafkaAccess, catalogue: Catalogue, store: str, topic: str, folder: Path) -> list[Finding]:
    """Archive the campaign's topic with the store's verdicts, and compare every bucket.

    Args:
        folder: of the archive.
    """
    database = Database(store if "://" in store else Path(store))
    try:
        contracts = Contracts(catalogue.contracts.of_topic(topic))
        await asyncio.wait_for(_archive(access, contracts, database, topic, folder), LIMIT_S)
        plans = [plan_of(definition) for definition in catalogue]
        cut = await asyncio.to_thread(snapshot, database, plans, topic)
        archive = Archive(storage_of(folder), catalogue.contracts)
        found = [await asyncio.to_thread(audited, plan, cut, archive) for plan in plans]
    finally:
        database.close()
    missed = [one.kpi for one in found if not one.buckets]
    findings = [Finding("I7", line) for one in found if not one.clean for line in lines(one)]
    return findings + [Finding("I7", f"{kpi}: the audit compared nothing") for kpi in missed]


async def _archive(access: KafkaAccess, contracts: Contracts, database: Database, topic: str, folder: Path) -> None:
    stop = asyncio.Event()

    def tell(round_: Round) -> None:
        if not round_.behind:
            stop.set()

    archiver = Archiver(
        lambda: LogReader(access, client_id="test-archiver"),
        storage_of(folder),
        contracts,
        StoreJudge(database, topic),
        alone=lambda: nullcontext(enter_result=True),
        upkeep=lambda _, __: False,
        tell=tell,
    )
    await archiver.run(stop)
