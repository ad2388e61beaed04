"""Asking the controller of the access points."""

from __future__ import annotations

from cityhub.adapters.dvv.wifi.mapping import fact
from cityhub.adapters.dvv.wifi.source import DVV_WIFI
from cityhub.adapters.dvv.wifi.wire import ENTRY
from cityhub.adapters.formats.journal import journal_adapter
from cityhub.adapters.kit.adapter import Adapter, Link, Tools


def connect(link: Link, tools: Tools) -> Adapter:
    """See `adapter.Connect`."""
    return journal_adapter(DVV_WIFI, link, tools, ENTRY, fact)
