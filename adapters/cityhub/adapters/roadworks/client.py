"""Asking an owner: `GET {base}?stand=<publicationTime>` is the publication after that one, or still that one."""

from __future__ import annotations

from cityhub.adapters.adapter import Adapter, Connect, Link, Tools
from cityhub.adapters.download import JSON
from cityhub.adapters.http_adapter import HttpAdapter, Question
from cityhub.adapters.roadworks.mapping import reader
from cityhub.adapters.source import Source
from cityhub.adapters.xml_items import XML

_ACCEPT = (*XML, "application/geo+json", *JSON)


def connecting(source: Source) -> Connect:
    """See `adapter.Connect`."""

    def connect(link: Link, tools: Tools) -> Adapter:
        return HttpAdapter(source, link, tools, read=reader(source), ask=_question, accept=_ACCEPT)

    return connect


def _question(cursor: str) -> Question:
    return Question(params={"stand": cursor} if cursor else {})
