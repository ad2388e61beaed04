"""Contacts of the service centre."""

from __future__ import annotations

from cityhub.adapters.city.contacts.mapping import fact
from cityhub.adapters.city.contacts.wire import ENTRY
from tests.unit.adapters.journals import PSEUDONYMS, everything, reading, rejects, told

LINE = {
    "anliegen": "A-77",
    "fassung": 1,
    "zeit": "2026-11-12T10:00:00+01:00",
    "zuerst": "bot",
    "uebergabe": True,
    "betreff": "Frage von Erika Mustermann",
}


def test_a_contact_is_told_again_when_seven_days_are_over() -> None:
    found = reading(ENTRY, fact, LINE, LINE | {"fassung": 2, "wieder_aufgenommen": False})
    contact = PSEUDONYMS.of("contact", "A-77")
    first = {"contact": contact, "version": 1, "handled_by": "bot", "handover": True}
    assert [data for _, _, data in told(found)] == [first, first | {"version": 2, "reopened_7d": False}]
    assert [(one.key, one.version, one.subject) for one in found.facts] == [
        ((contact,), "1", contact),
        ((contact,), "2", contact),
    ]
    assert "A-77" not in everything(found)
    assert "Mustermann" not in everything(found)


def test_who_handled_it_first() -> None:
    found = reading(ENTRY, fact, LINE | {"zuerst": "mensch", "uebergabe": False}, LINE | {"zuerst": "ki"})
    ((_, _, data),) = told(found)
    assert (data["handled_by"], data["handover"]) == ("person", False)
    assert rejects(found) == [("schema", "ereignisse[1].zuerst")]
