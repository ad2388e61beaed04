"""Declaration of the source."""

from __future__ import annotations

from cityhub.adapters.kit.source import Source

METERED = "de.duisburg.dvv.lamp.energy-metered.v1"

DVV_LAMP_ENERGY = Source(
    feed="dvv.lamp-energy",
    system="//dvv/context-broker",
    format="NGSI-LD, temporal entities of type Streetlight",
    transport="http",
    event_types=(METERED,),
    interval_s=3600,
    lateness_s=2 * 86_400,
    licence="agreement with DVV; simulated data: EUPL-1.2",
    impersonal=True,
)
