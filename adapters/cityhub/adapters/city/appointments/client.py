"""Asking the appointment system."""

from __future__ import annotations

from cityhub.adapters.city.appointments.mapping import fact
from cityhub.adapters.city.appointments.source import CITY_APPOINTMENTS
from cityhub.adapters.city.appointments.wire import ENTRY
from cityhub.adapters.formats.journal import journal_adapter
from cityhub.adapters.kit.adapter import Adapter, Link, Tools


def connect(link: Link, tools: Tools) -> Adapter:
    """See `adapter.Connect`."""
    return journal_adapter(CITY_APPOINTMENTS, link, tools, ENTRY, fact)
