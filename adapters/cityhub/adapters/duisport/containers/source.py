"""Declaration of the source."""

from __future__ import annotations

from cityhub.adapters.duisport.box import DISCHARGED, GATED_IN, GATED_OUT, LOADED
from cityhub.adapters.kit.source import Source

DUISPORT_CONTAINERS = Source(
    feed="duisport.containers",
    system="//duisport/terminals",
    format="UN/EDIFACT CODECO and COARRI, D.95B and D.00B (SMDG)",
    transport="folder",
    event_types=(GATED_IN, GATED_OUT, DISCHARGED, LOADED),
    interval_s=3600,
    lateness_s=24 * 3600,
    licence="agreement with duisport; simulated data: EUPL-1.2",
)
