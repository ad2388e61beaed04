"""Asking the parking guidance system: `GET {base}/table` once a day, `GET {base}/status?stand=<publicationTime>`."""

from __future__ import annotations

import msgspec

from cityhub.adapters.city.parking_sites.mapping import Cursor, read
from cityhub.adapters.city.parking_sites.source import CITY_PARKING_SITES
from cityhub.adapters.formats.xml_items import XML
from cityhub.adapters.kit.adapter import Adapter, Link, Tools
from cityhub.adapters.kit.http_adapter import HttpAdapter, Question


def connect(link: Link, tools: Tools) -> Adapter:
    """See `adapter.Connect`."""
    return HttpAdapter(CITY_PARKING_SITES, link, tools, read=read, ask=_question, accept=(*XML, "text/csv"))


def _question(cursor: str) -> Question:
    at = msgspec.json.decode(cursor, type=Cursor) if cursor else Cursor()
    if at.table:
        return Question(path="/table")
    return Question(path="/status", params={"stand": at.stand} if at.stand else {})
