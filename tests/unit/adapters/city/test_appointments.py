"""Appointments at the citizens' service."""

from __future__ import annotations

from cityhub.adapters.city.appointments.mapping import fact
from cityhub.adapters.city.appointments.wire import ENTRY
from tests.unit.adapters.journals import PSEUDONYMS, everything, reading, rejects, told

LINE = {
    "vorgang": "T-4711",
    "zeit": "2026-11-20T09:14:00+01:00",
    "dienststelle": "buergerservice-mitte",
    "leistung": "reisepass",
    "name": "Erika Mustermann",
}
SLOT = {"termin": "2026-11-20T09:15:00+01:00"}
PLACE = {"office": "buergerservice-mitte", "service": "reisepass"}


def test_an_appointment_goes_its_way_under_one_pseudonym() -> None:
    came = {"angemeldet": "2026-11-20T09:10:00.9+01:00", "aufgerufen": "2026-11-20T09:14:00+01:00"}
    found = reading(
        ENTRY,
        fact,
        LINE | SLOT | {"art": "angemeldet"},
        LINE | SLOT | came | {"art": "aufgerufen"},
        LINE | {"art": "bedient", "zufriedenheit": 0.75},
        LINE | {"art": "nicht-erschienen"},
    )
    whose = PLACE | {"appointment": PSEUDONYMS.of("appointment", "T-4711")}
    slot = {"slot_start": "2026-11-20T08:15:00Z"}
    times = {"checked_in_at": "2026-11-20T08:10:00Z", "called_at": "2026-11-20T08:14:00Z"}
    assert [(verb, data) for verb, _, data in told(found)] == [
        ("checked-in", whose | slot),
        ("called", whose | slot | times),
        ("served", whose | {"satisfaction": 0.75}),
        ("no-show", whose),
    ]
    assert len({one.key for one in found.facts}) == 4
    assert not [word for word in ("4711", "Mustermann") if word in everything(found)]


def test_without_an_appointment_nothing_is_said_of_one() -> None:
    ((_, _, data),) = told(reading(ENTRY, fact, LINE | {"art": "angemeldet"}))
    assert "slot_start" not in data


def test_bookings_and_offers_are_nobodys() -> None:
    offer = {"art": "angebot", "plaetze": 30, "belegt": 28, "naechster_freier": "2026-12-01T08:00:00+01:00"}
    found = reading(ENTRY, fact, LINE | SLOT | {"art": "gebucht"}, LINE | offer)
    assert [(verb, data) for verb, _, data in told(found)] == [
        ("booked", PLACE | {"booked_at": "2026-11-20T08:14:00Z", "slot_start": "2026-11-20T08:15:00Z"}),
        ("slots-observed", PLACE | {"slots": 30, "booked": 28, "next_free_at": "2026-12-01T07:00:00Z"}),
    ]
    assert [one.subject for one in found.facts] == ["buergerservice-mitte", "buergerservice-mitte:reisepass"]


def test_an_unknown_kind_is_refused_by_name() -> None:
    found = reading(ENTRY, fact, LINE | {"art": "verschoben"})
    assert rejects(found) == [("schema", "ereignisse[0].art")]
    assert "verschoben" in found.rejects[0].detail
