"""Declaration of the source."""

from __future__ import annotations

from cityhub.adapters.kit.source import Source

LISTED = "de.duisburg.city.parking-site.listed.v1"
OBSERVED = "de.duisburg.city.parking-site.observed.v1"

CITY_PARKING_SITES = Source(
    feed="city.parking-sites",
    system="//city/parkleitsystem",
    format="DATEX II 2.3 or 3, ParkingTablePublication and ParkingStatusPublication; municipal CSV with WKT",
    transport="http",
    event_types=(LISTED, OBSERVED),
    interval_s=300,
    lateness_s=3600,
    licence="dl-de/zero-2-0 where the city publishes them; simulated data: EUPL-1.2",
)
