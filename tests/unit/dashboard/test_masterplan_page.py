"""The page of the masterplan: the chain from field to figure, before and now, and the programmes' measures."""

from __future__ import annotations

from datetime import date

import pytest
from msgspec import structs

from cityhub.kpi.definition import Catalogue, Target, load_catalogue
from cityhub.kpi.masterplan.model import Measure
from cityhub.kpi.memory_reader import InMemoryReader
from cityhub.kpi.reader import last_windows
from cityhub.kpi.targets import TargetRecord
from cityhub.kpi.values import KpiValue
from cityhub.sdk.text import Text
from tests.unit.dashboard.reading import by_id, ids, nodes, page, read, shown, text
from tests.unit.dashboard.world import NOW, World, instant, value

CATALOGUE = load_catalogue()
KPIS = ("B01", "E04", "E14", "I08", "W03", "W04", "W04-land", "W05")


@pytest.fixture
def world() -> World:
    made = World(hours=1)
    made.reader = InMemoryReader(Catalogue({kpi: CATALOGUE[kpi] for kpi in KPIS}))
    for kpi in ("E04", "E14", "I08", "W03"):
        made.reader.put([newest(kpi)])
    return made


def newest(kpi: str) -> KpiValue:
    """The newest complete window of a KPI."""
    kind = CATALOGUE[kpi].default_window
    found = value(kind, instant(last_windows(kind, NOW, 2)[0].anchor), (87, 100))
    return structs.replace(found, kpi_id=kpi, unit=CATALOGUE[kpi].unit, beside={})


def measured(world: World, kpi: str, **progress: float) -> None:
    """The newest complete window of a KPI, split by measure."""
    parts = {id_.replace("_", "-"): share for id_, share in progress.items()}
    world.reader.put(structs.replace(newest(kpi), dimensions={"measure": id_}, value=parts[id_]) for id_ in parts)


def rows(world: World, table: str, lang: str = "de") -> list[str]:
    body = by_id(page(world, "/masterplan", lang=lang).body, f"{table}-rows")
    return [text(row).replace("\u00a0", " ") for row in body["props"]["children"]]


def test_every_field_says_what_it_wants_and_leads_to_its_figures(world: World) -> None:
    found = page(world, "/masterplan")
    assert found.title == "Masterplan · Duisburg in Kennzahlen"
    assert [key for key in ids(found.body) if key.startswith("plan-") and key.endswith("-head")] == [
        "plan-breitband-head", "plan-e-government-head", "plan-wirtschaft-head", "plan-mobilitaet-head",
        "plan-wohnen-head", "plan-infrastruktur-head", "plan-bildung-head", "plan-effects-head",
    ]  # fmt: skip
    (fibre,) = rows(world, "plan-breitband")
    assert (
        fibre
        == "Glasfaser zügig ausbauen noch keine zugeordnet B01 Glasfaser-Verfügbarkeit Noch keine Daten keine Daten"
    )
    assert "Für dieses Handlungsfeld liefert noch niemand Daten." in text(found.body), "fields without figures stay"


def test_measures_stand_beside_the_figures_that_they_are_to_move(world: World) -> None:
    (lamps,) = rows(world, "plan-infrastruktur")
    assert lamps.startswith("Smarte Laternen Smarte Beleuchtung I08 Energie je smarter Laterne")
    assert "Simulation" in lamps
    homes = rows(world, "plan-wohnen", "en")
    assert homes[0].startswith("Renew homes and serve tenants well Tenant app W05")


def test_status_is_the_one_of_the_kpis_page(world: World) -> None:
    goal = Target(value=0.0, source="Rat", since=date(2020, 1, 1))
    world.reader.recorded = [TargetRecord(kpi_id="E14", number=1, target=goal)]
    assert read(page(world, "/masterplan").body, "plan-E14-status").startswith("im Ziel")


def test_before_and_now_are_of_one_definition(world: World) -> None:
    found = rows(world, "plan-effects")
    assert found[0].startswith("E04 Bewohnerparkausweis vollständig digital 33 % (Ausgangswert) ")
    assert found[0].endswith("Simulation Gründungspapier des Innovation Centers")
    assert "Leistung je Leuchte: 170 W → höchstens 56 W" in found[-1]
    world.reader = InMemoryReader(Catalogue({"B01": CATALOGUE["B01"]}))
    assert "Noch ist kein Ausgangswert veröffentlicht." in shown(world, "/masterplan")


def test_progress_comes_from_the_series_and_names_are_not_invented(world: World) -> None:
    measured(world, "E14", projekt_01=40.0, massnahme_05=100.0, projekt_99=10.0)
    found = rows(world, "programme-masterplan")
    assert len(found) == 28
    assert found[0] == "projekt-01 Projekt 01 (Platzhalter) nicht zugeordnet 40,0 Simulation"
    assert found[1] == "projekt-02 Projekt 02 (Platzhalter) nicht zugeordnet noch nicht gemeldet"
    assert found[-2] == "massnahme-05 Maßnahme 05 (Platzhalter) nicht zugeordnet 100,0 Simulation"
    assert found[-1] == "projekt-99 gemeldet, steht in keiner Liste nicht zugeordnet 10,0 Simulation"
    words = shown(world, "/masterplan")
    assert "Namentlich bekannt sind 5 von 27: Baustellen-Viewer, Mieter-App, Smarte Beleuchtung" in words
    assert "Mobilität und Logistik (Platzhalter); Energie und Umweltschutz (Platzhalter)" in words
    assert len(rows(world, "programme-quarters")) == 28


def test_imported_measures_have_their_names_and_places(world: World) -> None:
    name = Text("Glasfaser für Schulen", "Fibre for schools")
    measure = Measure(id="projekt-01", name=name, field="breitband", goal="glasfaser", kpis=("B01",))
    world.reader.imports = {"masterplan": [measure]}
    assert rows(world, "programme-masterplan", "en") == ["projekt-01 Fibre for schools Broadband not reported yet"]
    assert "Glasfaser für Schulen" in rows(world, "plan-breitband")[0]
    assert "Eingespielt von der Stadt." in shown(world, "/masterplan")


def test_what_a_viewer_may_not_see_is_left_out(world: World) -> None:
    hidden = structs.replace(CATALOGUE["E14"], audience="city")
    world.reader._catalogue = Catalogue({one.id: one for one in [*world.reader.catalogue, hidden]})
    measured(world, "E14", projekt_01=40.0)
    assert "E14" not in shown(world, "/masterplan")
    assert "40,0" not in " ".join(rows(world, "programme-masterplan"))


@pytest.mark.parametrize("lang", ["de", "en"])
def test_tables_are_named_ids_are_single_and_every_row_has_a_head(world: World, lang: str) -> None:
    measured(world, "W03", quartiersmassnahme_01=40.0)
    body = page(world, "/masterplan", lang=lang).body
    found = ids(body)
    assert len(found) == len(set(found))
    tables = [node for node in nodes(body) if node["type"] == "Table"]
    assert all(node["props"]["aria-labelledby"] in found for node in tables)
    for row in (node for node in nodes(body) if node["type"] == "TableTr"):
        assert row["props"]["children"][0]["type"] == "TableTh"
