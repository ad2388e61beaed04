"""Energy of street lamps: the night, the unit, each night once."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import httpx
import msgspec
import pytest

from cityhub.adapters.dvv.lamp_energy.client import connect
from cityhub.adapters.dvv.lamp_energy.mapping import read
from cityhub.adapters.errors import FeedFault
from cityhub.adapters.kit.adapter import Known, Link, Tools
from cityhub.adapters.kit.fact import Reading
from tests.unit.adapters.journals import PSEUDONYMS

NOW = datetime(2026, 11, 26, 12, tzinfo=UTC)
LAMP = "urn:ngsi-ld:Streetlight:lamp-0007"


def said(energy: Any, memory: dict[str, bytes] | None = None, **more: Any) -> Reading:
    entity = {"id": LAMP, "type": "Streetlight", "powerConsumption": energy} | more
    return read(msgspec.json.encode([entity]), memory or {}, NOW)


def metered(value: Any = 0.2, unit: str = "KWH", at: str = "2026-11-26T05:00:35Z") -> dict[str, Any]:
    return {"type": "Property", "value": value, "unitCode": unit, "observedAt": at}


def only(reading: Reading) -> Any:
    assert reading.rejects == []
    (fact,) = reading.facts
    return fact


@pytest.mark.parametrize(
    ("value", "unit", "wh"),
    [(0.254, "KWH", 254), (254, "WHR", 254), (0.2545, "KWH", 254), (0, "KWH", 0), (1.1, "KWH", 1100)],
)
def test_energy_is_in_watt_hours(value: float, unit: str, wh: int) -> None:
    fact = only(said(metered(value, unit)))
    assert fact.data == {"energy_wh": wh, "night": "2026-11-25"}
    assert (fact.subject, fact.key) == ("lamp-0007", ("lamp-0007", "2026-11-25"))


@pytest.mark.parametrize(
    ("at", "night"),
    [
        ("2026-11-26T10:59:59Z", "2026-11-25"),
        ("2026-11-26T11:00:00Z", "2026-11-26"),
        ("2026-11-25T23:30:00Z", "2026-11-25"),
        ("2026-06-26T09:59:59Z", "2026-06-25"),
        ("2026-06-26T10:00:00Z", "2026-06-26"),
        ("2026-11-26T06:00:35+01:00", "2026-11-25"),
    ],
)
def test_a_night_goes_from_noon_to_noon_of_duisburg(at: str, night: str) -> None:
    assert only(said(metered(at=at))).data["night"] == night


@pytest.mark.parametrize(
    ("energy", "reason", "rule"),
    [
        (10, "unit", "10 ''; energy must be in KWH or WHR"),
        (metered(unit="KWT"), "unit", "0.2 'KWT'; energy must be in KWH or WHR"),
        (metered("0,2"), "schema", "'0,2' must be a number"),
        (metered(True), "schema", "'True' must be a number"),
        ({"value": 0.2, "unitCode": "KWH"}, "schema", "observedAt None"),
        (metered(at="2026-11-26T05:00:35"), "schema", "timezone"),
        (metered(at="0001-01-01T00:00:00+05:00"), "schema", "observedAt 0001-01-01"),
        (metered(at="9999-12-31T23:59:59-05:00"), "schema", "observedAt 9999-12-31"),
        ({"type": "Property"}, "schema", "missing required field `value`"),
    ],
)
def test_what_is_no_energy_is_refused_by_name(energy: Any, reason: str, rule: str) -> None:
    (reject,) = said(energy).rejects
    assert reject.reason == reason
    assert rule in reject.detail
    assert reject.path.startswith(f"{LAMP}.powerConsumption[0]")


def test_all_representations_are_read() -> None:
    """A list of instances, one instance, a concise one; expanded names; beside it whatever the broker likes."""
    concise = {"value": 0.2, "unitCode": "KWH", "observedAt": "2026-11-26T05:00:35Z"}
    long = {"https://smartdatamodels.org/dataModel.Streetlighting/powerConsumption": metered()}
    facts = []
    for body in (
        {"powerConsumption": [metered()]},
        {"powerConsumption": metered()},
        {"powerConsumption": concise},
        long,
    ):
        entity = {"id": LAMP, "type": "https://smartdatamodels.org/Streetlight", "powerState": {"value": "on"}} | body
        facts.append(only(read(msgspec.json.encode(entity), {}, NOW)))
    assert [fact.data for fact in facts] == [{"energy_wh": 200, "night": "2026-11-25"}] * 4


def test_a_night_is_told_once_as_it_was_told_first() -> None:
    first = said([metered(), metered(0.3), metered(0.1, at="2026-11-25T05:00:35Z")])
    assert [fact.data["energy_wh"] for fact in first.facts] == [200, 100]
    assert (first.noted, first.cursor) == ({"told_before": 1}, "2026-11-26T05:00:35Z")
    kept = {key: body for key, body in first.memory.items() if body is not None}
    again = said([metered(0.4)], kept)
    assert (again.facts, again.noted, again.cursor) == ([], {"told_before": 1}, "2026-11-26T05:00:35Z")


def test_what_lies_ahead_moves_nothing_and_may_come_again() -> None:
    reading = said([metered(), metered(at="2027-01-01T05:00:00Z")])
    assert len(reading.facts) == 2
    assert reading.cursor == "2026-11-26T05:00:35Z"
    assert len(reading.memory) == 1


def test_nights_that_nobody_asks_for_any_more_are_forgotten() -> None:
    first = said(metered())
    kept = {key: body for key, body in first.memory.items() if body is not None}
    assert len(kept) == 1
    assert read(b"[]", kept, NOW + timedelta(days=7)).memory == {}
    assert read(b"[]", kept, NOW + timedelta(days=9)).memory == dict.fromkeys(kept)


@pytest.mark.parametrize(
    "body", [b"[1]", b'[{"id": "a"}]', b'[{"id": "", "type": "T"}]', b'[{"id": "a", "type": ["T"]}]']
)
def test_what_is_no_entity_is_refused(body: bytes) -> None:
    assert [one.reason for one in read(body, {}, NOW).rejects] == ["schema"]


def test_other_entities_are_refused_by_their_type() -> None:
    (reject,) = read(b'{"id": "a", "type": "Bench"}', {}, NOW).rejects
    assert (reject.reason, reject.detail) == ("unknown_type", "'Bench' is no Streetlight")


def test_an_answer_that_is_no_json_is_a_fault() -> None:
    with pytest.raises(FeedFault, match="not entities of NGSI-LD"):
        read(b"<html>", {}, NOW)


async def test_what_is_late_is_asked_for_again_but_nothing_older_than_the_contract_takes() -> None:
    asked: list[str] = []

    def answer(request: httpx.Request) -> httpx.Response:
        asked.append(request.url.params["timeAt"])
        assert request.url.path == "/ngsi-ld/v1/temporal/entities"
        return httpx.Response(200, headers={"content-type": "application/ld+json"}, stream=httpx.ByteStream(b"[]"))

    async with httpx.AsyncClient(transport=httpx.MockTransport(answer)) as http:
        link = Link(url="https://broker.example/ngsi-ld/v1", synthetic=False)
        adapter = connect(link, Tools(http=http, clock=lambda: NOW, pseudonyms=PSEUDONYMS))
        for cursor in ("", '["2026-11-26T05:00:35Z",null,false]', '["2026-11-02T05:00:35Z",null,false]'):
            await adapter.ask(Known(cursor, {}))
    assert asked == ["2026-11-21T12:00:00Z", "2026-11-24T05:00:35Z", "2026-11-21T12:00:00Z"]


def test_the_recorded_street_light_names_no_unit(sensors: Path) -> None:
    """By hand: one entity in key-values, `powerConsumption` 10 without a unit; nobody knows whether that is energy."""
    reading = read((sensors / "ngsi-ld-streetlight.jsonld").read_bytes(), {}, NOW)
    assert reading.facts == []
    (reject,) = reading.rejects
    assert reject.reason == "unit"
    assert reject.path == "urn:ngsi-ld:Streetlight:streetlight:guadalajara:4567.powerConsumption[0]"


def test_the_recorded_street_light_with_a_unit_is_told(sensors: Path) -> None:
    entity = msgspec.json.decode((sensors / "ngsi-ld-streetlight.jsonld").read_bytes())
    entity["powerConsumption"] = metered(entity["powerConsumption"], at=entity["observationDateTime"])
    fact = only(read(msgspec.json.encode(entity), {}, NOW))
    assert fact.data == {"energy_wh": 10_000, "night": "2021-01-10"}
    assert fact.subject == "streetlight:guadalajara:4567"


@pytest.mark.parametrize("name", ["ngsi-ld-waste-container", "ngsi-ld-kpi"])
def test_recorded_entities_of_other_types_are_refused(sensors: Path, name: str) -> None:
    """By hand: one entity in each file."""
    reading = read((sensors / f"{name}.jsonld").read_bytes(), {}, NOW)
    assert (reading.facts, [one.reason for one in reading.rejects]) == ([], ["unknown_type"])
