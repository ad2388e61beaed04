"""Declaration of the source."""

from __future__ import annotations

from cityhub.adapters.kit.source import Source

FED_IN = "de.duisburg.dvv.water.fed-in.v1"

DVV_WATER_FEED = Source(
    feed="dvv.water-feed",
    system="//dvv/energiedaten",
    format="UN/EDIFACT MSCONS D.04B (2.2 to 2.4c), load curves by the quarter of an hour",
    transport="folder",
    event_types=(FED_IN,),
    interval_s=86_400,
    lateness_s=2 * 86_400,
    licence="agreement with DVV; simulated data: EUPL-1.2",
)
