"""Declaration of the source."""

from __future__ import annotations

from cityhub.adapters.kit.source import Source

OBSERVED = "de.duisburg.duisport.gauge.level-observed.v1"

DUISPORT_GAUGE = Source(
    feed="duisport.gauge",
    system="//duisport/pegelonline",
    format="PEGELONLINE REST v2, JSON",
    transport="http",
    event_types=(OBSERVED,),
    interval_s=900,
    lateness_s=6 * 3600,
    licence="DL-DE->Zero-2.0; simulated data: EUPL-1.2",
    attribution="Wasserstraßen- und Schifffahrtsverwaltung des Bundes (WSV), pegelonline.wsv.de",
    impersonal=True,
)
