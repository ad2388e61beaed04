"""Numbers about people on the screen and in files."""

from __future__ import annotations

import csv
import io

import httpx
import pytest
from msgspec import structs

from cityhub.kpi.definition import Catalogue
from tests.unit.api.classes import CATALOGUE
from tests.unit.api.world import principal
from tests.unit.dashboard.reading import page, read, shown, text
from tests.unit.dashboard.test_classes import change
from tests.unit.dashboard.world import World
from tests.unit.kpi.proof.world import World as Week

WITHHELD = "zurückgehalten: kleine Gruppe (weniger als 10)"


@pytest.fixture
def city() -> World:
    found = World.of_all_classes()
    found.with_definition(structs.replace(CATALOGUE["E11"], minimum_group=10))
    return found


def test_a_withheld_number_has_a_sentence_of_its_own(city: World) -> None:
    change(city, "E11", value=None, numerator=0, denominator=0, n=0, suppressed=True, minimum_group=10)
    tile = page(city, "/field/e-government").body
    assert read(tile, "tile-E11-value") == WITHHELD
    assert read(tile, "tile-E11-status") == "zurückgehalten"
    body = page(city, "/kpi/E11").body
    assert read(body, "kpi-value") == WITHHELD
    assert "stehen weniger als 10 Menschen oder Fälle." in read(body, "trust-counted")
    assert WITHHELD in read(body, "series-rows")
    assert "withheld: a small group (fewer than 10)" in shown(city, "/kpi/E11", lang="en")


def test_rounded_numbers_say_so(city: World) -> None:
    change(city, "E11", minimum_group=10)
    body = page(city, "/kpi/E11").body
    assert "alle Anzahlen auf Vielfache von 10 gerundet" in read(body, "trust-counted")
    assert "Zahlen auf Vielfache von 10 gerundet" in read(body, "series-rows")


async def test_the_file_says_what_the_screen_says(city: World) -> None:
    change(city, "E11", value=None, numerator=0, denominator=0, n=0, suppressed=True, minimum_group=10)
    server, _ = city.dashboard()
    async with httpx.AsyncClient(transport=httpx.ASGITransport(server), base_url="http://hub") as http:
        answer = await http.get("/kpi/E11/series.csv")
    head, *rows = csv.reader(io.StringIO(answer.content.decode("utf-8-sig")), delimiter=";")
    for row in rows:
        cells = dict(zip(head, row, strict=True))
        assert WITHHELD in cells["Hinweis"]
        assert (cells["Wert (je 100.000)"], cells["Ereignisse"]) == ("zurückgehalten",) * 2


async def test_what_is_behind_is_for_controllers(proved: World, week: Week) -> None:
    """The same hub, whose M01 told of people."""
    people = structs.replace(week.catalogue["M01"], minimum_group=5)
    proved.reader._catalogue = Catalogue({"M01": people})
    server, _ = proved.dashboard()
    async with httpx.AsyncClient(transport=httpx.ASGITransport(server), base_url="http://hub") as http:
        for role, code in ((None, 403), ("leadership", 403), ("hub-operator", 403), ("controller", 200)):
            proved.viewer = None if role is None else principal(role)
            for path in ("/receipts/M01", "/kpi/M01/events.csv"):
                assert (await http.get(path)).status_code == code, (role, path)
            words = text(page(proved, "/kpi/M01/events").body)
            assert ("nur für das Controlling der Stadt" in words) == (code == 403)
