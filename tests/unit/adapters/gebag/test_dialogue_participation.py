"""Contributions to GEBAG's dialogues."""

from __future__ import annotations

from cityhub.adapters.gebag.dialogue_participation.mapping import fact
from cityhub.adapters.gebag.dialogue_participation.wire import ENTRY
from tests.unit.adapters.journals import everything, reading, told

LINE = {"beitrag": "b-9001", "zeit": "2026-11-20T09:00:00+01:00", "verfahren": "mieterdialog-1", "konto": "k-8002"}


def test_a_person_has_one_pseudonym_in_a_process_and_another_one_in_the_next() -> None:
    other = LINE | {"beitrag": "b-9002"}
    elsewhere = LINE | {"verfahren": "mieterdialog-2"}
    found = reading(ENTRY, fact, LINE, other, elsewhere)
    names = [data["pseudonym"] for _, _, data in told(found)]
    assert names[0] == names[1] != names[2]
    assert [data["process"] for _, _, data in told(found)] == ["mieterdialog-1"] * 2 + ["mieterdialog-2"]
    assert [one.subject for one in found.facts] == ["mieterdialog-1"] * 2 + ["mieterdialog-2"]
    assert len({one.key for one in found.facts}) == 3


def test_neither_author_nor_text_nor_numbers_leave() -> None:
    said = LINE | {"name": "Erika Mustermann", "text": "Mehr Bänke"}
    found = everything(reading(ENTRY, fact, said))
    assert not [word for word in ("Mustermann", "Bänke", "k-8002", "b-9001") if word in found]
