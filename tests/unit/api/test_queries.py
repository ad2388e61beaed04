"""What queries answer."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import pytest
import structlog

from cityhub.kpi.errors import StoreUnavailable
from cityhub.kpi.values import WindowKind
from tests.unit.api.world import HOUR, LINES, World, catalogue, value

ON_M01 = 'kpi(id: "M01") { ... on Kpi '


async def m01(world: World, selection: str) -> dict[str, Any]:
    data = await world.data(f"{{ {ON_M01} {{ {selection} }} }} }}")
    found = data["kpi"]
    assert isinstance(found, dict)
    return found


async def test_seven_fields_in_their_order_six_of_them_without_a_kpi_for_a_startup(world: World) -> None:
    fields = (await world.data("{ fields { id name en: name(lang: en) kpis { id } } }"))["fields"]
    assert [item["id"] for item in fields] == [
        "breitband", "e-government", "wirtschaft", "mobilitaet", "wohnen", "infrastruktur", "bildung",
    ]  # fmt: skip
    assert fields[3] == {"id": "mobilitaet", "name": "Mobilität", "en": "Mobility", "kpis": [{"id": "M01"}]}
    assert [len(item["kpis"]) for item in fields] == [0, 0, 0, 1, 0, 0, 0]


async def test_a_definition_is_told_in_both_languages(world: World) -> None:
    definition = catalogue()["M01"]
    found = await m01(
        world,
        "version definitionHash name sentence question formula nameEn: name(lang: en) sentenceEn: sentence(lang: en) "
        "field unit direction owner audience windows defaultWindow scopes dimensions "
        "valueOf stability baseline { value } reference { text verified } "
        "target { value } "
        "sources { name type cadenceS latenessS }",
    )
    assert found == {
        "version": 1,
        "definitionHash": definition.hash,
        "name": definition.name.de,
        "sentence": definition.sentence.de,
        "question": definition.question.de,
        "formula": definition.formula.de,
        "nameEn": definition.name.en,
        "sentenceEn": definition.sentence.en,
        "field": "mobilitaet",
        "unit": "%",
        "direction": "up",
        "owner": "dvv",
        "audience": "public",
        "windows": ["hour", "day"],
        "defaultWindow": "day",
        "scopes": ["city"],
        "dimensions": ["line"],
        "reference": [],
        "valueOf": None,
        "stability": "stable",
        "baseline": [],
        "target": None,
        "sources": [
            {"name": name, "type": source.type, "cadenceS": 30, "latenessS": 600}
            for name, source in definition.sources.items()
        ],
    }


async def test_a_value_tells_everything_about_itself(world: World) -> None:
    found = await m01(
        world,
        'latest(window: hour, dimensions: {name: "line", value: "901"}) { kpi definitionVersion window scope '
        "dimensions { name value } start end value unit numerator denominator n beside { name title(lang: en) count } "
        "synthetic label revision inputsUpTo digest }",
    )
    assert found["latest"] == {
        "kpi": "M01",
        "definitionVersion": 1,
        "window": "hour",
        "scope": "city",
        "dimensions": [{"name": "line", "value": "901"}],
        "start": "2026-11-03T14:00:00Z",
        "end": "2026-11-03T15:00:00Z",
        "value": 90.0,
        "unit": "%",
        "numerator": 9,
        "denominator": 10,
        "n": 12,
        "beside": [{"name": "cancelled", "title": "cancelled trips", "count": 2}],
        "synthetic": True,
        "label": "provisional",
        "revision": 1,
        "inputsUpTo": "2026-11-03T14:05:00Z",
        "digest": f"{int(HOUR.timestamp()):032x}",
    }


async def test_without_a_window_the_default_one_is_meant(world: World) -> None:
    assert (await m01(world, "latest { window start }"))["latest"] == {"window": "day", "start": "2026-11-02T23:00:00Z"}


async def test_nothing_counted_yet_is_null_and_empty() -> None:
    found = await m01(
        World([]), 'latest { value } values(last: 9) { value } breakdown(dimension: "line") { value } '
        'series(from: "2026-11-03T00:00:00Z") { value }'
    )  # fmt: skip
    assert found == {"latest": None, "values": [], "breakdown": [], "series": {"value": []}}


async def test_last_counts_windows_back_from_the_newest(world: World) -> None:
    found = await m01(
        world, "h: values(window: hour, last: 3) { start } d: values(last: 500) { start } values { start }"
    )
    assert [item["start"][11:13] for item in found["h"]] == ["12", "13", "14"]
    assert [item["start"] for item in found["d"]] == ["2026-11-01T23:00:00Z", "2026-11-02T23:00:00Z"]
    assert found["values"] == found["d"][-1:]


async def test_a_series_is_columns_of_equal_length(world: World) -> None:
    found = await m01(
        world,
        'series(from: "2026-11-03T10:00:00+01:00", to: "2026-11-03T12:00:00Z", window: hour, '
        'dimensions: [{name: "line", value: "903"}]) '
        "{ unit window start end value numerator denominator n label synthetic revision }",
    )
    assert found["series"] == {
        "unit": "%",
        "window": "hour",
        "start": ["2026-11-03T09:00:00Z", "2026-11-03T10:00:00Z", "2026-11-03T11:00:00Z"],
        "end": ["2026-11-03T10:00:00Z", "2026-11-03T11:00:00Z", "2026-11-03T12:00:00Z"],
        "value": [90.0, 50.0, 60.0],
        "numerator": [9, 5, 6],
        "denominator": [10, 10, 10],
        "n": [12, 12, 12],
        "label": ["final", "final", "final"],
        "synthetic": [False, False, False],
        "revision": [1, 1, 1],
    }


async def test_a_series_without_end_reaches_to_now(world: World) -> None:
    found = await m01(world, 'series(from: "2026-11-03T13:00:00Z", window: hour) { start }')
    assert found["series"] == {"start": ["2026-11-03T13:00:00Z", "2026-11-03T14:00:00Z"]}


async def test_a_breakdown_splits_the_window_an_instant_lies_in(world: World) -> None:
    found = await m01(
        world,
        'newest: breakdown(dimension: "line", window: hour) { start dimensions { value } } '
        'older: breakdown(dimension: "line", window: hour, start: "2026-11-03T09:59:59Z") { start value }',
    )
    assert [item["dimensions"][0]["value"] for item in found["newest"]] == list(LINES)
    assert {item["start"] for item in found["newest"]} == {"2026-11-03T14:00:00Z"}
    assert {(item["start"], item["value"]) for item in found["older"]} == {("2026-11-03T09:00:00Z", 90.0)}


async def test_the_state_of_the_data_names_ages_and_counts_beyond_32_bits(world: World) -> None:
    data = await world.data(
        "{ dataState { feeds { feed partner synthetic intervalS dataAt ageS succeededAt failedAt waiting "
        "accepted { name count } rejected { name count } } "
        "streams { topic partner synthetic records rejected duplicates newestAppend newestEvent ageS } } }"
    )
    assert data["dataState"] == {
        "feeds": [
            {
                "feed": "dvv.transit",
                "partner": "dvv",
                "synthetic": True,
                "intervalS": 30,
                "dataAt": "2026-11-03T14:04:40Z",
                "ageS": 20.0,
                "succeededAt": "2026-11-03T14:04:48Z",
                "failedAt": "2026-11-03T14:04:58Z",
                "waiting": 4,
                "accepted": [{"name": "de.duisburg.dvv.transit.stop-departed.v1", "count": 1200}],
                "rejected": [{"name": "parse", "count": 3}],
            }
        ],
        "streams": [
            {
                "topic": "du.evt.dvv.transit.v1",
                "partner": "dvv",
                "synthetic": True,
                "records": 3_000_000_000,
                "rejected": 2,
                "duplicates": 5,
                "newestAppend": "2026-11-03T14:04:30Z",
                "newestEvent": "2026-11-03T14:04:15Z",
                "ageS": 30.0,
            }
        ],
    }


@pytest.mark.parametrize(
    ("selection", "part"),
    [
        ("values(last: 0) { n }", "last: 0 is not within 1 to 500"),
        ("values(last: 501) { n }", "last: 501 is not within 1 to 500"),
        ('latest(scope: "STB09") { n }', "scope: M01 has no 'STB09'; it has city"),
        ('latest(dimensions: {name: "stop", value: "1"}) { n }', "dimension: M01 has no 'stop'; it has line"),
        ('latest(dimensions: [{name: "line", value: "1"}, {name: "line", value: "2"}]) { n }', "named twice"),
        ('breakdown(dimension: "stop") { n }', "dimension: M01 has no 'stop'; it has line"),
        ('series(from: "2026-11-03T14:05:00Z") { n }', "from: 2026-11-03T14:05:00+00:00 is not before"),
        ('series(from: "2020-01-01T00:00:00Z") { n }', "from, to: more than 2000 windows"),
    ],
)
async def test_a_wrong_argument_is_named_with_what_would_do(world: World, selection: str, part: str) -> None:
    answer = await world.ask(f"{{ {ON_M01} {{ {selection} }} }} }}")
    [error] = answer["errors"]
    assert part in error["message"]
    assert error["extensions"]["code"] == "INVALID_ARGUMENT"
    assert len(error["extensions"]["requestId"]) == 32


LITERAL = '{{ {on} {{ series(from: "{at}") {{ n }} }} }} }}'
VARIABLE = "query($at: DateTime!) {{ {on} {{ series(from: $at) {{ n }} }} }} }}"


@pytest.mark.parametrize(
    "instant", ["2026-11-03T14:00:00", "2026-11-03", "soon", "1999-12-31T00:00:00Z", "9999-12-31T24:00:00Z", ""]
)
@pytest.mark.parametrize("query", [LITERAL, VARIABLE])
async def test_an_instant_without_offset_or_outside_any_archive_is_refused(
    world: World, query: str, instant: str
) -> None:
    answer = await world.ask(query.format(on=ON_M01, at=instant), at=instant)
    assert "2026-11-03T14:00:00Z" in answer["errors"][0]["message"]
    assert answer["errors"][0]["extensions"]["code"] == "BAD_QUERY"


async def test_an_unknown_field_lists_the_seven(world: World) -> None:
    answer = await world.ask('{ kpis(field: "sport") { id } }')
    assert "breitband, e-government" in answer["errors"][0]["message"]


async def test_kpis_of_one_field(world: World) -> None:
    assert await world.data('{ kpis(field: "wohnen") { id } }', "leadership") == {"kpis": [{"id": "C01"}]}


async def test_an_autumn_day_of_25_hours_does_not_cost_a_window() -> None:
    # 25 October 2026 begins at 22:00Z and ends at 23:00Z of the next day.
    days = [datetime(2026, 10, 24, 22, tzinfo=UTC), datetime(2026, 10, 25, 23, tzinfo=UTC)]
    found = await m01(World([value(day, window=WindowKind.DAY) for day in days]), "values(last: 2) { start }")
    assert [item["start"] for item in found["values"]] == ["2026-10-24T22:00:00Z", "2026-10-25T23:00:00Z"]


async def test_a_failing_store_is_said_without_details(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    def locked(*_: object, **__: object) -> None:
        raise StoreUnavailable("/var/secret/store.db is locked")

    monkeypatch.setattr(world.reader, "latest", locked)
    answer = await world.ask(f"{{ {ON_M01} {{ latest {{ n }} }} }} }}")
    assert answer["errors"][0]["extensions"]["code"] == "UNAVAILABLE"
    assert "secret" not in str(answer)


async def test_an_unexpected_error_is_masked_and_logged_under_its_request_id(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    def broken(*_: object, **__: object) -> None:
        raise ZeroDivisionError("internal detail")

    monkeypatch.setattr(world.reader, "latest", broken)
    with structlog.testing.capture_logs() as logs:
        answer = await world.ask(f"{{ {ON_M01} {{ latest {{ n }} }} }} }}")
    [error] = answer["errors"]
    assert error["extensions"]["code"] == "INTERNAL"
    assert "internal detail" not in str(answer)
    assert [(entry["event"], entry["request_id"]) for entry in logs] == [
        ("graphql_error", error["extensions"]["requestId"])
    ]
