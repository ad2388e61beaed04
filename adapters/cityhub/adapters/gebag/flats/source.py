"""Declaration of the source."""

from __future__ import annotations

from cityhub.adapters.kit.source import Source

STATUS_CHANGED = "de.duisburg.gebag.flat.status-changed.v1"

GEBAG_FLATS = Source(
    feed="gebag.flats",
    system="//gebag/bestand",
    format="OpenImmo 1.2.7, zip with one XML",
    transport="folder",
    event_types=(STATUS_CHANGED,),
    interval_s=86_400,
    lateness_s=172_800,
    licence="agreement with GEBAG; simulated data: EUPL-1.2",
)
