"""Access points of the free WLAN and its sessions."""

from __future__ import annotations

from typing import Any

import msgspec
import pytest

from cityhub.adapters.dvv.wifi.mapping import fact
from cityhub.adapters.dvv.wifi.wire import ENTRY
from tests.unit.adapters.journals import PSEUDONYMS, everything, reading, rejects, told

STATUS = {
    "art": "zugangspunkt",
    "zugangspunkt": "ap-1",
    "zeit": "2026-11-20T07:00:00+01:00",
    "zustand": "in-betrieb",
    "flaeche_m2": 2400,
}
MAC = "02:1c:42:aa:bb:cc"
SESSION = {
    "art": "sitzung-beendet",
    "zugangspunkt": "ap-1",
    "zeit": "2026-11-20T07:00:00+01:00",
    "sitzung": f"{MAC}-4711",
    "geraet": MAC,
    "benutzer": "Erika Muster",
}


@pytest.mark.parametrize(("said", "status"), [("in-betrieb", "up"), ("gestoert", "down"), ("abgebaut", "removed")])
def test_an_access_point_says_how_it_is_and_what_it_covers(said: str, status: str) -> None:
    found = reading(ENTRY, fact, STATUS | {"zustand": said})
    ((verb, time, data),) = told(found)
    assert (verb, time.isoformat()) == ("ap-status-changed", "2026-11-20T07:00:00+01:00")
    assert data == {"access_point": "ap-1", "status": status, "covered_m2": 2400}
    assert (found.facts[0].subject, found.facts[0].key) == ("ap-1", ("ap-1", "2026-11-20T06:00:00Z", said))


def test_two_states_of_one_instant_are_two() -> None:
    assert len(reading(ENTRY, fact, STATUS, STATUS | {"zustand": "gestoert"}).facts) == 2


def test_a_session_is_counted_and_nothing_of_it_leaves() -> None:
    found = reading(ENTRY, fact, SESSION, SESSION, SESSION | {"sitzung": "andere"})
    assert [(verb, data) for verb, _, data in told(found)] == [("session-closed", {"access_point": "ap-1"})] * 2
    assert found.noted == {"repeated": 1}
    assert found.facts[0].key == ("ap-1", PSEUDONYMS.of("wifi-session", f"{MAC}-4711"))
    for secret in (MAC, "4711", "Muster"):
        assert secret not in everything(found)


@pytest.mark.parametrize(
    ("line", "path"),
    [
        (STATUS | {"zustand": "wartung"}, ".zustand"),
        (STATUS | {"flaeche_m2": 2400.5}, ".flaeche_m2"),
        (STATUS | {"art": "sitzung-begonnen"}, ".art"),
        ({name: value for name, value in SESSION.items() if name != "sitzung"}, ""),
    ],
)
def test_what_is_refused_costs_no_other(line: dict[str, Any], path: str) -> None:
    found = reading(ENTRY, fact, line, STATUS)
    assert rejects(found) == [("schema", f"ereignisse[0]{path}")]
    assert len(found.facts) == 1


def test_what_is_refused_of_a_session_names_no_device() -> None:
    bad = msgspec.json.encode(SESSION | {"zeit": MAC, "sitzung": 4711})
    found = reading(ENTRY, fact, msgspec.json.decode(bad))
    assert found.rejects
    assert MAC not in everything(found)
