"""Asking the controller of the access points."""

from __future__ import annotations

from cityhub.adapters.adapter import Adapter, Link, Tools
from cityhub.adapters.dvv.wifi.mapping import fact
from cityhub.adapters.dvv.wifi.source import DVV_WIFI
from cityhub.adapters.dvv.wifi.wire import ENTRY
from cityhub.adapters.journal import journal_adapter


def connect(link: Link, tools: Tools) -> Adapter:
    """See `adapter.Connect`."""
    return journal_adapter(DVV_WIFI, link, tools, ENTRY, fact)
