"""What the order office does about audio alerts."""

from __future__ import annotations

from cityhub.adapters.city.order_office.mapping import fact
from cityhub.adapters.city.order_office.source import CLOSED as CLOSED_TYPE
from cityhub.adapters.city.order_office.wire import ENTRY
from cityhub.sdk.conformance import violations
from cityhub.sdk.contract import load_contracts
from tests.unit.adapters.journals import reading, told

SENT = {"art": "entsandt", "alarm": "al-1", "zeit": "2026-11-20T09:05:00+01:00"}
CLOSED = {"art": "abgeschlossen", "alarm": "al-1", "zeit": "2026-11-20T09:45:00+01:00"}


def test_an_alert_is_dispatched_and_closed() -> None:
    times = {"eingang": "2026-11-20T09:00:07+01:00", "geraeusch": "2026-11-20T09:00:01.9+01:00"}
    found = reading(ENTRY, fact, SENT | times, CLOSED | {"bestaetigt": False})
    assert [(verb, data) for verb, _, data in told(found)] == [
        (
            "alert-dispatched",
            {
                "alert": "al-1",
                "received_at": "2026-11-20T08:00:07Z",
                "dispatched_at": "2026-11-20T08:05:00Z",
                "sounded_at": "2026-11-20T08:00:01Z",
            },
        ),
        ("alert-closed", {"alert": "al-1", "confirmed": False}),
    ]
    assert [(one.subject, one.key) for one in found.facts] == [
        ("al-1", ("al-1", "entsandt")),
        ("al-1", ("al-1", "abgeschlossen")),
    ]


def test_what_is_not_known_is_not_said() -> None:
    ((_, _, data),) = told(reading(ENTRY, fact, SENT))
    assert data == {"alert": "al-1", "dispatched_at": "2026-11-20T08:05:00Z"}


def test_closed_without_saying_whether_it_was_confirmed_is_refused() -> None:
    (one,) = reading(ENTRY, fact, CLOSED).facts
    (problem,) = violations(load_contracts()[CLOSED_TYPE], one.data)
    assert "data.confirmed: missing" in problem
