"""Declaration of the source."""

from __future__ import annotations

from cityhub.adapters.kit.source import Source

SUBMITTED = "de.duisburg.gebag.participation.contribution-submitted.v1"

GEBAG_DIALOGUE_PARTICIPATION = Source(
    feed="gebag.dialogue-participation",
    system="//gebag/mieterdialog",
    format="journal of the dialogue platform as JSON",
    transport="http",
    event_types=(SUBMITTED,),
    interval_s=86400,
    lateness_s=86400,
    licence="internal to the GEBAG; simulated data: EUPL-1.2",
)
