"""Asking the tenants' app."""

from __future__ import annotations

from cityhub.adapters.adapter import Adapter, Link, Tools
from cityhub.adapters.gebag.tickets.mapping import fact
from cityhub.adapters.gebag.tickets.source import GEBAG_TICKETS
from cityhub.adapters.gebag.tickets.wire import ENTRY
from cityhub.adapters.journal import journal_adapter


def connect(link: Link, tools: Tools) -> Adapter:
    """See `adapter.Connect`."""
    return journal_adapter(GEBAG_TICKETS, link, tools, ENTRY, fact)
