"""The KPI worker: event topics into the store."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping

from cityhub.hub.access import kafka_access
from cityhub.hub.secrets import Secrets
from cityhub.hub.settings import Settings
from cityhub.kpi import worker
from cityhub.kpi.definition import load_catalogue
from cityhub.kpi.kernel.plan import Plan


async def run(settings: Settings, secrets: Secrets, stop: asyncio.Event) -> None:
    """Count until `stop` is set."""
    access, catalogue = kafka_access(settings, secrets), load_catalogue()

    def audit(plan: Plan, vector: Mapping[tuple[str, int], int]) -> list[str]:
        from cityhub.kpi.proof.taking_over import audit_version  # Polars is loaded only when a version is activated

        return audit_version(settings.store, settings.archive, catalogue.contracts, plan, vector)

    await worker.serve(access, settings.store, stop, catalogue=catalogue, audit=audit)
