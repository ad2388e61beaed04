"""Declaration of the source."""

from __future__ import annotations

from cityhub.adapters.kit.source import Source

MEASURED = "de.duisburg.dvv.load.measured.v1"

DVV_LOAD_CURVES = Source(
    feed="dvv.load-curves",
    system="//dvv/energiedaten",
    format="UN/EDIFACT MSCONS D.04B (2.2 to 2.4c), load curves of power, gas and heat",
    transport="folder",
    event_types=(MEASURED,),
    interval_s=86_400,
    lateness_s=2 * 86_400,
    licence="agreement with DVV; simulated data: EUPL-1.2",
)
