"""Declaration of the source."""

from __future__ import annotations

from cityhub.adapters.kit.source import Source

CLOSED = "de.duisburg.city.contact.closed.v1"

CITY_CONTACTS = Source(
    feed="city.contacts",
    system="//city/servicecenter",
    format="journal of the service centre as JSON",
    transport="http",
    event_types=(CLOSED,),
    interval_s=3600,
    lateness_s=691200,
    licence="internal to the city administration; simulated data: EUPL-1.2",
)
