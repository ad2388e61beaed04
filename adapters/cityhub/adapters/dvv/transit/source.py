"""Declaration of the feed."""

from __future__ import annotations

from cityhub.adapters.source import Source

STOP_DEPARTED = "de.duisburg.dvv.transit.stop-departed.v1"
TRIP_CANCELLED = "de.duisburg.dvv.transit.trip-cancelled.v1"

DVV_TRANSIT = Source(
    feed="dvv.transit",
    partner="dvv",
    topic="du.evt.dvv.transit.v1",
    event_types=(STOP_DEPARTED, TRIP_CANCELLED),
    interval_s=30,
    lateness_s=600,
    licence="agreement with DVV; simulated data: EUPL-1.2",
    personal_data="none",
)
MADE_BY = f"{DVV_TRANSIT.feed}/1"
"""What its events say made them; the number grows when the mapping gives other events."""
SIMULATION_URI = "//cityhub/simulated-city/dvv/vdv454"


def system_uri(control_centre: str) -> str:
    """Event `source` of a real control centre, named by its agreed Leitstellenkennung."""
    return f"//dvv/vdv454/{control_centre}"
