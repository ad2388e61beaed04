"""The kiosk: public figures only, words for the wall, and answers to whatever is asked."""

from __future__ import annotations

from html.parser import HTMLParser

import httpx
import pytest
from msgspec import structs

from cityhub.dashboard.kiosk import views_of
from cityhub.kpi.errors import StoreUnavailable
from cityhub.kpi.memory_reader import InMemoryReader
from cityhub.kpi.values import StreamState, WindowKind
from cityhub.sdk.principal import Principal
from tests.unit.dashboard.reading import view
from tests.unit.dashboard.world import NOW, World, feed


async def get(world: World, address: str) -> httpx.Response:
    server, _ = world.dashboard()
    async with httpx.AsyncClient(transport=httpx.ASGITransport(server), base_url="http://hub") as client:
        return await client.get(address)


class Reading(HTMLParser):
    """Tags and addresses of a document."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.tags: list[str] = []
        self.addresses: list[str] = []
        self.feed(text)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append(tag)
        self.addresses += [value or "" for name, value in attrs if name in {"href", "src", "data-views", "action"}]


async def test_the_page_is_a_fixed_number_of_tiles_without_any_form(http: httpx.AsyncClient) -> None:
    answer = await http.get("/kiosk/overview?dwell=30&theme=dark&lang=en")
    assert answer.status_code == 200
    assert '<html lang="en" data-theme="dark" data-mantine-color-scheme="dark">' in answer.text
    assert 'data-dwell="30"' in answer.text
    document = Reading(answer.text)
    assert document.tags.count("li") == 6
    assert not {"form", "input", "iframe"} & set(document.tags)
    for address in document.addresses:
        assert address.startswith("/")
        assert (await http.get(address)).status_code == 200, address
    assert "login" not in answer.text


async def test_no_code_runs_inline(http: httpx.AsyncClient) -> None:
    text = (await http.get("/kiosk/overview")).text
    assert text.count("<script") == text.count('<script src="') == 1
    assert "/assets/kiosk" not in (await http.get("/")).text, "the other pages do without"


async def test_the_views_hold_what_a_tile_says(world: World) -> None:
    answer = (await get(world, "/kiosk/mobilitaet/views")).json()
    (shown,) = answer["views"]
    assert shown["title"] == "Mobilität"
    assert answer["clock"].replace("\u00a0", " ") == "23.11.2026 14:05 Uhr"
    (tile,) = shown["tiles"]
    assert (tile["name"], tile["number"], tile["unit"]) == ("Pünktlichkeit der DVG", "84,7", "%")
    assert (tile["status"], tile["status_word"], tile["note"]) == ("no-target", "ohne Ziel", "Simulation")
    assert tile["state"].replace("\u00a0", " ") == "Stand 14:04 Uhr · DVV"
    assert (tile["doubtful"], tile["late"]) == (False, False)


async def test_what_is_not_public_is_not_there_whoever_is_logged_in(world: World) -> None:
    world.with_definition(structs.replace(world.kpi, id="M02", audience="city"))
    world.with_definition(structs.replace(world.kpi, id="M03", value_of="M01"))
    world.viewer = Principal(subject="1", roles=frozenset({"leadership", "hub-operator"}))
    (shown,) = (await get(world, "/kiosk/mobilitaet/views")).json()["views"]
    assert len(shown["tiles"]) == 1


def test_many_figures_are_spread_evenly_over_views_of_three_to_six(world: World) -> None:
    values = list(world.reader._values.values())
    for number in range(2, 14):
        world.with_definition(structs.replace(world.kpi, id=f"M{number:02d}"))
        world.reader.put([structs.replace(one, kpi_id=f"M{number:02d}") for one in values])
    found = views_of(view(world), "mobilitaet")
    assert [one.title for one in found] == ["Mobilität (1/3)", "Mobilität (2/3)", "Mobilität (3/3)"]
    assert sorted(len(one.tiles) for one in found) == [4, 4, 5]


def test_all_fields_take_their_turn_and_those_without_a_figure_do_not(world: World) -> None:
    assert [one.title for one in views_of(view(world), "overview")] == ["Mobilität"]
    world.with_definition(structs.replace(world.kpi, id="B01", field="breitband"))
    assert [one.title for one in views_of(view(world), "overview")] == ["Breitband", "Mobilität"]
    (tile,) = views_of(view(world), "breitband")[0].tiles
    assert (tile.number, tile.status_word, tile.doubtful) == ("–", "keine Daten", True)


async def test_what_is_withheld_has_no_number(world: World) -> None:
    day = world.reader.latest("M01", WindowKind.DAY, ended_by=NOW)
    assert day
    world.reader.put([structs.replace(day, value=None, suppressed=True)])
    (shown,) = (await get(world, "/kiosk/mobilitaet/views")).json()["views"]
    assert [shown["tiles"][0][name] for name in ("number", "status_word", "doubtful")] == ["–", "zurückgehalten", True]


async def test_late_data_are_said(world: World) -> None:
    world.feeds = [feed(NOW, checkpoint_at=NOW.replace(hour=9))]
    (shown,) = (await get(world, "/kiosk/mobilitaet/views?lang=en")).json()["views"]
    assert shown["tiles"][0]["late"] is True
    assert "overdue for" in shown["tiles"][0]["state"]


@pytest.mark.parametrize(
    ("address", "status", "words"),
    [
        ("/kiosk/nope", 404, "Eine Anzeige „nope“ gibt es nicht. Möglich sind: overview, breitband"),
        ("/kiosk/overview?dwell=abc", 400, "dwell=abc: Bitte nennen Sie eine ganze Zahl von 5 bis 600"),
        ("/kiosk/overview?dwell=4", 400, "von 5 bis 600"),
        ("/kiosk/overview?dwell=601&lang=en", 400, "a whole number from 5 to 600"),
        ("/kiosk/overview?dwell=²", 400, "von 5 bis 600"),
        ("/kiosk/overview?dwell=100000000000000000000", 400, "von 5 bis 600"),
        ("/kiosk/nope/views", 404, ""),
        ("/kiosk", 404, "Diese Seite gibt es nicht"),
    ],
)
async def test_what_cannot_be_shown_says_what_can(world: World, address: str, status: int, words: str) -> None:
    answer = await get(world, address)
    assert answer.status_code == status
    assert words in answer.text


class Broken(InMemoryReader):
    """A store that cannot be read."""

    def streams(self) -> list[StreamState]:
        raise StoreUnavailable("locked for too long")


async def test_while_the_store_is_away_the_page_is_there_and_its_views_are_not(world: World) -> None:
    world.reader = Broken(world.reader.catalogue)
    assert (await get(world, "/kiosk/overview")).status_code == 200
    assert (await get(world, "/kiosk/overview/views")).status_code == 503
