"""Declaration of the source."""

from __future__ import annotations

from cityhub.adapters.kit.source import Source

FINISHED = "de.duisburg.city.rpa.job-finished.v1"

CITY_ROBOTS = Source(
    feed="city.robots",
    system="//city/rpa",
    format="jobs of an RPA orchestrator as OData 4 (UiPath)",
    transport="http",
    event_types=(FINISHED,),
    interval_s=300,
    lateness_s=3600,
    licence="internal to the city administration; simulated data: EUPL-1.2",
)
