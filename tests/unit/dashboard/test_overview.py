"""The overview by state of its numbers, in the words that people read."""

from __future__ import annotations

from datetime import timedelta

from msgspec import structs

from cityhub.kpi.definition import Target
from cityhub.sdk.principal import Principal
from tests.unit.dashboard.reading import by_id, ids, nodes, page, read, shown
from tests.unit.dashboard.world import NOW, World, feed

FIELDS = ("breitband", "e-government", "wirtschaft", "mobilitaet", "wohnen", "infrastruktur", "bildung")


def test_seven_fields_in_their_order_and_six_say_that_they_have_no_data(world: World) -> None:
    body = page(world, "/").body
    cards = [key for key in ids(body) if key.removeprefix("field-") in FIELDS]
    assert cards == [f"field-{name}" for name in FIELDS]
    assert [read(body, card).endswith("Noch keine Daten") for card in cards] == [
        True,
        True,
        True,
        False,
        True,
        True,
        True,
    ]


def test_the_lead_row_shows_value_period_status_state_and_simulation(world: World) -> None:
    body = page(world, "/").body
    words = read(body, "lead-M01")
    assert words.startswith("Pünktlichkeit der DVG 84,7 % gestern heute bisher: 84,9 %")
    assert "ohne Ziel" in words
    assert "Stand 14:04 Uhr · DVV · alle 30 s" in words
    assert "Simulation" in words
    assert by_id(body, "lead-M01")["props"]["href"] == "/kpi/M01"


def test_the_lead_row_is_one_link_with_one_name(world: World) -> None:
    name = by_id(page(world, "/").body, "lead-M01")["props"]["aria-label"]
    assert name == "Pünktlichkeit der DVG gestern: 84,7 Prozent, ohne Ziel, Stand 14:04\u00a0Uhr, Simulation"
    english = by_id(page(world, "/", lang="en").body, "lead-M01")["props"]["aria-label"]
    assert english == "DVG punctuality yesterday: 84.7 percent, no target, as of 14:04, Simulation"


def test_an_overdue_source_is_a_warning_with_its_age(world: World) -> None:
    world.feeds = [feed(NOW, checkpoint_at=NOW - timedelta(hours=2, minutes=3))]
    assert "Stand 12:02 Uhr · DVV · alle 30 s überfällig seit 2 Stunden" in read(page(world, "/").body, "lead-M01")
    assert "überfällig seit 2 Stunden" in read(page(world, "/").body, "partners")


def test_a_reached_target_is_said_in_words(world: World) -> None:
    world.with_definition(structs.replace(world.kpi, target=Target(value=80.0, source="Rat", since="2026-01-01")))
    assert "im Ziel" in read(page(world, "/").body, "lead-M01")
    assert "1 Kennzahl: 1 im Ziel" in shown(world, "/")


def test_an_empty_hub_claims_nothing() -> None:
    body = page(World(hours=0), "/").body
    words = read(body, "lead-M01")
    assert "Noch keine Daten" in words
    assert "keine Daten" in by_id(body, "field-mobilitaet-counts")["props"]["children"]
    assert "Quelle: DVV, erwartet alle 30 s" in words
    assert "%" not in words
    assert "Noch kein Vergleich möglich" in read(body, "changes")
    assert "Es ist noch keine Quelle angeschlossen." in read(body, "partners")
    assert "Simulation" not in shown(World(hours=0), "/")


def test_what_changed_needs_two_days_that_were_recorded_completely() -> None:
    assert "Noch kein Vergleich möglich" in read(page(World(hours=48), "/").body, "changes")
    words = read(page(World(hours=24 * 5), "/").body, "changes")
    assert words.startswith("Was hat sich zuletzt geändert? Pünktlichkeit der DVG: 84,7 % (gestern), ")
    assert "zum Vortag" in words


def test_simulated_numbers_are_announced_above_everything(world: World) -> None:
    assert shown(world, "/").startswith("Simulation: Die gezeigten Zahlen stammen aus nachgebildeten Daten")
    for value in list(world.reader._values.values()):
        world.reader.put([structs.replace(value, synthetic_n=0)])
    assert "Simulation" not in shown(world, "/")


def test_kpis_that_are_not_public_show_only_to_those_who_may_see_them(world: World) -> None:
    world.with_definition(structs.replace(world.kpi, id="W09", field="wohnen", audience="city", owner="gebag"))
    assert "lead-W09" not in ids(page(world, "/").body)
    assert "nicht öffentlich" in shown(world, "/kpi/W09")
    world.viewer = Principal(subject="1", roles=frozenset({"leadership"}))
    assert "lead-W09" in ids(page(world, "/").body)
    assert "nicht öffentlich" not in shown(world, "/kpi/W09")


def test_a_field_shows_its_kpis_as_tiles_or_says_that_nobody_delivers(world: World) -> None:
    tile = by_id(page(world, "/field/mobilitaet").body, "tile-M01")
    pictures = [node["props"] for node in nodes(tile) if node["type"] == "Img"]
    assert pictures[0]["src"].startswith("data:image/svg+xml,")
    assert pictures[0]["alt"].replace("\u00a0", " ").startswith("14 Tage: 84,")
    assert "liefert noch niemand Daten" in shown(world, "/field/wohnen")


def test_english_is_complete_on_the_page(world: World) -> None:
    words = shown(world, "/", lang="en")
    assert "Mobility" in words
    assert "No data yet" in words
    assert not {"Uhr", "gestern", "Daten", "Ziel"} & set(words.replace(",", " ").split())
