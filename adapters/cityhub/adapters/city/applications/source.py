"""Declaration of the source."""

from __future__ import annotations

from cityhub.adapters.kit.source import Source

SUBMITTED = "de.duisburg.city.application.submitted.v1"
DECIDED = "de.duisburg.city.application.decided.v1"

CITY_APPLICATIONS = Source(
    feed="city.applications",
    system="//city/fit-connect",
    format="FIT-Connect event log: Security Event Tokens (RFC 8417) as JWS PS512, with submissions' headers as JSON",
    transport="http",
    event_types=(SUBMITTED, DECIDED),
    interval_s=60,
    lateness_s=86400,
    licence="internal to the city administration; simulated data: EUPL-1.2",
)
