"""Declaration of the source."""

from __future__ import annotations

from cityhub.adapters.kit.source import Source

OPENED = "de.duisburg.gebag.ticket.opened.v1"
RESOLVED = "de.duisburg.gebag.ticket.resolved.v1"

GEBAG_TICKETS = Source(
    feed="gebag.tickets",
    system="//gebag/mieter-app",
    format="journal of the tenants' app as JSON",
    transport="http",
    event_types=(OPENED, RESOLVED),
    interval_s=3600,
    lateness_s=172_800,
    licence="internal to the GEBAG; simulated data: EUPL-1.2",
)
