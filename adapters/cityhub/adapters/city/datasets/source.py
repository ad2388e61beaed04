"""Declaration of the source."""

from __future__ import annotations

from cityhub.adapters.kit.source import Source

INVENTORIED = "de.duisburg.city.dataset.inventoried.v1"
PUBLISHED = "de.duisburg.city.dataset.published.v1"
MODIFIED = "de.duisburg.city.dataset.modified.v1"

CITY_DATASETS = Source(
    feed="city.datasets",
    system="//city/opendata",
    format="DKAN data.json (Project Open Data 1.1, DCAT-US); CKAN action API 3; DCAT-AP.de (RDF/XML, Turtle, JSON-LD)",
    transport="http",
    event_types=(INVENTORIED, PUBLISHED, MODIFIED),
    interval_s=21_600,
    lateness_s=86_400,
    licence="dl-de/zero-2-0; simulated data: EUPL-1.2",
    attribution="Stadt Duisburg, Open Data",
    made_by=2,
)
