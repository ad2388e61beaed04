"""Pure: contributions in the contract's words. Rules: docs/adapters/gebag-dialogue-participation.md."""

from __future__ import annotations

from cityhub.adapters.gebag.dialogue_participation.source import SUBMITTED
from cityhub.adapters.gebag.dialogue_participation.wire import Entry
from cityhub.adapters.kit.fact import Fact
from cityhub.adapters.kit.pseudonym import Pseudonyms


def fact(path: str, entry: Entry, pseudonyms: Pseudonyms) -> Fact:
    """What a line says."""
    person = pseudonyms.of("participant", entry.process, entry.account)
    key = (pseudonyms.of("contribution", entry.process, entry.contribution),)
    data = {"pseudonym": person, "process": entry.process}
    return Fact(type=SUBMITTED, time=entry.at, subject=entry.process, key=key, data=data, path=path)
