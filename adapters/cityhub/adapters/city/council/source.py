"""Declaration of the source."""

from __future__ import annotations

from cityhub.adapters.kit.source import Source

PUBLISHED = "de.duisburg.city.council-paper.published.v1"

CITY_COUNCIL = Source(
    feed="city.council",
    system="//city/ratsinformation",
    format="OParl 1.0 and 1.1, papers and organizations, JSON",
    transport="http",
    event_types=(PUBLISHED,),
    interval_s=12 * 3600,
    lateness_s=7 * 24 * 3600,
    licence="as the council information system says; simulated data: EUPL-1.2",
)
