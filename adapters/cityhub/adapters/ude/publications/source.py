"""Declaration of the source."""

from __future__ import annotations

from cityhub.adapters.kit.source import Source

DEPOSITED = "de.duisburg.ude.publication.deposited.v1"

UDE_PUBLICATIONS = Source(
    feed="ude.publications",
    system="//ude/duepublico",
    format="OAI-PMH 2.0, ListRecords in oai_dc",
    transport="http",
    event_types=(DEPOSITED,),
    interval_s=86_400,
    lateness_s=31 * 86_400,
    licence="metadata of the university's repository, free to use; simulated data: EUPL-1.2",
)
