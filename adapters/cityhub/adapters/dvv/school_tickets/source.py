"""Declaration of the source."""

from __future__ import annotations

from cityhub.adapters.kit.source import Source

ISSUED = "de.duisburg.dvv.ticket.issued.v1"

DVV_SCHOOL_TICKETS = Source(
    feed="dvv.school-tickets",
    system="//dvv/fahrkarten",
    format="journal of the ticket office as JSON",
    transport="http",
    event_types=(ISSUED,),
    interval_s=86400,
    lateness_s=172800,
    licence="internal to the DVV; simulated data: EUPL-1.2",
)
