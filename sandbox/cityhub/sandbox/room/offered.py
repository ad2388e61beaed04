"""What of the city's KPIs is in the sandbox."""

from __future__ import annotations

from cityhub.kpi.definition import KpiDefinition
from cityhub.sdk.door import HUB


def is_open(one: KpiDefinition) -> bool:
    """Whether startups may see a KPI of the city, and the sandbox has its events."""
    contracts = [source.contract for source in one.sources.values()]
    personal = bool(one.minimum_group) or any(contract.personal for contract in contracts)
    return one.audience == "public" and not personal and all(contract.partner != HUB for contract in contracts)
