"""KPIs of every class and windows of every kind, as the API answers them."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from msgspec import structs

from cityhub.api.cut import BOROUGHS
from cityhub.kpi.definition import Catalogue
from cityhub.kpi.kernel.label import Reason
from cityhub.kpi.reader import instant, last_windows
from cityhub.kpi.values import Label, WindowKind
from tests.unit.api.classes import CATALOGUE, CLASSES, value_of, values_of
from tests.unit.api.test_cost import leaves
from tests.unit.api.test_sse import stream
from tests.unit.api.world import NOW, World

EVERYTHING = (
    "value unit n coverage named { name title(lang: en) unit value } beside { name title count } "
    "references { name value } reasons definitionHash"
)
EVERY_KIND = structs.replace(CATALOGUE["M01"], windows=tuple(WindowKind))
COUNT = 4


@pytest.fixture
def city() -> World:
    """A KPI of each class."""
    definitions = {name: CATALOGUE[name] for name in CLASSES}
    values = [value for definition in definitions.values() for value in values_of(definition, NOW, COUNT)]
    return World(values, Catalogue(definitions))


@pytest.fixture
def kinds() -> World:
    """M01 in windows of every kind."""
    return World(list(values_of(EVERY_KIND, NOW, COUNT)), Catalogue({"M01": EVERY_KIND}))


async def kpi(world: World, kpi_id: str, selection: str, who: str = "startup") -> Any:
    return (await world.data(f'{{ kpi(id: "{kpi_id}") {{ ... on Kpi {{ {selection} }} }} }}', who))["kpi"]


@pytest.mark.parametrize("kpi_id", CLASSES)
async def test_a_value_of_each_class_is_told_whole(city: World, kpi_id: str) -> None:
    definition = CATALOGUE[kpi_id]
    told = value_of(definition, definition.default_window, NOW, NOW)
    found = await kpi(city, kpi_id, f"measure namedValues {{ name title unit }} latest {{ {EVERYTHING} }}")
    assert found["measure"] == CLASSES[kpi_id]
    latest = found["latest"]
    assert (latest["value"], latest["unit"], latest["n"]) == (told.value, definition.unit, 2_000)
    assert {one["name"]: one["value"] for one in latest["named"]} == told.named
    assert {one["name"]: one["count"] for one in latest["beside"]} == told.beside
    assert {one["name"]: one["value"] for one in latest["references"]} == told.references
    assert (latest["coverage"], latest["reasons"]) == (told.coverage, [])
    assert latest["definitionHash"] == definition.hash
    assert {one["name"] for one in found["namedValues"]} == {*told.named, *told.beside}
    assert all(one["title"] != one["name"] for one in [*found["namedValues"], *latest["named"], *latest["beside"]])


async def test_named_values_have_their_own_units(city: World) -> None:
    latest = (await kpi(city, "E07", "latest { named { name title unit value } beside { title } }"))["latest"]
    assert latest["named"] == [
        {"name": "open_age", "title": "mittleres Alter offener Fälle", "unit": "d", "value": 14.2083},
        {"name": "p90", "title": "90-%-Wert", "unit": "d", "value": 31.5},
    ]
    assert [one["title"] for one in latest["beside"]] == ["offene Fälle", "Abschlüsse ohne Beginn"]


async def test_a_correction_tells_its_reasons(city: World) -> None:
    value = value_of(CATALOGUE["W01"], WindowKind.MONTH, NOW, NOW)
    corrected = structs.replace(value, label=Label.CORRECTED, reasons=("reference", "retraction"))
    city.reader.put([corrected])
    found = await kpi(city, "W01", "latest(window: month) { label reasons }")
    assert found["latest"] == {"label": "corrected", "reasons": ["reference", "retraction"]}


async def test_an_answer_with_everything_beside_stays_below_its_cost(city: World) -> None:
    for value in list(city.reader._values.values()):
        reasons = ("definition", "engine", "reference", "correction", "retraction", "late")
        city.reader.put([structs.replace(value, label=Label.CORRECTED, reasons=reasons)])
    query = f"{{ kpis {{ scopes windows namedValues {{ name title unit }} values(last: 4) {{ {EVERYTHING} }} }} }}"
    answer = await city.ask(query, "hub-operator")
    assert "errors" not in answer
    assert leaves(answer["data"]) - 1 <= answer["extensions"]["cost"]["requested"]


@pytest.mark.parametrize("column", ["values(last: 4) { reasons }", "scopes", "windows"])
async def test_a_list_of_plain_values_costs_as_much_as_it_can_hold(city: World, column: str) -> None:
    definition = structs.replace(CATALOGUE["I11"], windows=tuple(WindowKind))
    reasons = tuple(Reason)
    corrected = [structs.replace(value, reasons=reasons) for value in values_of(CATALOGUE["I11"], NOW, COUNT)]
    answer = await World(corrected, Catalogue({"I11": definition})).ask(f"{{ kpis {{ {column} }} }}")
    (found,) = answer["data"]["kpis"]
    longest = [value["reasons"] for value in found["values"]] if "values" in found else [*found.values()]
    assert sum(map(len, longest)) <= answer["extensions"]["cost"]["requested"]
    assert len(longest[0]) == {"values": len(Reason), "scopes": 8, "windows": 12}[column.partition("(")[0]]


async def test_new_fields_of_a_hidden_kpi_are_hidden_too(city: World) -> None:
    secret = structs.replace(CATALOGUE["E07"], id="O07", audience="owner", owner="gebag")
    hidden = World(None, Catalogue({"O07": secret}))
    hidden.reader.put([structs.replace(value_of(CATALOGUE["E07"], WindowKind.MONTH, NOW, NOW), kpi_id="O07")])
    selection = f"measure namedValues {{ title }} latest {{ {EVERYTHING} }}"
    assert await kpi(hidden, "O07", selection) == {}
    assert (await kpi(hidden, "O07", selection, "partner-admin@gebag"))["latest"]["named"]


@pytest.mark.parametrize("kind", WindowKind)
async def test_each_kind_of_window_is_answered_by_its_last_step(kinds: World, kind: WindowKind) -> None:
    windows = last_windows(kind, NOW, COUNT)
    start, end = instant(windows[1].anchor), instant(windows[-1].anchor)
    name, anchor = kind.value.replace("-", "_"), f"{instant(windows[1].anchor):%Y-%m-%dT%H:%M:%SZ}"
    found = await kpi(
        kinds,
        "M01",
        f"""latest(window: {name}) {{ window start end }}
        values(window: {name}, last: 3) {{ end }}
        series(window: {name}, from: "{start.isoformat()}", to: "{end.isoformat()}") {{ start end }}
        newest: breakdown(window: {name}, dimension: "line") {{ end dimensions {{ value }} }}
        older: breakdown(window: {name}, dimension: "line", start: "{anchor}") {{ end }}""",
    )
    ends = [f"{instant(window.end):%Y-%m-%dT%H:%M:%SZ}" for window in windows]
    assert found["latest"]["window"] == name
    assert found["latest"]["end"] == ends[-1]
    assert [one["end"] for one in found["values"]] == ends[1:]
    assert found["series"]["end"] == ends[1:3]
    assert [one["end"] for one in found["newest"]] == [ends[-1]] * 3
    assert [one["end"] for one in found["older"]] == [ends[1]] * 3


async def test_a_series_of_every_kind_has_its_longest_length(kinds: World) -> None:
    for name, far in (("minute", "2026-10-01"), ("five_minutes", "2026-09-01"), ("year_to_date", "2020-01-01")):
        query = f'{{ kpi(id: "M01") {{ ... on Kpi {{ series(window: {name}, from: "{far}T00:00:00Z") {{ n }} }} }} }}'
        assert await kinds.codes(query) == ["INVALID_ARGUMENT"], name
    for name in ("week", "month", "school_year"):
        await kpi(kinds, "M01", f'series(window: {name}, from: "2000-01-01T00:00:00Z") {{ n }}')


async def test_a_kpi_counted_by_borough_is_asked_for_by_borough(city: World) -> None:
    value = value_of(CATALOGUE["I11"], WindowKind.DAY, NOW, NOW, scope="STB03")
    city.reader.put([value])
    found = await kpi(city, "I11", 'scopes latest(scope: "STB03") { scope value }')
    assert found == {"scopes": ["city", *BOROUGHS], "latest": {"scope": "STB03", "value": value.value}}
    answer = await city.ask('{ kpi(id: "I11") { ... on Kpi { latest(scope: "borough") { n } } } }')
    assert "I11 has no 'borough'; it has city, STB01" in answer["errors"][0]["message"]


async def test_a_subscriber_hears_of_the_next_day_of_a_year_that_began_with_the_same_instant() -> None:
    definition = CATALOGUE["W01"]
    today = value_of(definition, WindowKind.YEAR_TO_DATE, NOW, NOW, revision=7)
    tomorrow = value_of(definition, WindowKind.YEAR_TO_DATE, NOW + timedelta(days=1), NOW, revision=1)
    assert today.start == tomorrow.start
    world = World([today], Catalogue({"W01": definition}))
    async with stream(world, 'subscription { kpiValues(kpi: "W01") { end revision } }') as events:
        assert (await events.value())["revision"] == 7
        world.wire.publish(structs.replace(today, revision=6))
        world.wire.publish(tomorrow)
        assert await events.value() == {"end": f"{tomorrow.end:%Y-%m-%dT%H:%M:%SZ}", "revision": 1}
