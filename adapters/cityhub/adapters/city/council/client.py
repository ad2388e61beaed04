"""Asking the council information system: its address, then the lists that it names, at the same host."""

from __future__ import annotations

from functools import partial
from urllib.parse import parse_qsl, urlsplit

from msgspec.structs import replace

from cityhub.adapters.city.council.mapping import read, walk_of
from cityhub.adapters.city.council.source import CITY_COUNCIL
from cityhub.adapters.kit.adapter import Adapter, Link, Tools
from cityhub.adapters.kit.http_adapter import PagedAdapter, Question


def connect(link: Link, tools: Tools) -> Adapter:
    """See `adapter.Connect`. The address is that of the System, or of the Body of one municipality among others."""
    base = urlsplit(link.url)
    start = f"{base.path}?{base.query}" if base.query else base.path

    def question(cursor: str) -> Question:
        at = walk_of(cursor)
        path, _, query = (at.address or start).partition("?")
        params = dict(parse_qsl(query, keep_blank_values=True))
        if at.kind == "papers" and at.page == 0:
            params |= {"modified_since": at.since, "omit_internal": "true"}
        return Question(path, params)

    place = replace(link, url=f"{base.scheme}://{base.netloc}")
    return PagedAdapter(CITY_COUNCIL, place, tools, read=partial(read, base.netloc), ask=question)
