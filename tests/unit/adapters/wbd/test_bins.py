"""Uplinks of bins and sewers as ChirpStack v4 sends them, and a bin at a context broker."""

from __future__ import annotations

import base64
import struct
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import msgspec
import pytest

from cityhub.adapters.formats import ngsi_ld
from cityhub.adapters.formats.lorawan.chirpstack import filters
from cityhub.adapters.formats.lorawan.profile import Profile, Rule, Said
from cityhub.adapters.kit.fact import Reading
from cityhub.adapters.kit.mqtt_connection import Received
from cityhub.adapters.wbd.bins import mapping as bins
from cityhub.adapters.wbd.bins.source import LEVEL
from cityhub.adapters.wbd.sewer_levels import mapping as sewers

NOW = datetime(2026, 11, 26, 12, 30, tzinfo=UTC)
MEASURED = datetime(2026, 11, 26, 12, tzinfo=UTC)
UP = "application/bins/device/0101010101010101/event/up"


def event(profile: str = "Füllstand Ultraschall", tags: Any = None, **more: Any) -> dict[str, Any]:
    """As of the API's documentation, shortened; `fCnt` 0 and `fPort` 0 may be missing."""
    return {
        "deduplicationId": "3ac7e3c4-4401-4b8d-9386-a5c902f9202d",
        "time": "2026-11-26T13:00:08.735164+01:00",
        "deviceInfo": {
            "tenantId": "52f14cd4-c6f1-4fbd-8f87-4025e1d49242",
            "applicationId": "17c82e96-be03-4f38-aef3-f83d48582d97",
            "deviceProfileName": profile,
            "deviceName": "bin-0007",
            "devEui": "0101010101010101",
            "tags": {"asset": "bin-0042"} if tags is None else tags,
        },
        "devAddr": "00189440",
        "rxInfo": [{"gatewayId": "0016c001f153a14c", "rssi": -36}],
    } | more


def said(*bodies: Any, topic: str = UP) -> Reading:
    encoded = [body if isinstance(body, bytes) else msgspec.json.encode(body) for body in bodies]
    return bins.read([Received(topic, body) for body in encoded], {}, NOW)


def test_a_level_in_percent_is_a_share() -> None:
    (fact,) = said(event(object={"fill_level": 43, "battery": 3.5})).facts
    assert (fact.type, fact.subject, fact.data) == (LEVEL, "bin-0042", {"fill": 0.43})
    assert fact.key == ("3ac7e3c4-4401-4b8d-9386-a5c902f9202d", "0")
    assert fact.time == datetime(2026, 11, 26, 12, 0, 8, tzinfo=UTC)


@pytest.mark.parametrize(("level", "fill"), [(0, 0.0), (100, 1.0), (12.345, 0.12)])
def test_bounds(level: float, fill: float) -> None:
    (fact,) = said(event(object={"fill_level": level})).facts
    assert fact.data == {"fill": fill}


def test_a_frame_without_a_codec_is_read_by_the_profile() -> None:
    (fact,) = said(event(fPort=1, data=base64.b64encode(struct.pack(">BBH", 1, 43, 3_540)).decode())).facts
    assert fact.data == {"fill": 0.43}
    (reject,) = said(event(fPort=1, data=base64.b64encode(struct.pack(">BBH", 1, 255, 3_540)).decode())).rejects
    assert reject.reason == "empty"
    (reject,) = said(event()).rejects
    assert (reject.reason, "no layout for port 0" in reject.detail) == ("layout", True)


def test_the_asset_is_the_tag_else_the_name() -> None:
    (fact,) = said(event(tags={}, object={"fill_level": 1})).facts
    assert fact.subject == "bin-0007"


def test_a_copy_is_known_by_its_deduplication_id() -> None:
    one = event(object={"fill_level": 43})
    other = one | {"deduplicationId": "57433366-50a6-4dc2-8145-2df1bbc70d9e"}
    reading = said(one, one, other)
    assert (len(reading.facts), reading.noted) == (2, {"duplicate": 1})


@pytest.mark.parametrize("name", ["join", "ack", "txack", "log", "status", "location", "integration"])
def test_other_events_are_noted_by_their_topic(name: str) -> None:
    reading = said({"any": "thing"}, topic=UP.replace("/up", f"/{name}"))
    assert (reading.facts, reading.rejects, reading.noted) == ([], [], {name: 1})


@pytest.mark.parametrize(
    ("body", "reason", "where"),
    [
        (b"{", "schema", ""),
        (b"null", "schema", ""),
        (event(deduplicationId=""), "schema", ".deduplicationId"),
        (event(time="2026-11-26T13:00:08"), "schema", ".time"),
        (event(data="?"), "schema", ".data"),
        (event(object=[]), "schema", ".object"),
        (event(profile="Fuellstand"), "unknown_model", ".model"),
        (event(object={"fill_level": "43"}), "value", ".fill_level"),
        (b'"' + b"x" * 70_000 + b'"', "too_large", ""),
    ],
)
def test_what_is_wrong_is_refused_where_it_stands(body: Any, reason: str, where: str) -> None:
    (reject,) = said(body).rejects
    assert (reject.reason, reject.path) == (reason, f"{UP}{where}")


def test_only_the_named_application_is_listened_to() -> None:
    assert filters("17c8") == ("application/17c8/device/+/event/up", "application/17c8/device/+/event/join")


def level(**more: Any) -> Reading:
    body = msgspec.json.encode(event("Kanalpegel", {"asset": "pegel-03"}, **more))
    return sewers.read([Received(UP, body)], {}, NOW)


@pytest.mark.parametrize(("flow", "means"), [(360, 100.0), (0.36, 0.1), (-72, -20.0), (35_999.64, 9999.9)])
def test_a_sewers_flow_is_in_litres_per_second(flow: float, means: float) -> None:
    values = {"measured_at": MEASURED.timestamp(), "level_permille": 1_204, "flow_m3h": flow}
    (fact,) = level(object=values).facts
    assert (fact.data, fact.time) == ({"level_ratio": 1.204, "flow": means}, MEASURED)


def test_a_sewers_frame_without_a_codec() -> None:
    frame = struct.pack(">IHi", int(MEASURED.timestamp()), 87, -(2**31))
    (fact,) = level(fPort=3, data=base64.b64encode(frame).decode()).facts
    assert (fact.data, fact.subject, fact.time) == ({"level_ratio": 0.087}, "pegel-03", MEASURED)


CONTAINER = Profile("WasteContainer", (Said(LEVEL, {"fill": Rule(source="fillingLevel")}),))
"""What a bin is at a context broker: its level is a share already."""


def values(entity: ngsi_ld.Entity) -> dict[str, Any]:
    found = {name: [one for _, one in entity.instances(name)] for name in entity.attributes}
    return {name: some[0].value for name, some in found.items() if isinstance(some[0], ngsi_ld.Instance)}


def test_a_waste_container_at_a_context_broker_is_read_by_a_profile_too() -> None:
    for said_so in (0.43, {"type": "Property", "value": 0.43, "observedAt": "2026-11-26T12:00:00Z"}):
        body = msgspec.json.encode(
            {"id": "urn:ngsi-ld:WasteContainer:b", "type": "WasteContainer", "fillingLevel": said_so}
        )
        ((_, entity),), rejects = ngsi_ld.parse(body)
        assert rejects == []
        assert CONTAINER.data(values(entity), "b") == [(LEVEL, {"fill": 0.43})]


def test_the_recorded_waste_container_tells_no_level(sensors: Path) -> None:
    """By hand: one entity of type WasteContainer with 12 attributes, `fillingLevel` not among them."""
    ((_, entity),), rejects = ngsi_ld.parse((sensors / "ngsi-ld-waste-container.jsonld").read_bytes())
    assert (entity.type, entity.id, rejects) == ("WasteContainer", "urn:ngsi-ld:wastecontainer:1021:AAWD", [])
    assert values(entity)["binFullnessThreshold"] == 80
    assert CONTAINER.data(values(entity), "b") == []
