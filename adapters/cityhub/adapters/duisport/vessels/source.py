"""Declaration of the source."""

from __future__ import annotations

from cityhub.adapters.kit.source import Source

ARRIVED = "de.duisburg.duisport.vessel.arrived.v1"
DEPARTED = "de.duisburg.duisport.vessel.departed.v1"

DUISPORT_VESSELS = Source(
    feed="duisport.vessels",
    system="//duisport/ais",
    format="AIS, NMEA 0183 sentences (ITU-R M.1371)",
    transport="tcp",
    event_types=(ARRIVED, DEPARTED),
    interval_s=180,
    lateness_s=6 * 3600,
    noisy=True,
    licence="agreement with duisport; simulated data: EUPL-1.2",
)
