"""Declaration of the source."""

from __future__ import annotations

from cityhub.adapters.kit.source import Source

COMPLETED = "de.duisburg.city.case.completed.v1"

CITY_CASES = Source(
    feed="city.cases",
    system="//city/serviceportal",
    format="journal of the Serviceportal as JSON",
    transport="http",
    event_types=(COMPLETED,),
    interval_s=3600,
    lateness_s=86400,
    licence="internal to the city administration; simulated data: EUPL-1.2",
)
