"""Declaration of the source."""

from __future__ import annotations

from cityhub.adapters.kit.source import Source

FINISHED = "de.duisburg.wbd.vehicle.mission-finished.v1"

WBD_VEHICLES = Source(
    feed="wbd.vehicles",
    system="//wbd/master-control",
    format="VDA 5050 version 2, states of vehicles as JSON",
    transport="mqtt",
    event_types=(FINISHED,),
    interval_s=43200,
    lateness_s=86400,
    licence="agreement with Wirtschaftsbetriebe Duisburg; simulated data: EUPL-1.2",
    impersonal=True,
)
