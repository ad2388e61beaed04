"""The seven boroughs on the pages of fields and KPIs: in true neighbourhood, with a table and a file of the same."""

from __future__ import annotations

from datetime import date, timedelta
from itertools import combinations

import httpx
import pytest
from msgspec import structs

from cityhub.dashboard.boroughs import PLACES, touch
from cityhub.kpi.definition import Target
from cityhub.kpi.values import WindowKind
from tests.unit.dashboard.reading import by_id, ids, nodes, page, read, shown, text
from tests.unit.dashboard.world import NOW, World, value

NEIGHBOURS = {
    "Walsum": {"Hamborn", "Homberg/Ruhrort/Baerl"},
    "Hamborn": {"Walsum", "Meiderich/Beeck", "Homberg/Ruhrort/Baerl"},
    "Meiderich/Beeck": {"Hamborn", "Homberg/Ruhrort/Baerl", "Mitte"},
    "Homberg/Ruhrort/Baerl": {"Walsum", "Hamborn", "Meiderich/Beeck", "Mitte", "Rheinhausen"},
    "Mitte": {"Meiderich/Beeck", "Homberg/Ruhrort/Baerl", "Rheinhausen", "Süd"},
    "Rheinhausen": {"Homberg/Ruhrort/Baerl", "Mitte", "Süd"},
    "Süd": {"Mitte", "Rheinhausen"},
}


@pytest.fixture
def world() -> World:
    """M01 by borough: yesterday in all but Mitte, from 70 % in Walsum up."""
    world = World()
    target = Target(value=80.0, source="Rat", since=date(2026, 1, 1))
    world.with_definition(structs.replace(world.kpi, scopes=("city", "borough"), target=target))
    for number in (1, 2, 3, 4, 6, 7):
        counted = (650 + 50 * number, 1000)
        world.reader.put([value(WindowKind.DAY, NOW - timedelta(days=1), counted, scope=f"STB0{number}")])
    return world


def test_hexagons_touch_where_boroughs_do() -> None:
    touching = {place.name: {other.name for other in PLACES if touch(place, other)} for place in PLACES}
    assert touching == NEIGHBOURS
    assert all((one.column, one.row) != (other.column, other.row) for one, other in combinations(PLACES, 2))


@pytest.mark.parametrize("path", ["/kpi/M01", "/field/mobilitaet"])
def test_each_hexagon_says_name_value_and_status_and_takes_the_focus(world: World, path: str) -> None:
    body = page(world, path).body
    assert read(body, "borough-STB01") == "Walsum 70,0 % verfehlt"
    assert read(body, "borough-STB07") == "Süd 100,0 % im Ziel"
    assert read(body, "borough-STB05") == "Mitte – keine Daten", "never a 0 that is not a 0"
    drawn = by_id(body, "borough-STB01")["props"]
    assert drawn["tabIndex"] == "0"
    assert drawn["aria-label"].replace("\u00a0", " ") == "Walsum: 70,0 %, verfehlt"
    hexagons = [key for key in ids(body) if key.startswith("borough-")]
    assert hexagons[0] == "borough-STB01", "from the north"
    assert hexagons[-1] == "borough-STB07"


@pytest.mark.parametrize(
    ("order", "names"),
    [
        ("", ["Walsum", "Hamborn", "Meiderich/Beeck", "Homberg/Ruhrort/Baerl", "Rheinhausen", "Süd", "Mitte"]),
        (
            "boroughs=-value",
            ["Süd", "Rheinhausen", "Homberg/Ruhrort/Baerl", "Meiderich/Beeck", "Hamborn", "Walsum", "Mitte"],
        ),
    ],
)
@pytest.mark.parametrize("path", ["/kpi/M01", "/field/mobilitaet"])
async def test_table_and_file_hold_the_same_in_the_same_order(
    world: World, path: str, order: str, names: list[str]
) -> None:
    rows = [node for node in nodes(by_id(page(world, path, order).body, "boroughs-rows")) if node["type"] == "TableTr"]
    screen = [[text(cell) for cell in row["props"]["children"]] for row in rows]
    assert [row[0] for row in screen] == names
    server, _ = world.dashboard()
    async with httpx.AsyncClient(transport=httpx.ASGITransport(server), base_url="http://hub") as http:
        answer = await http.get(f"{path}/boroughs.csv?{order}")
    lines = answer.content.decode("utf-8-sig").split("\r\n")[1:-1]
    assert lines == [";".join(cell.replace(".", "") for cell in row) for row in screen]


def test_a_kpi_that_is_not_counted_by_borough_has_no_map() -> None:
    assert "boroughs-rows" not in ids(page(World(), "/kpi/M01").body)
    assert "boroughs-rows" not in ids(page(World(), "/field/mobilitaet").body)


def test_a_field_offers_its_kpis_for_the_map(world: World) -> None:
    world.with_definition(structs.replace(world.kpi, id="M02"))
    for number in range(1, 8):
        one = value(WindowKind.DAY, NOW - timedelta(days=1), (1, 2), scope=f"STB0{number}")
        world.reader.put([structs.replace(one, kpi_id="M02"), structs.replace(one, kpi_id="M02", scope="city")])
    body = page(world, "/field/mobilitaet", "kpi=M02").body
    assert read(body, "borough-STB01").startswith("Walsum 50,0 %")
    assert by_id(body, "map-M02")["props"]["aria-current"] == "true"
    assert by_id(body, "map-M01")["props"]["href"] == "/field/mobilitaet?kpi=M01&boroughs=period"
    assert "Diese Kennzahl gibt es nicht" in shown(world, "/field/mobilitaet", "kpi=W01")


def test_a_field_says_what_it_wants_and_groups_its_tiles_by_goal(world: World) -> None:
    world.with_definition(structs.replace(world.kpi, id="M03"))
    world.with_definition(structs.replace(world.kpi, id="M99"))
    body = page(world, "/field/mobilitaet").body
    plan = world.reader.masterplan().of_field("mobilitaet")
    assert plan is not None
    assert read(body, "field-wants") == plan.wants.de
    kept = [key for key in ids(body) if key.startswith("goal-") or key in {"tile-M01", "tile-M03", "tile-M99"}]
    goals = {kpi: f"goal-{goal.id}" for goal in plan.goals for kpi in goal.kpis}
    assert kept == [goals["M01"], "tile-M01", goals["M03"], "tile-M03", "tile-M99"], "of no goal comes last"
