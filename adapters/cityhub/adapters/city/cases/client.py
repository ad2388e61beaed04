"""Asking the Serviceportal."""

from __future__ import annotations

from cityhub.adapters.city.cases.mapping import fact
from cityhub.adapters.city.cases.source import CITY_CASES
from cityhub.adapters.city.cases.wire import ENTRY
from cityhub.adapters.formats.journal import journal_adapter
from cityhub.adapters.kit.adapter import Adapter, Link, Tools


def connect(link: Link, tools: Tools) -> Adapter:
    """See `adapter.Connect`."""
    return journal_adapter(CITY_CASES, link, tools, ENTRY, fact)
