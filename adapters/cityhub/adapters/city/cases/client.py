"""Asking the Serviceportal."""

from __future__ import annotations

from cityhub.adapters.adapter import Adapter, Link, Tools
from cityhub.adapters.city.cases.mapping import fact
from cityhub.adapters.city.cases.source import CITY_CASES
from cityhub.adapters.city.cases.wire import ENTRY
from cityhub.adapters.journal import journal_adapter


def connect(link: Link, tools: Tools) -> Adapter:
    """See `adapter.Connect`."""
    return journal_adapter(CITY_CASES, link, tools, ENTRY, fact)
