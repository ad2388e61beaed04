"""Declaration of the source."""

from __future__ import annotations

from cityhub.adapters.kit.source import Source

RAISED = "de.duisburg.dvv.grid.alarm-raised.v1"
ACKNOWLEDGED = "de.duisburg.dvv.grid.alarm-acknowledged.v1"
OUTAGE_ENDED = "de.duisburg.dvv.grid.outage-ended.v1"

DVV_GRID = Source(
    feed="dvv.grid",
    system="//dvv/netzleitstelle",
    format="journal of the grid control room as JSON",
    transport="http",
    event_types=(RAISED, ACKNOWLEDGED, OUTAGE_ENDED),
    interval_s=300,
    lateness_s=2 * 86_400,
    licence="agreement with DVV; simulated data: EUPL-1.2",
)
