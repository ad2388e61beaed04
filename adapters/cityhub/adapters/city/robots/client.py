"""Asking the orchestrator: `GET {base}/odata/Jobs`."""

from __future__ import annotations

import msgspec

from cityhub.adapters.city.robots.mapping import Cursor, read
from cityhub.adapters.city.robots.source import CITY_ROBOTS
from cityhub.adapters.city.robots.wire import FIELDS
from cityhub.adapters.kit.adapter import Adapter, Link, Tools
from cityhub.adapters.kit.http_adapter import HttpAdapter, Question

_AT_ONCE = 100


def connect(link: Link, tools: Tools) -> Adapter:
    """See `adapter.Connect`."""
    return HttpAdapter(CITY_ROBOTS, link, tools, read=read, ask=_question)


def _question(cursor: str) -> Question:
    at = msgspec.json.decode(cursor, type=Cursor) if cursor else Cursor()
    ended = f"EndTime ge {at.since}" if at.since else "EndTime ne null"
    params = {"$filter": ended, "$orderby": "EndTime asc,Key asc", "$top": str(_AT_ONCE), "$skip": str(at.skip)}
    return Question("/odata/Jobs", params | {"$select": FIELDS})
