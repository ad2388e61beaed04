"""Repairs of GEBAG."""

from __future__ import annotations

import pytest

from cityhub.adapters.gebag.tickets.mapping import fact
from cityhub.adapters.gebag.tickets.wire import ENTRY
from tests.unit.adapters.journals import PSEUDONYMS, everything, reading, rejects, told

LINE = {"meldung": "R-2026-4711", "zeit": "2026-11-20T09:00:00+01:00", "zustand": "gemeldet"}
TICKET = PSEUDONYMS.of("ticket", "R-2026-4711")


def test_a_repair_is_opened_and_resolved_under_one_pseudonym() -> None:
    found = reading(ENTRY, fact, LINE, LINE | {"zustand": "erledigt", "gewerk": "heizung"})
    assert [(verb, said) for verb, _, said in told(found)] == [
        ("opened", {"ticket": TICKET}),
        ("resolved", {"ticket": TICKET, "trade": "heizung"}),
    ]
    assert {one.subject for one in found.facts} == {TICKET}
    assert len({one.key for one in found.facts}) == 2


def test_states_between_are_counted() -> None:
    found = reading(ENTRY, fact, *(LINE | {"zustand": state} for state in ("beauftragt", "termin", "storniert")))
    assert (found.facts, found.noted) == ([], {"state_beauftragt": 1, "state_termin": 1, "state_storniert": 1})


@pytest.mark.parametrize(("field", "value"), [("zustand", "offen"), ("gewerk", "Frau Muster ruft an"), ("gewerk", "")])
def test_unknown_states_and_written_text_are_refused(field: str, value: str) -> None:
    assert rejects(reading(ENTRY, fact, LINE | {field: value})) == [("schema", f"ereignisse[0].{field}")]


def test_neither_tenant_nor_number_leaves() -> None:
    said = LINE | {"mieter": "Erika Mustermann", "wohnung": "W-0815", "text": "Wasser tropft"}
    found = everything(reading(ENTRY, fact, said))
    assert not [word for word in ("Mustermann", "0815", "tropft", "4711") if word in found]
