"""The KPI worker: event topics into the store."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager

from cityhub.bus.log_reader import LogReader
from cityhub.bus.vitals import Vitals
from cityhub.hub.access import kafka_access
from cityhub.hub.secrets import Secrets
from cityhub.hub.settings import Settings
from cityhub.kpi import worker
from cityhub.kpi.activation import LogSource
from cityhub.kpi.definition import load_catalogue
from cityhub.kpi.kernel.plan import Plan


async def run(settings: Settings, secrets: Secrets, stop: asyncio.Event, vitals: Vitals) -> None:
    """Count until `stop` is set. Polars is loaded only when a version is activated."""
    access, catalogue = kafka_access(settings, secrets), load_catalogue()

    def audit(plan: Plan, vector: Mapping[tuple[str, int], int]) -> list[str]:
        from cityhub.kpi.proof.taking_over import audit_version

        return audit_version(settings.store, settings.archive, catalogue.contracts, plan, vector)

    @asynccontextmanager
    async def whole_log() -> AsyncIterator[LogSource]:
        from cityhub.bus.archive.reader import Archive
        from cityhub.bus.archive.storage import storage_of
        from cityhub.bus.archive.whole_log import WholeLog

        async with LogReader(access, client_id=worker.FILL_CLIENT) as log:
            yield WholeLog(log, Archive(storage_of(settings.archive), catalogue.contracts))

    await worker.serve(
        access, settings.store, stop, catalogue=catalogue, log_source=whole_log, audit=audit, vitals=vitals
    )
