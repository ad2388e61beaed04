"""What was known when, beside what is known now, on a KPI's page."""

from __future__ import annotations

from datetime import timedelta

import pytest
from msgspec import structs

from cityhub.dashboard.address import KpiPage, Missing, parse
from cityhub.kpi.definition import Catalogue
from cityhub.kpi.memory_reader import InMemoryReader
from cityhub.kpi.values import Label, WindowKind
from tests.unit.api.classes import CATALOGUE
from tests.unit.dashboard.reading import by_id, ids, nodes, page, read
from tests.unit.dashboard.world import NOW, World, value

THEN = NOW - timedelta(hours=3)
"""11:05 Uhr in Duisburg."""
AT_ELEVEN = "?asof=2026-11-23T11:05"


@pytest.fixture
def world() -> World:
    """Yesterday was 84.7 % and provisional until noon, then 90.0 % and final."""
    found = World(hours=1)
    found.reader = InMemoryReader(Catalogue({"M01": found.kpi}), found.streams)
    yesterday = value(WindowKind.DAY, NOW - timedelta(days=1), (847, 1000))
    found.reader.put([structs.replace(yesterday, label=Label.PROVISIONAL)], THEN)
    settled = value(WindowKind.DAY, NOW - timedelta(days=1), (900, 1000))
    found.reader.put([structs.replace(settled, label=Label.FINAL)], THEN + timedelta(hours=1))
    return found


def answer(world: World, query: str, lang: str = "de") -> str:
    return read(page(world, "/kpi/M01", query, lang).body, "past-answer")


def test_the_number_of_then_stands_beside_todays(world: World) -> None:
    assert answer(world, AT_ELEVEN) == (
        "Stand von 23.11.2026 11:05 Uhr: 84,7 % (vorläufig), für 22.11.2026. "
        "Heute steht dort für denselben Zeitraum: 90,0 % (endgültig). Die Zahlen haben sich seither geändert."
    )
    assert answer(world, AT_ELEVEN, "en").endswith("The numbers have changed since.")
    assert "As of 23 Nov 2026 11:05: 84.7% (provisional)" in answer(world, AT_ELEVEN, "en")


def test_what_only_settled_did_not_change(world: World) -> None:
    yesterday = value(WindowKind.DAY, NOW - timedelta(days=1), (847, 1000))
    world.reader.put([structs.replace(yesterday, label=Label.FINAL)], THEN + timedelta(hours=2))
    assert answer(world, AT_ELEVEN).endswith("Der Wert ist derselbe; er gilt heute als: endgültig.")
    assert answer(world, "?asof=2026-11-23T13:05").endswith("Seither hat sich nichts geändert.")


@pytest.mark.parametrize(
    ("query", "words"),
    [
        ("", ""),
        ("?asof=", ""),
        ("?asof=2026-11-23T11:04", "Für 23.11.2026 11:04 Uhr ist kein Wert eines vollständigen Zeitraums aufbewahrt."),
        ("?asof=2026-11-23T14:06", "23.11.2026 14:06 Uhr liegt in der Zukunft. Bitte wählen Sie einen Zeitpunkt,"),
        ("?asof=2026-11-23T10:05Z", "Stand von 23.11.2026 11:05 Uhr: 84,7 %"),
    ],
)
def test_every_question_has_an_answer(world: World, query: str, words: str) -> None:
    assert answer(world, query).replace("\u00a0", " ").startswith(words)
    assert bool(words) == bool(answer(world, query))


def test_the_form_is_a_form_with_the_rest_of_the_view(world: World) -> None:
    body = page(world, "/kpi/M01", f"{AT_ELEVEN}&span=14d&by=line").body
    form = by_id(body, "past-form")
    assert (form["props"]["action"], form["props"]["method"]) == ("/kpi/M01", "GET")
    sent = {node["props"]["name"]: node["props"]["value"] for node in nodes(form) if "name" in node["props"]}
    assert sent == {
        "asof": "2026-11-23T11:05",
        "span": "14d",
        "by": "line",
        "series": "-period",
        "lines": "period",
        "boroughs": "period",
    }
    moment = by_id(form, "past-asof")["props"]
    assert moment["inputProps"] == {"type": "datetime-local", "required": True}
    assert "Datum und Uhrzeit" in moment["label"]
    assert by_id(body, "past-answer")["props"]["role"] == "status"


def test_an_instant_is_part_of_the_address() -> None:
    asked = parse("/kpi/M01", AT_ELEVEN)
    assert isinstance(asked, KpiPage)
    assert parse(asked.path, asked.query) == asked
    for nonsense in ("yesterday", "1999-01-01", "2026-13-01", "0001-01-01T00:00"):
        assert isinstance(parse("/kpi/M01", f"?asof={nonsense}"), Missing)


def test_of_people_there_is_only_the_reason() -> None:
    city = World.of_all_classes()
    city.with_definition(structs.replace(CATALOGUE["E11"], minimum_group=10))
    body = page(city, "/kpi/E11", AT_ELEVEN).body
    assert "past-form" not in ids(body)
    assert read(body, "past-people").startswith("Diese Kennzahl handelt von Menschen. Frühere Stände werden niemandem")
