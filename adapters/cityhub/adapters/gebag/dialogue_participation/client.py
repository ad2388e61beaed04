"""Asking the dialogue platform."""

from __future__ import annotations

from cityhub.adapters.formats.journal import journal_adapter
from cityhub.adapters.gebag.dialogue_participation.mapping import fact
from cityhub.adapters.gebag.dialogue_participation.source import GEBAG_DIALOGUE_PARTICIPATION
from cityhub.adapters.gebag.dialogue_participation.wire import ENTRY
from cityhub.adapters.kit.adapter import Adapter, Link, Tools


def connect(link: Link, tools: Tools) -> Adapter:
    """See `adapter.Connect`."""
    return journal_adapter(GEBAG_DIALOGUE_PARTICIPATION, link, tools, ENTRY, fact)
