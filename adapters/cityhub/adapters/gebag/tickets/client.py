"""Asking the tenants' app."""

from __future__ import annotations

from cityhub.adapters.formats.journal import journal_adapter
from cityhub.adapters.gebag.tickets.mapping import fact
from cityhub.adapters.gebag.tickets.source import GEBAG_TICKETS
from cityhub.adapters.gebag.tickets.wire import ENTRY
from cityhub.adapters.kit.adapter import Adapter, Link, Tools


def connect(link: Link, tools: Tools) -> Adapter:
    """See `adapter.Connect`."""
    return journal_adapter(GEBAG_TICKETS, link, tools, ENTRY, fact)
