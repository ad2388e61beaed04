"""Asking the telematics of the collection vehicles."""

from __future__ import annotations

from cityhub.adapters.formats.journal import journal_adapter
from cityhub.adapters.kit.adapter import Adapter, Link, Tools
from cityhub.adapters.wbd.emptyings.mapping import fact
from cityhub.adapters.wbd.emptyings.source import WBD_EMPTYINGS
from cityhub.adapters.wbd.emptyings.wire import ENTRY


def connect(link: Link, tools: Tools) -> Adapter:
    """See `adapter.Connect`."""
    return journal_adapter(WBD_EMPTYINGS, link, tools, ENTRY, fact)
