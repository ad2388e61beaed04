"""Asking for events by when they were created: `GET {base}/v3/events?eventCreatedDateTime:gte=<cursor>`."""

from __future__ import annotations

from cityhub.adapters.duisport.track_and_trace.mapping import PAGE, read
from cityhub.adapters.duisport.track_and_trace.source import DUISPORT_TRACK_AND_TRACE
from cityhub.adapters.kit.adapter import Adapter, Link, Tools
from cityhub.adapters.kit.http_adapter import HttpAdapter, Question


def connect(link: Link, tools: Tools) -> Adapter:
    """See `adapter.Connect`."""
    return HttpAdapter(DUISPORT_TRACK_AND_TRACE, link, tools, read=read, ask=_question)


def _question(cursor: str) -> Question:
    begin = {"eventCreatedDateTime:gte": cursor} if cursor else {}
    return Question("/v3/events", {"eventTypes": "EQUIPMENT", "limit": str(PAGE)} | begin)
