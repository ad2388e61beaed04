"""Asking the order office."""

from __future__ import annotations

from cityhub.adapters.city.order_office.mapping import fact
from cityhub.adapters.city.order_office.source import CITY_ORDER_OFFICE
from cityhub.adapters.city.order_office.wire import ENTRY
from cityhub.adapters.formats.journal import journal_adapter
from cityhub.adapters.kit.adapter import Adapter, Link, Tools


def connect(link: Link, tools: Tools) -> Adapter:
    """See `adapter.Connect`."""
    return journal_adapter(CITY_ORDER_OFFICE, link, tools, ENTRY, fact)
