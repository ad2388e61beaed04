"""Asking the portal: its address says what it speaks.

`{base}/data.json` of DKAN; `{base}/package_search` where the address ends with `/api/3/action`, as CKAN's does; the
address itself where it ends like a catalogue in RDF.
"""

from __future__ import annotations

from urllib.parse import parse_qsl

from msgspec.structs import replace

from cityhub.adapters.city.datasets.mapping import position, read, read_ckan, read_dcat
from cityhub.adapters.city.datasets.source import CITY_DATASETS
from cityhub.adapters.formats.xml_items import XML
from cityhub.adapters.kit.adapter import Adapter, Link, Tools
from cityhub.adapters.kit.download import JSON
from cityhub.adapters.kit.http_adapter import HttpAdapter, PagedAdapter, Question

_ACTION = ("/api/3/action", "/api/action")
_RDF = (".rdf", ".xml", ".ttl", ".jsonld")
_RDF_TYPES = ("application/rdf+xml", "text/turtle", "application/ld+json", *XML, *JSON)
_RDF_BYTES = 8 * 1024 * 1024
_AT_ONCE = "100"


def connect(link: Link, tools: Tools) -> Adapter:
    """See `adapter.Connect`. The address may choose, `https://…/api/3/action?fq=organization:duisburg`."""
    base, _, query = link.url.partition("?")
    chosen, place = dict(parse_qsl(query)), replace(link, url=base)

    def page(cursor: str) -> Question:
        return Question(params=chosen | ({"page": cursor} if cursor else {}))

    def search(cursor: str) -> Question:
        at = position(cursor)
        params = chosen | {"sort": "metadata_modified asc, id asc", "rows": _AT_ONCE, "start": str(at.start)}
        filters = [f"({chosen['fq']})"] if "fq" in chosen else []
        filters += [f"metadata_modified:[{at.since} TO *]"] if at.since else []
        return Question("/package_search", params | ({"fq": " AND ".join(filters)} if filters else {}))

    def catalogue(_: str) -> Question:
        return Question("/data.json", chosen)

    if base.endswith(_ACTION):
        return PagedAdapter(CITY_DATASETS, place, tools, read=read_ckan, ask=search)
    if base.endswith(_RDF):
        return PagedAdapter(
            CITY_DATASETS, place, tools, read=read_dcat, ask=page, accept=_RDF_TYPES, max_bytes=_RDF_BYTES
        )
    return HttpAdapter(CITY_DATASETS, place, tools, read=read, ask=catalogue)
