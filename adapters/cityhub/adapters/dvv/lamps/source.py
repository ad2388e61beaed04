"""Declaration of the source."""

from __future__ import annotations

from cityhub.adapters.kit.source import Source

ENVIRONMENT = "de.duisburg.dvv.lamp.environment-observed.v1"
TRAFFIC = "de.duisburg.dvv.lamp.traffic-observed.v1"
PARKING = "de.duisburg.dvv.lamp.parking-observed.v1"
AUDIO_ALERT = "de.duisburg.dvv.lamp.audio-alert-raised.v1"

DVV_LAMPS = Source(
    feed="dvv.lamps",
    system="//dvv/lorawan",
    format="LoRaWAN uplinks of The Things Stack v3 as JSON",
    transport="mqtt",
    event_types=(ENVIRONMENT, TRAFFIC, PARKING, AUDIO_ALERT),
    interval_s=900,
    lateness_s=6 * 3600,
    licence="agreement with DVV; simulated data: EUPL-1.2",
)
