"""Asking an owner: `GET {base}?stand=<publicationTime>` is the publication after that one, or still that one.

There may be several addresses, such as the city's portal and those of motorways, where `stand` is unknown.
"""

from __future__ import annotations

from functools import partial

from cityhub.adapters.formats.xml_items import XML
from cityhub.adapters.kit.adapter import Adapter, Connect, Link, Tools
from cityhub.adapters.kit.download import JSON
from cityhub.adapters.kit.http_adapter import HttpAdapter, Question
from cityhub.adapters.kit.several import connect_all
from cityhub.adapters.kit.source import Source
from cityhub.adapters.roadworks.mapping import reader

_ACCEPT = (*XML, "application/geo+json", *JSON)


def connecting(source: Source) -> Connect:
    """See `adapter.Connect`."""

    def one(link: Link, tools: Tools) -> Adapter:
        return HttpAdapter(source, link, tools, read=reader(source), ask=_question, accept=_ACCEPT)

    return partial(connect_all, one)


def _question(cursor: str) -> Question:
    return Question(params={"stand": cursor} if cursor else {})
