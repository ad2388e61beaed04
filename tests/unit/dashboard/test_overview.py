"""The overview by state of its numbers, in the words that people read."""

from __future__ import annotations

import json
from datetime import date, timedelta

from msgspec import structs

from cityhub.dashboard.address import parse
from cityhub.dashboard.area import Area
from cityhub.dashboard.render import render
from cityhub.kpi.definition import Target
from cityhub.kpi.values import WindowKind
from cityhub.sdk.principal import Principal
from cityhub.sdk.text import Text
from tests.unit.dashboard.reading import by_id, ids, nodes, page, read, shown, text, view
from tests.unit.dashboard.world import NOW, World, feed, value

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
    assert words == "Pünktlichkeit der DVG 84,7 % ohne Ziel gestern Simulation"
    assert by_id(body, "lead-M01")["props"]["href"] == "/kpi/M01"


def test_the_lead_row_is_one_link_with_one_name(world: World) -> None:
    name = by_id(page(world, "/").body, "lead-M01")["props"]["aria-label"]
    assert name == "Pünktlichkeit der DVG gestern: 84,7 Prozent, ohne Ziel, Stand 14:04\u00a0Uhr, Simulation"
    english = by_id(page(world, "/", lang="en").body, "lead-M01")["props"]["aria-label"]
    assert english == "DVG punctuality yesterday: 84.7 percent, no target, as of 14:04, Simulation"


def test_an_overdue_source_is_a_warning_with_its_age(world: World) -> None:
    world.feeds = [feed(NOW, checkpoint_at=NOW - timedelta(hours=2, minutes=3))]
    assert "überfällig seit 2 Stunden" in read(page(world, "/").body, "lead-M01")
    assert "DVV 2 von 2 überfällig, seit 2 Stunden" in read(page(world, "/").body, "partners")


def test_a_reached_target_is_said_in_words(world: World) -> None:
    world.with_definition(structs.replace(world.kpi, target=Target(value=80.0, source="Rat", since=date(2026, 1, 1))))
    assert "im Ziel" in read(page(world, "/").body, "lead-M01")
    assert "1 Kennzahl: 1 im Ziel" in shown(world, "/")


def test_an_empty_hub_claims_nothing() -> None:
    body = page(World(hours=0), "/").body
    words = read(body, "lead-M01")
    assert "Noch keine Daten" in words
    assert read(body, "field-mobilitaet-counts") == "1 Kennzahl: 1 keine Daten"
    assert "%" not in words
    assert "Noch kein Vergleich möglich" in read(body, "changes")
    assert "Es ist noch keine Quelle angeschlossen." in read(body, "partners")
    assert "Simulation" not in shown(World(hours=0), "/")


def test_what_changed_needs_two_days_that_were_recorded_completely() -> None:
    assert "Noch kein Vergleich möglich" in read(page(World(hours=48), "/").body, "changes")
    world = World(hours=24 * 5)
    world.reader.put([value(WindowKind.DAY, NOW - timedelta(days=2), (900, 1000))])
    words = read(page(world, "/").body, "changes")
    assert words == "Was hat sich seit gestern geändert? Pünktlichkeit der DVG : 90,0 % → 84,7 % (−5,3 Pkt.)"


def test_simulated_numbers_are_announced_above_everything(world: World) -> None:
    assert shown(world, "/").startswith("Simulation: Die gezeigten Zahlen stammen aus nachgebildeten Daten")
    for one in list(world.reader._values.values()):
        world.reader.put([structs.replace(one, synthetic_n=0)])
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


def many(world: World, *made: tuple[str, str, str]) -> None:
    """KPIs like M01, each with an id, a field and an owner."""
    for key, field, owner in made:
        world.with_definition(structs.replace(world.kpi, id=key, field=field, owner=owner))


def test_a_card_shows_its_two_leads_and_counts_all(world: World) -> None:
    many(world, *((f"E0{n}", "e-government", "city") for n in (1, 2, 3, 4)))
    body = page(world, "/").body
    card = by_id(body, "field-e-government")
    assert [key for key in ids(card) if key in {"lead-E01", "lead-E02", "lead-E03", "lead-E04"}] == [
        "lead-E01",
        "lead-E04",
    ]
    assert read(body, "field-e-government-counts") == "4 Kennzahlen: 4 keine Daten"


def test_another_kpi_stands_in_for_a_lead_that_is_not_there(world: World) -> None:
    many(world, ("E02", "e-government", "city"), ("E04", "e-government", "city"))
    card = by_id(page(world, "/").body, "field-e-government")
    assert [key for key in ids(card) if key in {"lead-E02", "lead-E04"}] == ["lead-E04", "lead-E02"]


def test_further_values_stand_under_their_kpi_and_are_no_kpis(world: World) -> None:
    world.with_definition(structs.replace(world.kpi, id="M01-rail", value_of="M01", name=Text("Nur Bahn", "Rail only")))
    body = page(world, "/").body
    assert read(body, "field-mobilitaet-counts") == "1 Kennzahl: 1 ohne Ziel"
    index = json.loads(by_id(body, "search-results")["props"]["data-index"])
    assert ["/kpi/M01-rail", "Nur Bahn – zu: Pünktlichkeit der DVG"] in [entry[:2] for entry in index["found"]]


def test_the_search_knows_id_name_question_owner_and_field(world: World) -> None:
    many(world, ("W09", "wohnen", "gebag"))
    world.with_definition(structs.replace(world.kpi, id="W08", field="wohnen", audience="owner", owner="gebag"))
    found = json.loads(by_id(page(world, "/").body, "search-results")["props"]["data-index"])["found"]
    assert "/kpi/W08" not in {entry[0] for entry in found}, "what one may not see is not found"
    words = " ".join(next(entry for entry in found if entry[0] == "/kpi/W09"))
    for word in ("W09", "Pünktlichkeit", "DVG punctuality", "Fahren Bus", "GEBAG", "Baugesellschaft", "Wohnen"):
        assert word in words


def test_my_area_is_a_partner_or_a_field_and_shows_all_of_it(world: World) -> None:
    many(world, ("W08", "wohnen", "gebag"), ("W09", "wohnen", "gebag"), ("E03", "e-government", "city"))

    def leads(area: str) -> list[str]:
        found = render(view(world, area=area), parse("/", "")).body
        return [node["props"]["id"] for node in nodes(found) if node["props"].get("className") == "lead"]

    assert leads("gebag") == ["lead-W08", "lead-W09"]
    assert leads("wohnen") == ["lead-W08", "lead-W09"]
    assert leads("dvv") == ["lead-E03", "lead-M01", "lead-W08", "lead-W09"], "whoever delivers is concerned"
    assert leads("dvv.mobilitaet") == ["lead-M01"]
    assert leads("gebag.bildung") == []
    assert "Bitte wählen Sie einen anderen" in text(render(view(world, area="gebag.bildung"), parse("/", "")).body)


def test_somebody_of_a_partner_sees_what_concerns_it_unless_another_area_is_chosen(world: World) -> None:
    world.viewer = Principal(subject="1", organisation="gebag")
    assert view(world).area == Area("gebag")
    assert view(world, area="all").area == Area()
    world.viewer = Principal(subject="1", organisation="city", roles=frozenset({"leadership"}))
    assert view(world).area == Area()


def test_a_changed_status_comes_before_larger_changes(world: World) -> None:
    world = World(hours=24 * 6)
    calm = Target(value=80.0, source="Rat", since=date(2026, 1, 1))
    world.with_definition(structs.replace(world.kpi, target=calm))
    world.with_definition(structs.replace(world.kpi, id="M02", target=None, name=Text("Andere", "Other")))
    for back, good in enumerate((850, 790, 790, 790, 790), 1):
        world.reader.put([value(WindowKind.DAY, NOW - timedelta(days=back), (good, 1000))])
        other = value(WindowKind.DAY, NOW - timedelta(days=back), (good - 700 * (back == 1), 1000))
        world.reader.put([structs.replace(other, kpi_id="M02")])
    early = value(WindowKind.HOUR, NOW - timedelta(days=9), (1, 2))
    world.reader.put([early, structs.replace(early, kpi_id="M02")])
    words = read(page(world, "/").body, "changes")
    assert words == (
        "Was hat sich seit gestern geändert? Pünktlichkeit der DVG : verfehlt → im Ziel (85,0 %) "
        "Andere : 79,0 % → 15,0 % (−64,0 Pkt.)"
    )


def test_what_ended_before_yesterday_is_not_new(world: World) -> None:
    world = World(hours=24 * 6)
    world.now = NOW + timedelta(days=2)
    assert "Noch kein Vergleich" in read(page(world, "/").body, "changes")
