"""KPIs of every class on tiles, KPI pages, tables and in files."""

from __future__ import annotations

import csv
import io
from typing import Any

import httpx
import pytest
from msgspec import structs

from cityhub.dashboard.components.chart import figure, sentence
from cityhub.dashboard.pages.series import series_in, spans_of
from cityhub.kpi.values import Label, WindowKind
from tests.unit.api.classes import CATALOGUE, CLASSES, value_of
from tests.unit.dashboard.reading import by_id, ids, nodes, page, read, shown, text, view
from tests.unit.dashboard.world import NOW, World

NUMBERS = {
    "M01": (
        "86,0 %",
        "gestern",
        "Ausgefallene Fahrten: 2",
        "1.000 Abfahrten gezählt, 860 davon erfüllen die Bedingung.",
    ),
    "W01": ("1,8 %", "01.01. bis 22.11.2026", "", "218 Ereignisse gezählt, geteilt durch 12.340 Wohnungen."),
    "I08": (
        "0,44 kWh",
        "Nacht zum 23.11.2026",
        "Gemessene Laternen: 236",
        "Summe aus 2.000 gezählten Ereignissen, geteilt durch 240 Laternen.",
    ),
    "E01": (
        "12,1 Tage",
        "7 Tage bis 22.11.2026",
        "90-%-Wert: 27,2 Tage",
        "1.214 Werte ausgewertet; 50 % davon liegen höchstens bei diesem Wert.",
    ),
    "I11": (
        "3,6 %",
        "gestern",
        "beobachtet: 93 % der Zeit",
        "Zusammen 1.116 Stunden beobachtet; in 40 davon war die Bedingung erfüllt.",
    ),
    "E05": ("17,5 %", "gestern", "", "Stand am Ende des Zeitraums: 248 von 1.418 Verwaltungsleistungen."),
    "E11": (
        "402,8 je 100.000",
        "Oktober 2026",
        "",
        "2.038 verschiedene Werte in 2.000 Ereignissen gezählt, geteilt durch 506.000 Einwohnerinnen und Einwohner.",
    ),
    "E07": (
        "9,6 Tage",
        "Oktober 2026",
        "Offene Fälle: 312 · Mittleres Alter offener Fälle: 14,2 Tage · 90-%-Wert: 31,5 Tage",
        "842 abgeschlossene Fälle ausgewertet; 50 % davon liegen höchstens bei diesem Wert.",
    ),
    "M04": ("20", "gestern", "", "Stand am Ende des Zeitraums: 20 Paare, aus den jeweils letzten Meldungen."),
}
"""Value, period, what stands beside, and what it was made of."""


@pytest.fixture
def city() -> World:
    return World.of_all_classes()


def change(world: World, kpi: str, **changes: Any) -> None:
    """Change every value of a KPI."""
    for value in list(world.reader._values.values()):
        if value.kpi_id == kpi:
            world.reader.put([structs.replace(value, **changes)])


@pytest.mark.parametrize("kpi", CLASSES)
def test_each_class_on_its_tile(city: World, kpi: str) -> None:
    number, period, beside, _ = NUMBERS[kpi]
    body = page(city, f"/field/{CATALOGUE[kpi].field}").body
    tile = read(body, f"tile-{kpi}")
    assert read(body, f"tile-{kpi}-value") == number
    assert f"{number} {period}" in tile
    assert beside in tile
    assert "Simulation" in tile
    assert any(node["type"] == "Img" for node in nodes(by_id(body, f"tile-{kpi}-sparkline")))


@pytest.mark.parametrize("kpi", CLASSES)
def test_each_class_on_its_page(city: World, kpi: str) -> None:
    number, period, beside, made_of = NUMBERS[kpi]
    body = page(city, f"/kpi/{kpi}").body
    assert (read(body, "kpi-value"), read(body, "kpi-period")) == (number, period)
    assert (read(body, "kpi-beside") if beside else "") == beside
    assert read(body, "trust-counted") == made_of
    assert CATALOGUE[kpi].formula.de in text(body)
    assert "series-chart" in ids(body)


@pytest.mark.parametrize("kpi", CLASSES)
def test_each_class_in_english(city: World, kpi: str) -> None:
    words = shown(city, f"/kpi/{kpi}", lang="en").replace(CATALOGUE[kpi].name.en, "")
    german = {"Tage", "Ereignisse", "Fälle", "beobachtet", "davon", "je", "bis", "Nacht", "bisher", "gestern", "Werte"}
    assert not german & set(words.replace(",", " ").replace(":", " ").replace(".", " ").split())


_MEAN = structs.replace(CATALOGUE["I11"].measure.of[0], holds=None)  # type: ignore[union-attr]
SENTENCES = {
    "ratio, the rest": ("I11", {"complement": True}, "in 40 davon war die Bedingung nicht erfüllt."),
    "state, the time": ("I11", {"total": True}, "Die Bedingung war zusammen 40 Stunden lang erfüllt."),
    "state, the mean": ("I11", {"of": (_MEAN,)}, "der Wert ist das Mittel über diese Zeit."),
    "state, of known time": ("I11", {"over": "known"}, "in 40 die Bedingung erfüllt; Zeit ohne Meldung zählt nicht"),
    "state, the rest of it": ("I11", {"over": "known", "complement": True}, "in 40 die Bedingung nicht erfüllt oder"),
    "ratio, complement": ("M01", {"complement": True}, "860 davon erfüllen die Bedingung nicht."),
    "join, count": ("E07", {"at": ()}, " abgeschlossene Fälle gezählt."),
    "join, a cohort": ("E07", {"at": (), "over": "opened"}, "842 begonnene Fälle gezählt"),
    "latest, no share": ("E05", {"per": None}, "Stand am Ende des Zeitraums: 248."),
    "total, hourly": ("I08", {"per_hour": True}, "geteilt durch 240 Laternen, je Stunde des Zeitraums."),
    "distinct, plain": ("E11", {"per": None}, "2.038 verschiedene Werte in 2.000 Ereignissen gezählt."),
}


@pytest.mark.parametrize("name", SENTENCES)
def test_each_form_of_a_class_has_its_own_sentence(city: World, name: str) -> None:
    kpi, changes, words = SENTENCES[name]
    definition = structs.replace(CATALOGUE[kpi], measure=structs.replace(CATALOGUE[kpi].measure, **changes))
    city.with_definition(definition)
    assert words in read(page(city, f"/kpi/{kpi}").body, "trust-counted")


def test_too_little_coverage_is_said_and_greyed(city: World) -> None:
    change(city, "I11", coverage=0.389)
    words = "nicht verlässlich: nur 38 % der Zeit beobachtet"
    tile = page(city, "/field/infrastruktur").body
    assert words in read(tile, "tile-I11")
    assert read(tile, "tile-I11-status") == "nicht verlässlich"
    assert by_id(tile, "tile-I11-value")["props"]["className"] == "figure unreliable"
    assert not [node for node in nodes(by_id(tile, "tile-I11")) if node["type"] == "Img"], "no line to rely on"
    assert "nicht verlässlich" in by_id(tile, "tile-I11")["props"]["aria-label"]
    body = page(city, "/kpi/I11").body
    assert words in read(body, "kpi-beside")
    assert read(body, "trust-health") == "Nicht verlässlich: nur 38 % der Zeit sind beobachtet."
    assert "kpi-trend" not in ids(body)
    assert "38,9 nicht verlässlich · Simulation" in read(body, "series-rows")
    assert "1 nicht verlässlich" in shown(city, "/")


def test_enough_coverage_is_not_doubted(city: World) -> None:
    change(city, "I11", coverage=0.8)
    body = page(city, "/kpi/I11").body
    assert read(body, "kpi-beside") == "beobachtet: 80 % der Zeit"
    assert "verlässlich:" not in text(body)
    assert by_id(body, "kpi-value")["props"]["className"] == "figure-large"


def test_a_correction_says_why(city: World) -> None:
    change(city, "W01", label=Label.CORRECTED, reasons=("correction", "late"))
    body = page(city, "/kpi/W01").body
    assert read(body, "kpi-label") == "korrigiert (berichtigte Meldungen, verspätete Meldungen), unvollständig"
    assert "Grund: berichtigte Meldungen, verspätete Meldungen." in read(body, "trust-hint")
    assert "korrigiert (berichtigte Meldungen, verspätete Meldungen)" in read(body, "series-rows")
    assert read(page(city, "/field/wohnen").body, "tile-W01-label") == "korrigiert, unvollständig"
    assert "corrected reports, late reports" in shown(city, "/kpi/W01", lang="en")


def test_a_missing_denominator_is_named(city: World) -> None:
    change(city, "E11", value=None, denominator=0, references={})
    body = page(city, "/kpi/E11").body
    assert read(body, "kpi-value") == "unbekannt"
    assert "eine Bezugsgröße fehlt: Einwohnerinnen und Einwohner." in read(body, "trust-counted")


def test_closings_without_a_beginning_are_shown_once_there_are_some(city: World) -> None:
    assert "Abschlüsse ohne Beginn" not in read(page(city, "/kpi/E07").body, "kpi-beside")
    change(city, "E07", beside={"open": 312, "unmatched": 4})
    assert "Abschlüsse ohne Beginn: 4" in read(page(city, "/kpi/E07").body, "kpi-beside")


def test_unknown_values_beside_are_unknown_and_not_zero(city: World) -> None:
    change(city, "E07", beside={}, named={"p90": None})
    words = read(page(city, "/kpi/E07").body, "kpi-beside")
    assert "Offene Fälle: unbekannt" in words
    assert "90-%-Wert: unbekannt" in words


def test_a_split_names_its_dimension_and_its_unknown_part(city: World) -> None:
    body = page(city, "/kpi/E01").body
    assert read(body, "lines-head") == "Nach Dienststelle, 7 Tage bis 22.11.2026"
    rows = [text(node) for node in nodes(by_id(body, "lines-rows")) if node["type"] == "TableTr"]
    names = ["Bürgerservice Mitte", "Straßenverkehrsamt", "unbekannt"]
    assert [name for name, row in zip(names, rows, strict=True) if row.startswith(name)] == names
    fills = [node["props"]["style"]["width"] for node in nodes(body) if node["props"].get("className") == "bar-fill"]
    assert fills == ["100.0%", "91.8%", "83.5%"], "days have no whole: the largest fills its bar"


def test_a_kpi_offers_the_spans_of_its_windows_only(city: World) -> None:
    assert {kpi: list(spans_of(CATALOGUE[kpi])) for kpi in ("M01", "I08", "E01", "W01", "E05")} == {
        "M01": ["48h", "14d", "30d"],
        "I08": ["14n", "30n"],
        "E01": ["14d", "30d", "7d"],
        "W01": ["12m", "ytd"],
        "E05": ["14d", "30d", "12m"],
    }
    assert not page(city, "/kpi/W01", "span=48h").found
    assert page(city, "/kpi/W01", "span=ytd").found


def test_a_year_to_date_is_compared_with_the_same_days_a_year_ago(city: World) -> None:
    definition = CATALOGUE["W01"]
    kind = WindowKind.YEAR_TO_DATE
    for year in (2024, 2025):
        for day in (21, 22, 23):
            at = NOW.replace(year=year, day=day)
            city.reader.put([value_of(definition, kind, at, NOW, value=1.0 if day == 22 else 50.0)])
    city.reader.put([value_of(definition, kind, NOW.replace(year=2024, month=1, day=1), NOW)])
    words = read(page(city, "/kpi/W01").body, "kpi-trend")
    assert words.startswith("+0,8 Pkt. zum gleichen Zeitraum des Vorjahres (besser)")


def test_what_a_kpi_is_compared_with_has_the_name_of_its_window(city: World) -> None:
    assert "zu den 7 Tagen davor" in read(page(city, "/kpi/E01").body, "kpi-trend")
    assert "zur Nacht davor" in read(page(city, "/kpi/I08").body, "kpi-trend")
    assert "Unterschied ab 1 % zwischen" in read(page(city, "/kpi/I08").body, "kpi-trend")


def test_a_chart_says_its_unit_and_starts_at_zero(city: World) -> None:
    drawn = series_in(view(city), CATALOGUE["E11"])
    assert "je 100.000" in sentence(drawn)
    assert figure(drawn).layout.yaxis.ticksuffix == "", "too long for a tick"
    assert figure(drawn).layout.yaxis.rangemode == "tozero"
    assert figure(series_in(view(city), CATALOGUE["I08"])).layout.yaxis.ticksuffix == "\u00a0kWh"


@pytest.mark.parametrize("kpi", CLASSES)
async def test_the_file_has_the_columns_of_the_screen(city: World, kpi: str) -> None:
    server, _ = city.dashboard()
    async with httpx.AsyncClient(transport=httpx.ASGITransport(server), base_url="http://hub") as http:
        answer = await http.get(f"/kpi/{kpi}/series.csv")
        refused = await http.get(f"/kpi/{kpi}/series.csv?span=60min")
    assert (answer.status_code, refused.status_code) == (200, 404)
    rows = list(csv.reader(io.StringIO(answer.content.decode("utf-8-sig")), delimiter=";"))
    body = page(city, f"/kpi/{kpi}").body
    heads = [text(node) for node in nodes(by_id(body, "series-table")) if node["type"] == "TableTh"][: len(rows[0])]
    assert heads == rows[0]
    assert rows[1][0] in read(body, "series-rows").replace("\u00a0", " ") or "Uhr" in rows[1][0]
    assert all(len(row) == len(rows[0]) for row in rows)


def test_columns_say_unit_and_precision(city: World) -> None:
    heads = read(page(city, "/kpi/E07").body, "series-table")
    assert heads.startswith(
        "Zeitraum Wert (Tage) Abgeschlossene Fälle Offene Fälle Mittleres Alter offener Fälle (Tage) "
        "Abschlüsse ohne Beginn 90-%-Wert (Tage) Hinweis 23.11.2026 9,9 842 312 14,2 0 31,5 vorläufig · Simulation"
    )
    assert "Beobachtet (%)" in read(page(city, "/kpi/I11").body, "series-table")
    assert "Wert (je 100.000)" in read(page(city, "/kpi/E11").body, "series-table")
