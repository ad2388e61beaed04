"""`cityhub kpi` for KPIs of every class."""

from __future__ import annotations

import json

import pytest
from msgspec import structs

from cityhub.hub.commands import kpi
from cityhub.kpi.definition import Catalogue
from cityhub.kpi.memory_reader import InMemoryReader
from cityhub.kpi.values import Label, WindowKind
from tests.unit.api.classes import CATALOGUE, CLASSES, value_of, values_of
from tests.unit.api.world import NOW

READER = InMemoryReader(Catalogue({name: CATALOGUE[name] for name in CLASSES}))
READER.put([value for name in CLASSES for value in values_of(CATALOGUE[name], NOW, 2)])


@pytest.mark.parametrize("name", CLASSES)
def test_each_class_is_described_and_valued(name: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert kpi.definition(READER, name, as_json=False) == 0
    assert f"measure   {CLASSES[name]}" in capsys.readouterr().out
    assert kpi.definition(READER, name, as_json=True) == 0
    described = json.loads(capsys.readouterr().out)
    assert (described["id"], described["hash"], described["class"]) == (name, CATALOGUE[name].hash, CLASSES[name])
    assert described["measure"]["is"] == CLASSES[name]
    assert kpi.value(READER, name, window=None, as_json=True) == 0
    assert json.loads(capsys.readouterr().out)["kpi_id"] == name


def test_all_are_listed_with_everything_that_affects_the_number(capsys: pytest.CaptureFixture[str]) -> None:
    assert kpi.listing(READER, as_json=True) == 0
    assert [one["id"] for one in json.loads(capsys.readouterr().out)] == sorted(CLASSES)


@pytest.mark.parametrize(
    ("name", "kind", "words"),
    [
        ("M01", "day", " % (from 1000 departures; cancelled trips "),
        ("I11", "day", "93% of the time observed; 2000 events counted, simulation; provisional, revision 3)"),
        ("E07", "month", "from 842 closed cases; open cases 312; mean age of open cases 14.2083 d; closings without"),
        ("E11", "month", "10*-5 (from 2000 events; "),
    ],
)
def test_a_value_is_told_in_one_sentence(name: str, kind: str, words: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert kpi.value(READER, name, window=kind, as_json=False) == 0
    said = capsys.readouterr().out
    assert said.startswith(f"{name} {kind} 20")
    assert words in said


def test_why_it_was_corrected_and_what_is_unknown_is_said(capsys: pytest.CaptureFixture[str]) -> None:
    value = value_of(CATALOGUE["W01"], WindowKind.MONTH, NOW, NOW, value=None, label=Label.CORRECTED, reasons=("late",))
    reader = InMemoryReader(Catalogue({"W01": CATALOGUE["W01"]}))
    reader.put([structs.replace(value, revision=9)])
    assert kpi.value(reader, "W01", window="month", as_json=False) == 0
    assert "UTC: unknown (from 2000 events; 2000 events counted, simulation; corrected, late, revision 9)" in (
        capsys.readouterr().out
    )
