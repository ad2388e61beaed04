"""Asking the service centre."""

from __future__ import annotations

from cityhub.adapters.city.contacts.mapping import fact
from cityhub.adapters.city.contacts.source import CITY_CONTACTS
from cityhub.adapters.city.contacts.wire import ENTRY
from cityhub.adapters.formats.journal import journal_adapter
from cityhub.adapters.kit.adapter import Adapter, Link, Tools


def connect(link: Link, tools: Tools) -> Adapter:
    """See `adapter.Connect`."""
    return journal_adapter(CITY_CONTACTS, link, tools, ENTRY, fact)
