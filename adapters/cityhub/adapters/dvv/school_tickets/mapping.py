"""Pure: issued tickets in the contract's words. Rules: docs/adapters/dvv-school-tickets.md."""

from __future__ import annotations

from cityhub.adapters.dvv.school_tickets.source import ISSUED
from cityhub.adapters.dvv.school_tickets.wire import Entry
from cityhub.adapters.kit.fact import Fact
from cityhub.adapters.kit.pseudonym import Pseudonyms, case_pseudonym


def fact(path: str, entry: Entry, _: Pseudonyms) -> Fact:
    """What a line says."""
    case = case_pseudonym(entry.case)
    return Fact(type=ISSUED, time=entry.at, subject=case, key=(case,), data={"case_id": case}, path=path)
