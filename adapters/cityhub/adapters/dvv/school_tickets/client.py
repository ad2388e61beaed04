"""Asking the ticket office."""

from __future__ import annotations

from cityhub.adapters.dvv.school_tickets.mapping import fact
from cityhub.adapters.dvv.school_tickets.source import DVV_SCHOOL_TICKETS
from cityhub.adapters.dvv.school_tickets.wire import ENTRY
from cityhub.adapters.formats.journal import journal_adapter
from cityhub.adapters.kit.adapter import Adapter, Link, Tools


def connect(link: Link, tools: Tools) -> Adapter:
    """See `adapter.Connect`."""
    return journal_adapter(DVV_SCHOOL_TICKETS, link, tools, ENTRY, fact)
