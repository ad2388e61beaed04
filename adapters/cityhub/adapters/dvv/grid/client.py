"""Asking the control room."""

from __future__ import annotations

from cityhub.adapters.dvv.grid.mapping import fact
from cityhub.adapters.dvv.grid.source import DVV_GRID
from cityhub.adapters.dvv.grid.wire import ENTRY
from cityhub.adapters.formats.journal import journal_adapter
from cityhub.adapters.kit.adapter import Adapter, Link, Tools


def connect(link: Link, tools: Tools) -> Adapter:
    """See `adapter.Connect`."""
    return journal_adapter(DVV_GRID, link, tools, ENTRY, fact)
