"""`cityhub kpi` for KPIs of every class."""

from __future__ import annotations

import json
from datetime import date, datetime, timedelta
from pathlib import Path

import pytest
from msgspec import structs

from cityhub.hub.commands import kpi
from cityhub.hub.errors import Misconfigured
from cityhub.kpi.definition import Catalogue, Target
from cityhub.kpi.health.kpi import SourceHealths
from cityhub.kpi.health.source import Cause, SourceHealth, State
from cityhub.kpi.memory_reader import InMemoryReader
from cityhub.kpi.targets import TargetRecord
from cityhub.kpi.values import Label, WindowKind
from tests.unit.api.classes import CATALOGUE, CLASSES, value_of, values_of
from tests.unit.api.world import NOW
from tests.unit.hub.commands import code_and_words

READER = InMemoryReader(Catalogue({name: CATALOGUE[name] for name in CLASSES}))
READER.put([value for name in CLASSES for value in values_of(CATALOGUE[name], NOW, 2)])


@pytest.mark.parametrize("name", CLASSES)
def test_each_class_is_described_and_valued(name: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert kpi.definition(READER, name, NOW, as_json=False) == 0
    assert f"measure   {CLASSES[name]}" in capsys.readouterr().out
    assert kpi.definition(READER, name, NOW, as_json=True) == 0
    described = json.loads(capsys.readouterr().out)
    assert (described["id"], described["hash"], described["class"]) == (name, CATALOGUE[name].hash, CLASSES[name])
    assert described["measure"]["is"] == CLASSES[name]
    assert kpi.value(READER, name, NOW, window=None, as_json=True) == 0
    assert json.loads(capsys.readouterr().out)["kpi_id"] == name


def test_all_are_listed_with_everything_that_affects_the_number(capsys: pytest.CaptureFixture[str]) -> None:
    assert kpi.listing(READER, NOW, as_json=True) == 0
    found = json.loads(capsys.readouterr().out)
    assert [one["id"] for one in found] == sorted(CLASSES)
    assert {one["status"] for one in found} == {"no-target"}


def test_the_list_says_where_each_stands(capsys: pytest.CaptureFixture[str]) -> None:
    reader = InMemoryReader(Catalogue({name: CATALOGUE[name] for name in ("M01", "E07")}))
    reader.put(values_of(CATALOGUE["M01"], NOW, 2))
    goal = Target(value=100.0, source="Ratsbeschluss", since=date(2026, 1, 1))
    reader.recorded = [TargetRecord(kpi_id="M01", number=1, target=goal)]
    assert kpi.listing(reader, NOW, as_json=False) == 0
    lines = [line.split() for line in capsys.readouterr().out.splitlines()]
    assert [(line[0], line[-2]) for line in lines] == [("KPI", "STATUS"), ("E07", "no-data"), ("M01", "missed")]


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
    assert kpi.value(READER, name, NOW, window=kind, as_json=False) == 0
    said = capsys.readouterr().out
    assert said.startswith(f"{name} {kind} 20")
    assert words in said


def test_why_it_was_corrected_and_what_is_unknown_is_said(capsys: pytest.CaptureFixture[str]) -> None:
    value = value_of(CATALOGUE["W01"], WindowKind.MONTH, NOW, NOW, value=None, label=Label.CORRECTED, reasons=("late",))
    reader = InMemoryReader(Catalogue({"W01": CATALOGUE["W01"]}))
    reader.put([structs.replace(value, revision=9)])
    assert kpi.value(reader, "W01", NOW, window="month", as_json=False) == 0
    assert "UTC: unknown (from 2000 events; 2000 events counted, simulation; corrected, late, revision 9)" in (
        capsys.readouterr().out
    )


def test_the_list_says_where_each_kpi_stands_and_whether_to_believe_it(capsys: pytest.CaptureFixture[str]) -> None:
    types = [one.type for one in CATALOGUE["M01"].sources.values()]
    gone = [
        SourceHealth(source=type_, at_s=0, state=State.UNRELIABLE, cause=Cause.OVERDUE, since_s=int(NOW.timestamp()))
        for type_ in types
    ]
    known = SourceHealths(NOW, NOW, {one.source: one for one in gone})
    reader = InMemoryReader(Catalogue({name: CATALOGUE[name] for name in ("M01", "W01")}), healths=known)
    reader.put(values_of(CATALOGUE["M01"], NOW, 2))
    assert kpi.listing(reader, NOW, as_json=False) == 0
    head, punctuality, flats = [line.split("  ") for line in capsys.readouterr().out.splitlines()]
    assert [word.strip() for word in head if word] == ["KPI", "NAME", "VALUE", "STATUS", "HEALTH"]
    assert [word.strip() for word in punctuality if word][-2:] == ["unreliable", "unreliable"]
    assert [word.strip() for word in flats if word][-3:] == ["–", "no-data", "no-data"]
    assert kpi.value(reader, "M01", NOW, window=None, as_json=False) == 0
    assert "Not reliable: “A bus or tram has departed” – no report since" in capsys.readouterr().out
    assert kpi.value(reader, "W01", NOW, window=None, as_json=False) == 1
    assert "nothing was counted yet. No data yet – source: GEBAG." in capsys.readouterr().out
    assert kpi.definition(reader, "M01", NOW, as_json=True) == 0
    told = json.loads(capsys.readouterr().out)["health"]
    assert (told["state"], told["cause"], told["source"]) == ("unreliable", "overdue", types[0])
    assert told["sentence"]["de"].startswith("Nicht verlässlich: „Bus oder Bahn ist abgefahren“ – seit ")


def _corrected_since(at: datetime) -> InMemoryReader:
    reader = InMemoryReader(Catalogue({"M01": CATALOGUE["M01"]}))
    then = value_of(CATALOGUE["M01"], WindowKind.HOUR, at - timedelta(hours=1), at)
    reader.put([structs.replace(then, value=80.0, label=Label.PROVISIONAL)], at)
    reader.put([structs.replace(then, value=90.0, numerator=1, label=Label.FINAL)], at + timedelta(minutes=9))
    return reader


def test_what_was_shown_then_and_what_is_shown_now(capsys: pytest.CaptureFixture[str]) -> None:
    at = NOW - timedelta(hours=2)
    reader = _corrected_since(at)
    assert kpi.value_as_of(reader, "M01", at, NOW, window="hour", as_json=False) == 0
    then, now = capsys.readouterr().out.splitlines()
    assert then.startswith("as of 2026-11-03 13:05: M01 hour 2026-11-03 11:00 to 2026-11-03 12:00 UTC: 80 % (")
    assert then.endswith("provisional)")
    assert now.startswith("now: M01 hour 2026-11-03 11:00 to 2026-11-03 12:00 UTC: 90 % (")
    assert now.endswith("final, revision 3)")

    later = at + timedelta(minutes=9)
    assert kpi.value_as_of(reader, "M01", later, NOW, window="hour", as_json=False) == 0
    assert capsys.readouterr().out.splitlines()[1] == "now: the same"
    assert kpi.value_as_of(reader, "M01", at, NOW, window="hour", as_json=True) == 0
    found = json.loads(capsys.readouterr().out)
    assert (found["then"]["value"], found["now"]["value"], found["changed"]) == (80.0, 90.0, True)


def test_nothing_was_shown_yet(capsys: pytest.CaptureFixture[str]) -> None:
    reader = _corrected_since(NOW)
    assert kpi.value_as_of(reader, "M01", NOW - timedelta(minutes=1), NOW, window="hour", as_json=False) == 1
    assert "M01 as of 2026-11-03 15:04: there was no number" in capsys.readouterr().out
    with pytest.raises(Misconfigured, match="is still to come; name an instant that is over"):
        kpi.value_as_of(reader, "M01", NOW + timedelta(minutes=1), NOW, window="hour", as_json=False)


@pytest.mark.parametrize(
    ("options", "code", "words"),
    [
        (["M01", "--as-of", "2026-10-24T09:00"], 0, "as of 2026-10-24 09:00: M01 day 2026-10-22 22:00 to 2026-10-23"),
        (["M01", "--as-of", "yesterday"], 2, "--as-of 'yesterday' is no instant; write 2026-11-24, 2026-11-24T13:00"),
        (["M01", "--as-of", "2999-01-01"], 2, "--as-of 2999-01-01T00:00:00+01:00 is still to come"),
        (["M01", "--as-of", "2026-10-24", "--version", "1"], 2, "--version 1: --as-of shows the version that counted"),
        (["E11", "--as-of", "2026-10-24"], 1, "E11 tells of people: what was known of it at an instant is shown to"),
    ],
)
def test_an_instant_is_read_as_others_are(data: Path, options: list[str], code: int, words: str) -> None:
    found = code_and_words("kpi", "value", *options, "--data", str(data))
    assert found[0] == code
    assert words in found[1]
