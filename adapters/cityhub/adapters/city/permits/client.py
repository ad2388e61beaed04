"""Asking the permit files."""

from __future__ import annotations

from cityhub.adapters.city.permits.mapping import fact
from cityhub.adapters.city.permits.source import CITY_PERMITS
from cityhub.adapters.city.permits.wire import ENTRY
from cityhub.adapters.formats.journal import journal_adapter
from cityhub.adapters.kit.adapter import Adapter, Link, Tools


def connect(link: Link, tools: Tools) -> Adapter:
    """See `adapter.Connect`."""
    return journal_adapter(CITY_PERMITS, link, tools, ENTRY, fact)
