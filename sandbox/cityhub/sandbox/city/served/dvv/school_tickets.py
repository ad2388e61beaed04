"""The ticket office: docs/adapters/dvv-school-tickets.md."""

from __future__ import annotations

from cityhub.sandbox.city.served.case_number import as_pseudonym, case_number
from cityhub.sandbox.city.served.journal import journal, local
from cityhub.sandbox.city.streams.story import Told


def _line(told: Told) -> dict[str, object]:
    return {"vorgang": str(case_number(told)), "ausgestellt": local(told.time)}


SERVED = journal("dvv.school-tickets", ("school-tickets",), _line, as_pseudonym)
