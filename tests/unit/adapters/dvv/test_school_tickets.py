"""Tickets for the way to school."""

from __future__ import annotations

from uuid import UUID

from cityhub.adapters.dvv.school_tickets.mapping import fact
from cityhub.adapters.dvv.school_tickets.wire import ENTRY
from cityhub.adapters.kit.pseudonym import case_pseudonym
from tests.unit.adapters.journals import everything, reading, rejects, told

CASE = "0f8fad5b-d9cb-469f-a165-70867728950e"
LINE = {"vorgang": CASE, "ausgestellt": "2026-11-20T09:00:00+01:00", "inhaber": "Erika Mustermann"}


def test_a_ticket_has_the_pseudonym_that_the_citys_application_has() -> None:
    found = reading(ENTRY, fact, LINE, LINE | {"vorgang": CASE.upper()})
    case = case_pseudonym(UUID(CASE))
    assert [data for _, _, data in told(found)] == [{"case_id": case}]
    assert [(one.subject, one.key) for one in found.facts] == [(case, (case,))]
    assert found.noted == {"repeated": 1}
    assert CASE not in everything(found)
    assert "Mustermann" not in everything(found)


def test_a_number_that_could_be_guessed_is_refused() -> None:
    found = reading(ENTRY, fact, LINE | {"vorgang": "2026-4711"})
    assert rejects(found) == [("schema", "ereignisse[0].vorgang")]
