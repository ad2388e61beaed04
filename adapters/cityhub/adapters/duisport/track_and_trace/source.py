"""Declaration of the source."""

from __future__ import annotations

from cityhub.adapters.duisport.box import DISCHARGED, GATED_IN, GATED_OUT, LOADED
from cityhub.adapters.kit.source import Source

DUISPORT_TRACK_AND_TRACE = Source(
    feed="duisport.track-and-trace",
    system="//duisport/track-and-trace",
    format="DCSA Track & Trace 3.0, JSON",
    transport="http",
    event_types=(GATED_IN, GATED_OUT, DISCHARGED, LOADED),
    interval_s=900,
    lateness_s=24 * 3600,
    licence="agreement with the carriers; simulated data: EUPL-1.2",
)
