"""Addresses are untrusted: every one leads to a page or to a message, never to an error."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cityhub.dashboard.address import (
    AccessibilityPage,
    Address,
    DataPage,
    EventsPage,
    FieldPage,
    KpiPage,
    Missing,
    Overview,
    parse,
)
from cityhub.dashboard.address_query import Order
from cityhub.dashboard.asked import Asked
from cityhub.dashboard.sandbox_address import SandboxEventsPage, SandboxPage
from cityhub.kpi.values import WindowKind
from tests.unit.dashboard.reading import shown
from tests.unit.dashboard.world import World


@pytest.mark.parametrize(
    ("path", "query", "expected"),
    [
        ("/", "", Overview()),
        ("", None, Overview()),
        ("/data", "?x=1", DataPage()),
        ("/accessibility/", "", AccessibilityPage()),
        ("/field/wohnen", "", FieldPage("wohnen")),
        ("/sandbox/", "", SandboxPage()),
        ("/sandbox/demo-2", "?lang=en", SandboxPage("demo-2")),
        ("/kpi/M01", "?lang=en", KpiPage("M01")),
        ("/kpi/I08", "?lamps=16", KpiPage("I08", lamps=16)),
        ("/kpi/I08/events", "?subject=lamp-7&page=2", EventsPage("I08", page=2, subject="lamp-7")),
        ("/kpi/M01", "?span=14d&series=value&lines=-n", KpiPage("M01", "14d", Order("value"), Order("n", True))),
    ],
)
def test_known_addresses(path: str, query: str, expected: Address) -> None:
    assert parse(path, query) == expected


def test_a_view_survives_its_own_address() -> None:
    page = KpiPage("M01", "30d", Order("n"), Order("value", True), lamps=3)
    assert parse(page.path, page.query) == page
    events = EventsPage("I08", excluded=True, page=4, subject="lamp 7&page=1")
    assert parse(events.path, events.query) == events
    asked = Asked(WindowKind.HOUR, datetime(2026, 11, 24, 7, tzinfo=UTC), "STB03")
    behind = SandboxEventsPage("demo", "parking-15", asked, excluded=True, page=2)
    assert parse(*behind.address.split("?")) == behind


@pytest.mark.parametrize(
    ("path", "query"),
    [
        ("/nope", ""),
        ("/kpi", ""),
        ("/kpi/M01/x", ""),
        ("/field/wohnen/x", ""),
        ("/sandbox/Demo", ""),
        ("/sandbox/..%2fx", ""),
        ("/sandbox/demo/x", ""),
        ("/sandbox/demo/events", ""),
        ("/sandbox/demo/events", "?kpi=M07&window=hour"),
        ("/sandbox/demo/events", "?kpi=../M07&window=hour&at=2026-11-24T07:00:00Z"),
        ("/sandbox/demo/events", "?kpi=M07&window=hour&at=2026-11-24T07:00:00Z&page=x"),
        ("/kpi/M01", "?span=1y"),
        ("/kpi/M01", "?series=hash"),
        ("/kpi/I08", "?lamps=-1"),
        ("/kpi/I08", "?lamps=1234567"),
        ("/kpi/M01", "?lines=--value"),
        ({"a": 1}, ""),
        (None, None),
        ("/" + "x" * 600, ""),
    ],
)
def test_unknown_addresses_become_a_message(path: object, query: object) -> None:
    assert isinstance(parse(path, query), Missing)


@given(
    st.one_of(st.text(), st.none(), st.integers(), st.lists(st.text())), st.one_of(st.text(), st.none(), st.binary())
)
def test_no_input_raises(path: object, query: object) -> None:
    parse(path, query)
    parse(f"/kpi/{path}", query)


@pytest.mark.parametrize(
    ("path", "query", "words"),
    [
        ("/kpi/Z99", "", "Diese Kennzahl gibt es nicht, oder sie ist nicht öffentlich."),
        ("/kpi/<script>", "", "Diese Kennzahl gibt es nicht"),
        ("/field/sport", "", "Dieses Handlungsfeld gibt es nicht."),
        ("/kpi/M01", "?span=1y", "Diesen Zeitraum oder diese Sortierung gibt es nicht."),
        ("/nope", "", "Bitte prüfen Sie die Schreibweise"),
    ],
)
def test_messages_say_what_to_do_and_lead_back(world: World, path: str, query: str, words: str) -> None:
    text = shown(world, path, query)
    assert words in text
    assert "Übersicht" in text
    assert "<script>" not in text
