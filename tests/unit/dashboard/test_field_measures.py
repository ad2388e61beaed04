"""A field's measures on its page: by goal, how far each is, what it is to move, and the way to all of them."""

from __future__ import annotations

import pytest
from msgspec import structs

from cityhub.kpi.definition import Catalogue, load_catalogue
from cityhub.kpi.masterplan.model import Measure
from cityhub.kpi.memory_reader import InMemoryReader
from cityhub.kpi.reader import last_windows
from cityhub.sdk.text import Text
from tests.unit.api.world import principal
from tests.unit.dashboard.reading import by_id, ids, nodes, page, text
from tests.unit.dashboard.test_table_files import assert_files_are_the_screen, got
from tests.unit.dashboard.world import NOW, World, instant, value

KPIS = load_catalogue()
LAMPS = "I08 Energie je smarter Laterne I09 Stadtklima an den Laternen: CO₂"
SHARES = {"p1": 0.0, "p2": 40.0, "p3": 100.0}


def measure(key: str, **more: object) -> Measure:
    return Measure(id=key, name=Text(f"Vorhaben {key}", f"Project {key}"), **more)  # type: ignore[arg-type]


@pytest.fixture
def world() -> World:
    made = World(hours=1)
    made.reader = InMemoryReader(Catalogue({kpi: KPIS[kpi] for kpi in ("E14", "I01", "I08", "I09", "W05")}))
    kind = KPIS["E14"].default_window
    newest = value(kind, instant(last_windows(kind, NOW, 2)[0].anchor), (87, 100))
    newest = structs.replace(newest, kpi_id="E14", beside={})
    parts = [structs.replace(newest, dimensions={"measure": key}, value=share) for key, share in SHARES.items()]
    made.reader.put([newest, *parts])
    return made


def imported(world: World) -> None:
    world.reader.imports = {
        "masterplan": [
            measure("p1", field="infrastruktur"),
            measure("p2", goal="laternen", kpis=("I08", "I09", "W05")),
            measure("p3", kpis=("I01",)),
            measure("p4", goal="laternen"),
            measure("p5", field="wohnen"),
        ]
    }


def rows(world: World, field: str = "infrastruktur", lang: str = "de") -> list[str]:
    body = by_id(page(world, f"/field/{field}", lang=lang).body, "measures-rows")
    return [text(row) for row in body["props"]["children"]]


def test_measures_stand_by_goal_with_state_progress_and_figures(world: World) -> None:
    imported(world)
    assert rows(world) == [
        "Wasser und Kanal im Blick Vorhaben p3 umgesetzt 100,0 I01 Kanal-Sensorabdeckung Simulation",
        f"Smarte Laternen Vorhaben p2 in Umsetzung 40,0 {LAMPS} W05 Mieter-App: Reparaturdauer Simulation",
        f"Smarte Laternen Vorhaben p4 noch nicht gemeldet – {LAMPS}",
        "nicht zugeordnet Vorhaben p1 noch ohne Fortschritt 0,0 – Simulation",
    ]
    assert rows(world, "wohnen", "en") == ["not assigned Project p5 not reported yet – –"]


def test_a_measure_that_is_known_by_name_only_has_no_state(world: World) -> None:
    assert rows(world)[0].startswith("Smarte Laternen Smarte Beleuchtung Kennung noch nicht bekannt – I08")


@pytest.mark.parametrize(
    ("lang", "words"), [("de", "noch keine Maßnahme zugeordnet"), ("en", "No measure is assigned")]
)
def test_a_field_without_measures_says_so_and_leads_to_all(world: World, lang: str, words: str) -> None:
    part = by_id(page(world, "/field/bildung", lang=lang).body, "measures")
    assert words in text(part)
    assert "/masterplan" in [node["props"].get("href") for node in nodes(part)]
    assert "measures-table" not in ids(part)
    assert got(world, "/field/bildung/measures.csv").status_code == 404
    assert got(world, "/field/sport/measures.csv").status_code == 404


@pytest.mark.parametrize("lang", ["de", "en"])
def test_the_file_is_the_table(world: World, lang: str) -> None:
    imported(world)
    names = assert_files_are_the_screen(world, "/field/infrastruktur", lang=lang)
    assert "measures" in names
    answer = got(world, "/field/infrastruktur/measures.csv")
    assert answer.headers["content-disposition"] == 'attachment; filename="infrastruktur-measures-2026-11-23.csv"'


def test_what_a_reader_may_not_see_is_left_out(world: World) -> None:
    imported(world)
    for kpi in ("E14", "I09"):
        hidden = structs.replace(KPIS[kpi], audience="city")
        world.reader._catalogue = Catalogue({one.id: one for one in [*world.reader.catalogue, hidden]})
    seen = " ".join(rows(world)) + got(world, "/field/infrastruktur/measures.csv").text
    assert "I09" not in seen
    assert "40,0" not in seen
    world.viewer = principal("leadership", organisation="city")
    assert "40,0" in " ".join(rows(world))
    assert "I09" in " ".join(rows(world))
