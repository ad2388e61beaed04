"""Declaration of the feed."""

from __future__ import annotations

from cityhub.adapters.kit.source import SIMULATED, Source

STOP_DEPARTED = "de.duisburg.dvv.transit.stop-departed.v1"
TRIP_CANCELLED = "de.duisburg.dvv.transit.trip-cancelled.v1"
PREDICTED = "de.duisburg.dvv.transit.prediction-published.v1"

DVV_TRANSIT = Source(
    feed="dvv.transit",
    system="//dvv/vdv454",
    format="VDV-454 AUS and REF-AUS as JSON",
    transport="http",
    event_types=(STOP_DEPARTED, TRIP_CANCELLED, PREDICTED),
    interval_s=30,
    lateness_s=600,
    licence="agreement with DVV; simulated data: EUPL-1.2",
    impersonal=True,
)
SIMULATION_URI = f"{SIMULATED}/dvv/vdv454"


def system_uri(control_centre: str) -> str:
    """Event `source` of a real control centre, named by its agreed Leitstellenkennung."""
    return f"{DVV_TRANSIT.system}/{control_centre}"
