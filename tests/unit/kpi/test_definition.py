"""Definitions as files: what they are identified by, and how wrong ones are explained."""

from __future__ import annotations

from fractions import Fraction
from importlib.resources import files
from pathlib import Path

import pytest
import yaml

from cityhub.kpi.definition import load_catalogue, parse_definition
from cityhub.kpi.errors import DefinitionError, UnknownKpi
from cityhub.kpi.kernel.measure import Part, Ratio, Total
from cityhub.kpi.kernel.windows import Grain

M01 = files("cityhub.kpi").joinpath("definitions/mobilitaet/M01.yaml").read_text("utf-8")
M01_HASH = "5b039e543da6032f83d446d3a5a60705886b1179ba1f14afc7ae9a7ca562ce65"


def test_m01_as_it_is_read() -> None:
    m01 = load_catalogue()["M01"]
    assert isinstance(m01.measure, Ratio)
    part = m01.measure.of.parts[0]  # type: ignore[union-attr]
    assert isinstance(part, Part)
    assert part.where is not None
    assert part.where.code == "d.classifier == 'ACT' and -60 <= d.delay_s <= 300"
    assert m01.measure.times == 100
    assert isinstance(m01.beside["cancelled"].measure, Total)
    assert m01.beside["cancelled"].name.de == "ausgefallene Fahrten"
    assert m01.dimensions["line"]["cancelled"].code == "d.line"
    assert (m01.grain, m01.lateness_s, m01.sources["departed"].topic) == (Grain.HOUR, 600, "du.evt.dvv.transit.v1")


def test_the_hash_of_m01_is_frozen() -> None:
    """Whoever changes it has changed what M01 means: give M01 a new version, or take the change back."""
    assert load_catalogue()["M01"].hash == M01_HASH


def test_the_hash_is_the_meaning() -> None:
    renamed = M01.replace("DVG punctuality", "Punctuality").replace("departures}", "trips}")
    renamed = renamed.replace("target: null", 'target: {value: 90, source: "Rat", since: "2026-01-01"}')
    tree = yaml.safe_load(renamed)
    tree["sources"] = dict(reversed(tree["sources"].items()))
    shuffled = yaml.safe_dump(dict(reversed(tree.items())), allow_unicode=True, sort_keys=False)
    spelled_out = M01.replace("dimensions: [line]", "dimensions: {line: {cancelled: $line, departed: $line}}")
    for same in (renamed, shuffled, spelled_out, M01.replace("    times: 100\n", "")):
        assert parse_definition(same, "M01.yaml").hash == M01_HASH
    for old, new in [
        ("-60, 300", "-60, 180"),
        ("scopes: [city]", "scopes: [city, borough]"),
        ("grain: 1h", "grain: 15min"),
        ("id: M01", "id: M02"),
        ("dimensions: [line]", "dimensions: {}"),
        ("count: cancelled}", "count: cancelled, where: {exists: $direction}}"),
        ("{eq: [$classifier, ACT]}}\n", "{in: [$classifier, [ACT, EST]]}}\n"),
    ]:
        assert old in M01
        assert parse_definition(M01.replace(old, new), "M01.yaml").hash != M01_HASH, new


def test_the_order_of_values_beside_decides_nothing() -> None:
    more = "  early: {name: {de: zu früh, en: early}, count: departed, where: {lt: [$delay_s, -60]}}\n"
    first = parse_definition(M01.replace("beside:\n", f"beside:\n{more}"), "M01.yaml")
    last = parse_definition(M01.replace("reference: []", f"{more}reference: []"), "M01.yaml")
    assert list(first.beside) == list(last.beside)
    assert first.hash == last.hash


@pytest.mark.parametrize(
    ("old", "new", "words"),
    [
        ("field: mobilitaet", "field: verkehr", "field: 'verkehr' is not an action field; use one of"),
        ("default_window: day", "default_window: month", "default_window: month is not among windows; use one of"),
        ("windows: [hour, day]", "windows: [hour, day, hour]", "windows: hour, day, hour given; .* each once"),
        ("windows: [hour, day]", "windows: [minute, day]", "windows: minute is no merge of grains of 1h; leave it out"),
        ("windows: [hour, day]", "windows: [hour, days]", r"windows\[1\]: .*; use one of minute, .*, hour"),
        ("grain: 1h", "grain: 2h", "grain: '2h' does not fit: .*; use one of 1min, 5min, 15min, 1h, 1d, night"),
        ("direction: up", "direction: sideways", "direction: 'sideways' does not fit: .*; use one of up, down, band"),
        ("audience: public\n", "", "audience: is missing"),
        ("grain: 1h", "grain: 1h\ncolour: red", "colour: unknown key; use one of"),
        ("id: M01", "id: [M01", "not readable as YAML"),
        ("id: M01", "id: M 01", "id: 'M 01' is no id"),
        ("version: 1", "version: 0", "version: 0 is no version; start with 1"),
        ("[$classifier, ACT]}}\n", "[@type, ACT]}}\n", "not readable as YAML: .* put values that start with @ in quot"),
        ("scopes: [city]", "scopes: [city, street]", r"scopes\[1\]: .*; use one of city, borough"),
        ("stop-departed.v1}", "stop-departed.v9}", "sources.departed.type: no contract for .*stop-departed.v9.*.v1"),
        ("departed.v1}", "departed.v1, lateness: 9h}", "sources.departed.lateness: '9h' stands in the contract"),
        ("en: departures}, count: departed", "en: departures}, count: arrived", "over.*'arrived' is not a source"),
        ("count: cancelled}", "count: departed}", "sources.cancelled: is used by no measure; leave it out"),
        ("dimensions: [line]", "dimensions: [trip]", "dimensions.trip.departed: .* can have any number of values"),
        ("dimensions: [line]", "dimensions: [lane]", r"dimensions.lane.departed: \$lane is not a field of"),
        ("dimensions: [line]", "dimensions: {line: line}", "dimensions.line.departed: 'line' must name a data field"),
        ("dimensions: [line]", "dimensions: {line: {departed: $line}}", "it must name each of departed, cancelled"),
        ("beside:\n  cancelled:", "beside:\n  p90:", "beside.p90: 'p90' is no name for a value, or taken"),
        ('unit: "%"', "unit: percent", "measure.ratio: unit 'percent' cannot come from this measure, which gives '1'"),
        ("times: 100", "times: 10", r"measure.ratio.times: 10 does not turn '1' into '%'; write 100"),
    ],
)
def test_wrong_definitions_are_explained(old: str, new: str, words: str) -> None:
    assert old in M01
    with pytest.raises(DefinitionError, match=words) as refused:
        parse_definition(M01.replace(old, new, 1), "mobilitaet/M01.yaml")
    assert all(line.startswith("mobilitaet/M01.yaml: ") for line in str(refused.value).splitlines()[:1])


def test_all_faults_of_a_file_are_told_together() -> None:
    wrong = M01.replace("field: mobilitaet", "field: verkehr").replace("audience: public\n", "")
    wrong = (
        wrong.replace("trip-cancelled.v1", "trip-lost.v1")
        .replace("-60, 300", "-60, now")
        .replace("ACT]}}\n", "AKT]}}\n")
    )
    with pytest.raises(DefinitionError) as refused:
        parse_definition(wrong, "M01.yaml")
    places = [line.removeprefix("M01.yaml: ").split(": ")[0] for line in str(refused.value).splitlines()]
    assert sorted(places) == [
        "audience",
        "field",
        "measure.ratio.of.where.all[1].between[2]",
        "measure.ratio.over.where.eq[1]",
        "sources.cancelled.type",
    ]


def test_a_catalogue_tells_the_faults_of_all_files(tmp_path: Path) -> None:
    folder = tmp_path / "mobilitaet"
    folder.mkdir()
    for name, text in {"A": M01, "B": M01, "C": M01.replace("direction: up", "direction: on")}.items():
        (folder / f"{name}.yaml").write_text(text, "utf-8")
    with pytest.raises(DefinitionError) as refused:
        load_catalogue(tmp_path)
    assert "mobilitaet/B.yaml: version: M01 1 is in mobilitaet/A.yaml, too; give one a new number or a new id" in str(
        refused.value
    )
    assert "mobilitaet/C.yaml: direction: " in str(refused.value)


def test_unknown_kpi_names_the_known_ones() -> None:
    with pytest.raises(UnknownKpi, match=r"'Z99'; known: .*M01"):
        load_catalogue()["Z99"]


def test_times_is_exact() -> None:
    third = M01.replace("times: 100", "times: 1/0.01")
    with pytest.raises(DefinitionError, match=r"measure.ratio.times: '1/0.01' is not a number above 0"):
        parse_definition(third, "M01.yaml")
    measure = parse_definition(M01.replace("times: 100", "times: 200/2"), "M01.yaml").measure
    assert measure.times == Fraction(100)


@pytest.mark.parametrize(
    ("name", "edits", "words"),
    [
        ("M01-late", {"value_of: M01": "value_of: M09"}, "value_of: 'M09' is no KPI by itself; .*M01"),
        ("late", {"id: M01-late": "id: late"}, "id: 'late' is a value of M01; write M01- and a word"),
        (
            "M01-late",
            {"field: mobilitaet": "field: wohnen"},
            "field: is wohnen; that of M01 is mobilitaet, make them agree",
        ),
    ],
)
def test_a_further_value_stands_under_its_kpi(tmp_path: Path, name: str, edits: dict[str, str], words: str) -> None:
    value = M01.replace("id: M01", "id: M01-late\nvalue_of: M01").replace("-60, 300", "-60, 600")
    folder = tmp_path / "mobilitaet"
    folder.mkdir()
    (folder / "M01.yaml").write_text(M01, "utf-8")
    (folder / "M01-late.yaml").write_text(value, "utf-8")
    catalogue = load_catalogue(tmp_path)
    assert [one.id for one in catalogue] == ["M01", "M01-late"]
    assert [one.id for one in catalogue.main()] == [one.id for one in catalogue.of_field("mobilitaet")] == ["M01"]
    assert [one.id for one in catalogue.values_of("M01")] == ["M01-late"]
    for old, new in edits.items():
        value = value.replace(old, new)
    (folder / "M01-late.yaml").unlink()
    (folder / f"{name}.yaml").write_text(value, "utf-8")
    with pytest.raises(DefinitionError, match=words):
        load_catalogue(tmp_path)


def test_what_only_readers_need_is_no_part_of_the_hash() -> None:
    more = """
stability: experimental
baseline: [{value: 81.5, period: "2024", source: "Gründungspapier"}]
reference: ["VDV-Schrift 4", {text: ISO 37122 19.1, verified: false}]
"""
    read = parse_definition(M01.replace("reference: []\n", more), "M01.yaml")
    assert (read.hash, read.stability, read.baseline[0].period) == (M01_HASH, "experimental", "2024")
    assert [(one.text, one.verified) for one in read.reference] == [("VDV-Schrift 4", True), ("ISO 37122 19.1", False)]
