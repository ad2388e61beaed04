"""Asking the dialogue platform."""

from __future__ import annotations

from cityhub.adapters.adapter import Adapter, Link, Tools
from cityhub.adapters.gebag.dialogue_participation.mapping import fact
from cityhub.adapters.gebag.dialogue_participation.source import GEBAG_DIALOGUE_PARTICIPATION
from cityhub.adapters.gebag.dialogue_participation.wire import ENTRY
from cityhub.adapters.journal import journal_adapter


def connect(link: Link, tools: Tools) -> Adapter:
    """See `adapter.Connect`."""
    return journal_adapter(GEBAG_DIALOGUE_PARTICIPATION, link, tools, ENTRY, fact)
