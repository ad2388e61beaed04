"""The plan that the hub brings along, and reading files of measures."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

import cityhub.kpi
from cityhub.kpi.definition import load_catalogue
from cityhub.kpi.errors import MasterplanError
from cityhub.kpi.fields import FIELDS
from cityhub.kpi.masterplan.importing import read_import
from cityhub.kpi.masterplan.reading import load_masterplan, own_masterplan
from cityhub.sdk.text import Text

CATALOGUE = load_catalogue()
PLAN = own_masterplan()
OWN = Path(cityhub.kpi.__path__[0]) / "masterplan"
YAML = """
programme: masterplan
measures:
  - {id: projekt-01, name: {de: Erstes, en: First}, field: wohnen, goal: bestand, weight: 1.5, kpis: [W01, W05]}
  - {id: projekt-02, name: {de: Zweites, en: Second}}
"""
CSV = """\ufeffid;name_de;name_en;field;goal;weight;kpis
projekt-01;Erstes;First;wohnen;bestand;1,5;W01, W05

projekt-02;Zweites;Second;;;;
"""


def test_every_kpi_of_an_action_field_belongs_to_one_goal_of_its_field() -> None:
    found = [(kpi, plan.field) for plan in PLAN.fields for goal in plan.goals for kpi in goal.kpis]
    wanted = [(one.id, one.field) for one in CATALOGUE.main() if one.field != "platform"]
    assert sorted(found) == sorted(wanted)
    assert len(found) == 60


def test_fields_stand_in_their_fixed_order_and_say_what_they_want() -> None:
    assert [plan.field for plan in PLAN.fields] == [field.id for field in FIELDS]
    assert [goal.id for goal in PLAN.goals_of("breitband")] == ["glasfaser", "wlan"]
    assert PLAN.goals_of("platform") == ()
    assert all(plan.wants.de.endswith(".") and plan.wants.en.endswith(".") for plan in PLAN.fields)


def test_programmes_have_as_many_measures_as_their_papers_say_and_no_invented_name() -> None:
    sizes = {one.id: (one.total, len(one.named), len(one.measures)) for one in PLAN.programmes}
    assert sizes == {"masterplan": (27, 5, 27), "quarters": (28, 0, 28), "wedau": (0, 0, 0)}
    assert all(one.placeholder for programme in PLAN.programmes for one in programme.measures)
    quarters = PLAN.programme("quarters")
    assert quarters is not None
    assert [part.placeholder for part in quarters.parts] == [True] * 5


def test_what_programmes_are_measured_by_is_in_the_catalogue() -> None:
    for programme in PLAN.programmes:
        for kpi in programme.kpis:
            assert CATALOGUE[kpi].id == kpi
        if programme.progress:
            assert "measure" in CATALOGUE[programme.progress].dimensions


def test_a_goal_finds_its_measures() -> None:
    (lamps,) = (goal for goal in PLAN.goals_of("infrastruktur") if goal.id == "laternen")
    (light,) = PLAN.measures_for(lamps)
    assert light.name == Text("Smarte Beleuchtung", "Smart lighting")
    (fact,) = light.facts
    assert (fact.kpi, fact.before.value, fact.after.value, fact.after.at_most) == ("I08", 170, 56, True)


def test_yaml_and_csv_say_the_same() -> None:
    found = read_import("measures.yaml", YAML.encode(), PLAN, CATALOGUE)
    assert [one.id for one in found.measures] == ["projekt-01", "projekt-02"]
    assert (found.measures[0].weight, found.measures[0].kpis) == (1.5, ("W01", "W05"))
    assert read_import("measures.CSV", CSV.encode(), PLAN, CATALOGUE, "masterplan") == found
    commas = CSV.replace("1,5", "1.5").replace("W01, W05", "W01 W05").replace(";", ",")
    assert read_import("measures.csv", commas.encode(), PLAN, CATALOGUE, "masterplan") == found


def test_imported_measures_take_the_place_of_those_that_were_there() -> None:
    measures = read_import("m.yaml", YAML.encode(), PLAN, CATALOGUE).measures
    merged = PLAN.with_imports({"masterplan": measures})
    programme = merged.programme("masterplan")
    assert programme is not None
    assert (programme.named, programme.measures, programme.imported) == ((), measures, True)
    assert merged.programme("quarters") == PLAN.programme("quarters")
    (homes,) = (goal for goal in merged.goals_of("wohnen") if goal.id == "bestand")
    assert [one.id for one in merged.measures_for(homes)] == ["projekt-01"]


@pytest.mark.parametrize(
    ("old", "new", "fault"),
    [
        ("field: wohnen", "field: wohnung", "projekt-01: field: 'wohnung' is not an action field; use one of wohnen"),
        ("goal: bestand", "goal: bestnd", "projekt-01: goal: 'bestnd' is no goal; use one of bestand"),
        ("goal: bestand", "goal: hafen", "projekt-01: goal: 'hafen' is one of wirtschaft, not of wohnen"),
        ("W05", "W99", "projekt-01: kpis: there is no KPI 'W99'; use one of"),
        ("weight: 1.5", "weight: -1", "projekt-01: weight: -1 is not above 0 and up to 1000"),
        ("weight: 1.5", "weight: viel", "measures[0].weight: Expected `float | null`, got `str`; docs/masterplan.md"),
        ("projekt-02", "projekt-01", "projekt-01: id: stands twice; keep one"),
        ("de: Zweites", "de: ' '", "projekt-02: name: is missing in German or English; write both"),
        ("programme: masterplan", "programme: wedau", "programme: 'wedau' is none with measures"),
        ("programme: masterplan", "program: masterplan", "Object contains unknown field `program`"),
        ("measures:", "measures: [", "not readable as YAML"),
        ("id: projekt-02,", "id: projekt-02, placeholder: true,", "projekt-02: placeholder: a measure"),
    ],
)  # fmt: skip
def test_what_is_wrong_with_a_file_is_said(old: str, new: str, fault: str) -> None:
    with pytest.raises(MasterplanError) as error:
        read_import("measures.yaml", YAML.replace(old, new).encode(), PLAN, CATALOGUE)
    assert str(error.value).startswith("measures.yaml: ")
    assert fault in str(error.value)


@pytest.mark.parametrize(
    ("content", "fault"),
    [
        (CSV.replace("weight", "gewicht").encode(), "line 1: column 'gewicht' is not known; columns are id, name_de"),
        (CSV.replace("name_en;", "").encode(), "line 1: column name_en stands 0 times; it is needed once"),
        (CSV.replace("1,5", "viel").encode(), "line 2: weight: 'viel' is no number; write 1.5 or 1,5"),
        (CSV.replace("Second;;;;", "Second;;;;;").encode(), "line 4: has another number of cells than the first line"),
        (CSV.replace("Second;;;;", "Second").encode(), "line 4: has another number of cells than the first line"),
        (
            CSV.replace("Erstes", "Erstes für").encode("latin-1", "ignore"),
            "byte 61 is no UTF-8; save it as „CSV UTF-8“",
        ),
        (b"", "line 1: column id stands 0 times"),
        (b"id;name_de;name_en\n", "measures: 0 of them; name 1 to 1000"),
        (b'id;name_de;name_en\n"a', "after line 1: unexpected end of data"),
    ],
)
def test_what_is_wrong_with_a_table_is_said(content: bytes, fault: str) -> None:
    with pytest.raises(MasterplanError) as error:
        read_import("measures.csv", content, PLAN, CATALOGUE, "masterplan")
    assert fault in str(error.value)


@given(st.binary(max_size=200), st.sampled_from(["m.csv", "m.yaml"]))
def test_whatever_a_file_holds_is_answered(content: bytes, name: str) -> None:
    with pytest.raises(MasterplanError):
        read_import(name, content, PLAN, CATALOGUE, "masterplan")


@pytest.mark.parametrize(
    ("file", "old", "new", "fault"),
    [
        ("fields/wohnen.yaml", "[W03]", "[]", "wohnen.yaml: goals.quartiere: no KPI measures it"),
        ("fields/wohnen.yaml", "[W03]", "[M01]", "'M01' stands in fields/mobilitaet.yaml, too"),
        ("fields/wohnen.yaml", "field: wohnen", "field: wohnung", "there is no file for wohnen; write fields/"),
        ("fields/wohnen.yaml", "goals:", "gaols:", "fields/wohnen.yaml: Object contains unknown field `gaols`"),
        ("programmes/quarters.yaml", "count: 28", "count: 27", "unnamed: 27 in all, but total is 28; make them agree"),
        ("programmes/masterplan.yaml", "goal: laternen", "goal: lampen", "smart-lighting: goal: 'lampen' is no goal"),
        ("programmes/masterplan.yaml", "kpi: I08", "kpi: I99", "named.smart-lighting: kpis: there is no KPI 'I99'"),
        ("programmes/wedau.yaml", "id: wedau", "id: [", "programmes/wedau.yaml: not readable as YAML"),
    ],
)  # fmt: skip
def test_a_wrong_file_of_our_own_is_named(tmp_path: Path, file: str, old: str, new: str, fault: str) -> None:
    shutil.copytree(OWN, tmp_path / "plan")
    changed = tmp_path / "plan" / file
    text = changed.read_text("utf-8")
    assert old in text
    changed.write_text(text.replace(old, new), "utf-8")
    with pytest.raises(MasterplanError) as error:
        load_masterplan(tmp_path / "plan")
    assert fault in str(error.value)
