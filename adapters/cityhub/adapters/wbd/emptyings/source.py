"""Declaration of the source."""

from __future__ import annotations

from cityhub.adapters.kit.source import Source

EMPTIED = "de.duisburg.wbd.bin.emptied.v1"

WBD_EMPTYINGS = Source(
    feed="wbd.emptyings",
    system="//wbd/telematics",
    format="journal of the collection vehicles' telematics as JSON",
    transport="http",
    event_types=(EMPTIED,),
    interval_s=3600,
    lateness_s=86400,
    licence="agreement with Wirtschaftsbetriebe Duisburg; simulated data: EUPL-1.2",
)
