"""What stands first on a field's card: the hub's choice, a reader's own, and whatever else may be remembered."""

from __future__ import annotations

from typing import Any

import httpx
import pytest
from hypothesis import given
from hypothesis import strategies as st
from msgspec import structs

from cityhub.dashboard.address import parse
from cityhub.dashboard.leads import Leads
from cityhub.dashboard.preferences import preferences
from cityhub.dashboard.render import render
from cityhub.dashboard.view import View
from tests.unit.api.world import principal
from tests.unit.dashboard.reading import by_id, nodes, text
from tests.unit.dashboard.world import World

HOUSING = tuple(f"W0{n}" for n in range(1, 7))


@pytest.fixture
def world() -> World:
    made = World()
    for kpi in (*HOUSING, "E01", "E02", "E03"):
        field = "wohnen" if kpi.startswith("W") else "e-government"
        made.with_definition(structs.replace(made.kpi, id=kpi, field=field))
    return made


def drawn(world: World, leads: object = "", area: str = "", lang: str = "de") -> object:
    chosen = preferences({"leads": leads, "area": area, "lang": lang})
    return render(View.of(world.services(), chosen), parse("/", "")).body


def rows(tree: object, field: str = "wohnen") -> list[str]:
    card = by_id(tree, f"field-{field}")
    return [node["props"]["id"][5:] for node in nodes(card) if node["props"].get("className") == "lead"]


def choices(tree: object, field: str = "wohnen") -> list[dict[str, Any]]:
    card = by_id(tree, f"field-{field}")
    return [node["props"] for node in nodes(card) if str(node["props"].get("href", "")).startswith("/?leads=")]


def test_without_a_choice_the_card_is_the_hubs(world: World) -> None:
    assert rows(drawn(world)) == rows(drawn(world, "default")) == ["W03", "W04"]
    assert rows(drawn(world), "e-government") == ["E01", "E02"]


def test_the_chosen_ones_come_first_and_the_hubs_fill_up(world: World) -> None:
    assert rows(drawn(world, "W06.W01")) == ["W06", "W01"]
    assert rows(drawn(world, "W06.E03")) == ["W06", "W03"]
    assert rows(drawn(world, "W06.E03"), "e-government") == ["E03", "E01"]
    assert rows(drawn(world, "W06.W05.W01")) == ["W06", "W05"]


def test_in_an_area_of_ones_own_they_order_the_card(world: World) -> None:
    assert rows(drawn(world, "W05", area="wohnen")) == ["W05", "W03", "W04", "W01", "W02", "W06"]


def test_a_click_makes_one_the_first_and_the_first_the_second_and_leaves_other_fields_alone(world: World) -> None:
    shown = choices(drawn(world, "E02"))
    assert [one["href"] for one in shown] == [
        "/?leads=E02.W01.W03", "/?leads=E02.W02.W03", "/?leads=E02.W03.W04",
        "/?leads=E02.W04.W03", "/?leads=E02.W05.W03", "/?leads=E02.W06.W03",
    ]  # fmt: skip
    assert [one["aria-current"] for one in shown] == ["false", "false", "true", "true", "false", "false"]
    for one in shown:
        assert rows(drawn(world, one["href"].partition("=")[2]), "e-government") == ["E02", "E01"]


def test_the_hubs_choice_can_be_had_back_where_another_was_made(world: World) -> None:
    back = choices(drawn(world, "W06.E03"))[-1]
    assert (back["href"], text(back["children"])) == ("/?leads=E03", "Vorgabe wiederherstellen")
    only = choices(drawn(world, "W06"), "wohnen")[-1]
    assert only["href"] == "/?leads=default"
    assert len(choices(drawn(world, "W06"), "e-government")) == 3


def test_where_there_is_nothing_to_choose_nothing_is_offered(world: World) -> None:
    assert choices(drawn(world), "mobilitaet") == choices(drawn(world), "bildung") == []


def test_what_a_reader_may_not_see_is_neither_shown_nor_offered(world: World) -> None:
    world.with_definition(structs.replace(world.kpi, id="W06", field="wohnen", audience="city"))
    tree = drawn(world, "W06.W01")
    assert rows(tree) == ["W01", "W03"]
    assert len(choices(tree)) == 5 + 1, "and the way back"
    world.viewer = principal("leadership", organisation="city")
    assert rows(drawn(world, "W06.W01")) == ["W06", "W01"]


def test_it_is_said_in_both_languages(world: World) -> None:
    assert "Auswahl : Was auf der Karte Wohnen zuerst steht" in text(drawn(world))
    assert "Choose : What stands first on the card Housing" in text(drawn(world, lang="en"))


@pytest.mark.parametrize("leads", [Leads(), Leads(("M05",)), Leads(("M05", "E03", "M01-rail"))])
def test_a_choice_survives_its_text(leads: Leads) -> None:
    assert Leads.parse(leads.text) == leads


NONE = [
    "",
    ".",
    "M05.",
    ".M05",
    "M05..M01",
    "M 5",
    "M05;W01",
    "Ü1",
    "٣",
    "x" * 33,
    ".".join(["M05"] * 15),
    None,
    3,
    ["M05"],
]


@pytest.mark.parametrize("said", NONE)
def test_what_is_no_choice_is_the_hubs(world: World, said: object) -> None:
    assert Leads.parse(said) is None
    assert rows(drawn(world, said)) == ["W03", "W04"]


def test_what_does_not_exist_is_passed_over(world: World) -> None:
    assert rows(drawn(world, "Z99.default.W06.W06")) == ["W06", "W03"]


@given(st.text() | st.lists(st.sampled_from([*HOUSING, "E01", "Z99", "default", ""])).map(".".join))
def test_whatever_is_remembered_gives_two_rows_and_links_that_are_choices(said: str) -> None:
    leads = Leads.parse(said) or Leads()
    order = leads.order("wohnen", HOUSING)
    assert sorted(order) == sorted(HOUSING)
    again = leads.with_first(order, HOUSING)
    assert Leads.parse(again.text) == again
    assert again.order("wohnen", HOUSING)[:2] == order[:2]


async def test_it_is_remembered_as_the_area_is_and_kept_by_live_updates(world: World, http: httpx.AsyncClient) -> None:
    assert dict((await http.get("/?leads=W06.")).cookies) == {}
    assert dict((await http.get("/?leads=W06.W01")).cookies) == {"cityhub_leads": "W06.W01"}
    layout = (await http.get("/_dash-layout", headers={"Referer": "http://hub/"})).json()
    assert rows(layout) == ["W06", "W01"]
    assert by_id(layout, "settings")["props"]["data"]["leads"] == "W06.W01"
    assert dict((await http.get("/?leads=default")).cookies)["cityhub_leads"] == "default"


@pytest.mark.parametrize("kept", ["<script>", "W06..", '"', "%00", "x" * 4_000])
async def test_a_cookie_that_is_no_choice_breaks_nothing(http: httpx.AsyncClient, kept: str) -> None:
    headers = {"Cookie": f"cityhub_leads={kept}", "Referer": "http://hub/"}
    assert (await http.get("/", headers=headers)).status_code == 200
    assert rows((await http.get("/_dash-layout", headers=headers)).json()) == ["W03", "W04"]
