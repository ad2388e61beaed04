"""Declaration of the source."""

from __future__ import annotations

from cityhub.adapters.kit.source import Source

PLANNED = "de.duisburg.wbd.collection.planned.v1"

WBD_COLLECTIONS = Source(
    feed="wbd.collections",
    system="//wbd/abfuhrkalender",
    format="iCalendar (RFC 5545), a file for each tour",
    transport="folder",
    event_types=(PLANNED,),
    interval_s=366 * 86_400,
    lateness_s=86_400,
    licence="agreement with Wirtschaftsbetriebe Duisburg; simulated data: EUPL-1.2",
)
