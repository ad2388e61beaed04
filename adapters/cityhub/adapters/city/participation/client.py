"""Asking the platform: `POST {base}/api` of Decidim; where the address ends with `/graphql`, as that of CONSUL
Democracy does, the address itself."""

from __future__ import annotations

from typing import Any

import msgspec

from cityhub.adapters.city.participation import consul
from cityhub.adapters.city.participation.mapping import Cursor, page_of, read, read_consul
from cityhub.adapters.city.participation.source import CITY_PARTICIPATION
from cityhub.adapters.city.participation.wire import COMPONENTS, PROPOSALS
from cityhub.adapters.kit.adapter import Adapter, Link, Tools
from cityhub.adapters.kit.fact import Reading
from cityhub.adapters.kit.http_adapter import HttpAdapter, PagedAdapter, Question

_AT_ONCE = 50


def connect(link: Link, tools: Tools) -> Adapter:
    """See `adapter.Connect`."""

    def said(body: bytes, memory: Any, *_: object) -> Reading:
        return read(body, memory, tools.pseudonyms)

    def said_by_consul(cursor: str, body: bytes, memory: Any, *_: object) -> Reading:
        return read_consul(cursor, body, memory, tools.pseudonyms)

    if link.url.endswith("/graphql"):
        return PagedAdapter(CITY_PARTICIPATION, link, tools, read=said_by_consul, ask=_question_to_consul)
    return HttpAdapter(CITY_PARTICIPATION, link, tools, read=said, ask=_question)


def _question(cursor: str) -> Question:
    at = msgspec.json.decode(cursor, type=Cursor) if cursor else Cursor()
    if not at.component:
        return Question("/api", body=msgspec.json.encode({"query": COMPONENTS}))
    variables = {"id": at.component, "first": _AT_ONCE, "after": at.after}
    return Question("/api", body=msgspec.json.encode({"query": PROPOSALS, "variables": variables}))


def _question_to_consul(cursor: str) -> Question:
    at = page_of(cursor)
    return Question(body=msgspec.json.encode({"query": consul.query(at.collection, at.after)}))
