"""Permit files."""

from __future__ import annotations

from cityhub.adapters.city.permits.mapping import fact
from cityhub.adapters.city.permits.wire import ENTRY
from tests.unit.adapters.journals import PSEUDONYMS, everything, reading, rejects, told

LINE = {"aktenzeichen": "32-31/2026-8", "zeit": "2026-11-20T09:00:00+01:00", "art": "leitungsaufbruch", "stelle": "wbd"}
PERMIT = PSEUDONYMS.of("permit", "32-31/2026-8")


def test_a_file_is_complete_and_the_permit_issued_under_one_pseudonym() -> None:
    complete, issued = LINE | {"zustand": "unterlagen-vollstaendig"}, LINE | {"zustand": "erteilt", "weg": "e-mail"}
    found = reading(ENTRY, fact, complete, issued)
    data = {"permit": PERMIT, "kind": "trench", "office": "wbd"}
    assert [(verb, said) for verb, _, said in told(found)] == [
        ("file-completed", data),
        ("issued", data | {"channel": "email"}),
    ]
    assert {one.subject for one in found.facts} == {PERMIT}
    assert len({one.key for one in found.facts}) == 2
    assert "2026-8" not in everything(found)


def test_the_way_belongs_to_the_permit_only() -> None:
    found = reading(ENTRY, fact, LINE | {"zustand": "unterlagen-vollstaendig", "weg": "online"})
    assert "channel" not in found.facts[0].data


def test_states_between_are_counted() -> None:
    states = ("eingegangen", "nachforderung", "nachforderung", "versagt", "zurueckgenommen")
    found = reading(ENTRY, fact, *(LINE | {"zustand": state} for state in states))
    assert not found.facts
    assert found.noted == {
        "state_eingegangen": 1,
        "state_nachforderung": 2,
        "state_versagt": 1,
        "state_zurueckgenommen": 1,
    }


def test_codes_have_the_contracts_names() -> None:
    ways = ("online-durchgaengig", "online", "e-mail", "post", "telefon", "schalter")
    issued = LINE | {"zustand": "erteilt", "art": "bewohnerparkausweis", "stelle": "stadt"}
    lines = [issued | {"aktenzeichen": f"32-{number}", "weg": way} for number, way in enumerate(ways)]
    found = told(reading(ENTRY, fact, *lines))
    assert [data["channel"] for _, _, data in found] == ["online-e2e", "online", "email", "post", "phone", "counter"]
    assert {(data["kind"], data["office"]) for _, _, data in found} == {("resident-parking", "city")}


def test_unknown_codes_are_refused_by_name() -> None:
    issued = LINE | {"zustand": "erteilt"}
    wrong = [issued | {"art": "sondernutzung"}, issued | {"weg": "fax"}, LINE | {"zustand": "ruhend"}]
    found = reading(ENTRY, fact, *wrong)
    assert rejects(found) == [
        ("schema", "ereignisse[0].art"),
        ("schema", "ereignisse[1].weg"),
        ("schema", "ereignisse[2].zustand"),
    ]
