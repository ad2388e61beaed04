"""Declaration of the source."""

from __future__ import annotations

from cityhub.adapters.kit.source import Source

LEVEL = "de.duisburg.wbd.sewer.level-observed.v1"

WBD_SEWER_LEVELS = Source(
    feed="wbd.sewer-levels",
    system="//wbd/chirpstack",
    format="LoRaWAN uplinks of ChirpStack v4 as JSON",
    transport="mqtt",
    event_types=(LEVEL,),
    interval_s=900,
    lateness_s=6 * 3600,
    licence="agreement with Wirtschaftsbetriebe Duisburg; simulated data: EUPL-1.2",
    impersonal=True,
)
