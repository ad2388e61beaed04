"""Asking the context broker: `GET {base}/temporal/entities?type=Streetlight&timerel=after&timeAt=<instant>`."""

from __future__ import annotations

from datetime import datetime, timedelta

from cityhub.adapters.dvv.lamp_energy.mapping import ENERGY, HISTORY, STREETLIGHT, read
from cityhub.adapters.dvv.lamp_energy.source import DVV_LAMP_ENERGY
from cityhub.adapters.formats.ngsi_ld import MEDIA_TYPES
from cityhub.adapters.kit.adapter import Adapter, Link, Tools
from cityhub.adapters.kit.fact import utc
from cityhub.adapters.kit.http_adapter import HttpAdapter, Question

_LATE = timedelta(seconds=DVV_LAMP_ENERGY.lateness_s)
_MAX_BYTES = 64 * 1024 * 1024


def connect(link: Link, tools: Tools) -> Adapter:
    """See `adapter.Connect`."""

    def question(cursor: str) -> Question:
        """What is late is asked for again; what was told is known by then."""
        since = tools.clock() - HISTORY
        if cursor:
            since = max(since, datetime.fromisoformat(cursor) - _LATE)
        asked = {"type": STREETLIGHT, "attrs": ENERGY, "timerel": "after", "timeAt": str(utc(since))}
        return Question("/temporal/entities", asked)

    return HttpAdapter(DVV_LAMP_ENERGY, link, tools, read=read, ask=question, accept=MEDIA_TYPES, max_bytes=_MAX_BYTES)
