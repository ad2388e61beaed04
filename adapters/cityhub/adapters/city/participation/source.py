"""Declaration of the source."""

from __future__ import annotations

from cityhub.adapters.kit.source import Source

SUBMITTED = "de.duisburg.city.participation.contribution-submitted.v1"

CITY_PARTICIPATION = Source(
    feed="city.participation",
    system="//city/decidim",
    format="proposals of Decidim, or contributions to CONSUL Democracy, over GraphQL",
    transport="http",
    event_types=(SUBMITTED,),
    interval_s=900,
    lateness_s=86400,
    licence="public contributions, terms of the platform; simulated data: EUPL-1.2",
)
