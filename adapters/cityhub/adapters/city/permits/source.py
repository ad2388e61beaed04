"""Declaration of the source."""

from __future__ import annotations

from cityhub.adapters.kit.source import Source

FILE_COMPLETED = "de.duisburg.city.permit.file-completed.v1"
ISSUED = "de.duisburg.city.permit.issued.v1"

CITY_PERMITS = Source(
    feed="city.permits",
    system="//city/genehmigungen",
    format="journal of the permit files as JSON",
    transport="http",
    event_types=(FILE_COMPLETED, ISSUED),
    interval_s=86400,
    lateness_s=172800,
    licence="internal to the city administration; simulated data: EUPL-1.2",
)
