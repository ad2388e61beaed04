"""Declaration of the source."""

from __future__ import annotations

from cityhub.adapters.kit.source import Source

STATUS_CHANGED = "de.duisburg.dvv.charging.status-changed.v1"

DVV_CHARGING = Source(
    feed="dvv.charging",
    system="//dvv/ladepunkte",
    format="OCPI 2.2.1, Locations and EVSEs (pull)",
    transport="http",
    event_types=(STATUS_CHANGED,),
    interval_s=60,
    lateness_s=5 * 3600,
    licence="agreement with DVV; simulated data: EUPL-1.2",
    impersonal=True,
    made_by=2,
)
