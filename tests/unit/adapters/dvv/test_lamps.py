"""Uplinks of sensors on lamps as The Things Stack sends them."""

from __future__ import annotations

import base64
import re
import struct
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import msgspec
import pytest

from cityhub.adapters.dvv.lamps import mapping, source
from cityhub.adapters.dvv.lamps.client import filters
from cityhub.adapters.dvv.lamps.mapping import read
from cityhub.adapters.formats.lorawan.profile import Profile, Rule, Said
from cityhub.adapters.kit.fact import Reading
from cityhub.adapters.kit.feed import Stamp
from cityhub.adapters.kit.mqtt_connection import Received
from cityhub.adapters.kit.register import Register
from cityhub.sdk import codec
from cityhub.sdk.contract import load_contracts
from cityhub.sdk.event import Event

NOW = datetime(2026, 11, 26, 12, 30, tzinfo=UTC)
EUI, GATEWAY = "70B3D57ED0001234", "9C5C8E00001A05C4"
MEASURED = int(datetime(2026, 11, 26, 12, tzinfo=UTC).timestamp())


def up(model: str, decoded: dict[str, Any] | None = None, **uplink: Any) -> dict[str, Any]:
    """A message of an uplink; f_cnt 0 is omitted as everything that is empty."""
    payload = {} if decoded is None else {"decoded_payload": decoded}
    return {
        "end_device_ids": {"device_id": f"{model}-1", "dev_eui": EUI, "dev_addr": "00BCB929"},
        "correlation_ids": ["as:up:01E0WZGT6Y7657CPFPE5WEYDSQ"],
        "received_at": "2026-11-26T12:00:09.214773143Z",
        "uplink_message": {
            "session_key_id": "AXA50tHUGUucuzS/bCGMNw==",
            "version_ids": {"brand_id": "stadtlaterne", "model_id": model, "firmware_version": "2"},
            "attributes": {"asset": "lamp-0007"},
            "rx_metadata": [{"gateway_ids": {"gateway_id": "gtw1", "eui": GATEWAY}, "rssi": -35}],
            "received_at": "2026-11-26T12:00:08.999999123Z",
        }
        | payload
        | uplink,
    }


def messages(*bodies: Any) -> list[Received]:
    return [
        Received("v3/lamps/devices/d/up", body if isinstance(body, bytes) else msgspec.json.encode(body))
        for body in bodies
    ]


def said(*bodies: Any) -> Reading:
    return read(messages(*bodies), {}, NOW)


def told(*bodies: Any) -> list[dict[str, Any]]:
    reading = said(*bodies)
    assert reading.rejects == []
    return [fact.data for fact in reading.facts]


def test_air() -> None:
    (fact,) = said(up("klima", {"co2": 418, "temperature": -3.4, "humidity": 81.25, "measured_at": MEASURED})).facts
    assert fact.data == {"co2_ppm": 418, "temperature_c": -3.4, "humidity": 81.2}
    assert (fact.type, fact.subject, fact.time.timestamp()) == (source.ENVIRONMENT, "lamp-0007", MEASURED)
    assert fact.key == (EUI, "AXA50tHUGUucuzS/bCGMNw==", "0", "0")
    assert not fact.synthetic


def test_air_that_nobody_has_decoded() -> None:
    frame = struct.pack(">IhHH", MEASURED, -34, 65535, 418)
    sent = {"f_port": 2, "frm_payload": base64.b64encode(frame).decode()}
    assert told(up("klima", None, **sent)) == [{"co2_ppm": 418, "temperature_c": -3.4}]
    (reject,) = said(up("klima", None, **sent | {"f_port": 3})).rejects
    assert reject.reason == "layout"
    (reject,) = said(up("klima", None, **sent | {"frm_payload": "AA=="})).rejects
    assert (reject.reason, "1 bytes on port 2; its profile wants 10" in reject.detail) == ("layout", True)


def test_traffic_is_told_by_class_in_kilometres_per_hour() -> None:
    counted = {"measured_at": MEASURED, "cars": 31, "cars_speed": 12.5, "trucks": 0}
    assert told(up("verkehr", counted)) == [
        {"vehicles": 31, "mean_speed": 45.0, "vehicle_class": "car"},
        {"vehicles": 0, "vehicle_class": "truck"},
    ]


def test_parking_was_seen_some_seconds_before() -> None:
    (fact,) = said(up("stellplatz", {"state": "occupied", "age_s": 8})).facts
    assert fact.data == {"slot": "lamp-0007", "occupied": True}
    assert fact.time.timestamp() == MEASURED
    assert told(up("stellplatz", {"state": "free"})) == [{"slot": "lamp-0007", "occupied": False}]
    (reject,) = said(up("stellplatz", {"state": "maybe"})).rejects
    assert (reject.reason, reject.path) == ("unknown_code", "v3/lamps/devices/d/up.state")
    assert reject.detail.startswith(f"{EUI}, frame {EUI}/")
    assert reject.detail.endswith(": 'maybe' is none of occupied, free")


def test_a_sound_is_told_by_its_class_never_as_a_recording() -> None:
    heard = {"event_id": "a-1", "class": "GLASS_BREAK", "confidence": 87, "sounded_ms": MEASURED * 1000 + 512}
    assert told(up("audio", heard | {"waveform": "UklGRg=="})) == [
        {
            "alert": "a-1",
            "lamp": "lamp-0007",
            "sound": "glass",
            "confidence": 0.87,
            "sounded_at": "2026-11-26T12:00:00Z",
        }
    ]


def test_a_frame_is_known_by_device_session_and_counter() -> None:
    """A frame comes again, byte for byte or heard by another gateway later; after a rejoin counters begin anew."""
    one = up("stellplatz", {"state": "free"}, f_cnt=4)
    heard_again = up("stellplatz", {"state": "free"}, f_cnt=4, received_at="2026-11-26T12:00:11Z")
    heard_again["correlation_ids"] = ["as:up:other"]
    rejoined = up("stellplatz", {"state": "free"}, f_cnt=4, session_key_id="AXBSH1Pk6Z0G166RlH16CQ==")
    reading = said(one, one, heard_again, rejoined)
    assert len(reading.facts) == 2
    assert reading.noted == {"duplicate": 2}


def test_the_asset_is_the_device_where_nobody_has_said_otherwise() -> None:
    (fact,) = said(up("stellplatz", {"state": "free"}, attributes={})).facts
    assert fact.subject == "stellplatz-1"


@pytest.mark.parametrize(
    "about", ["join_accept", "downlink_ack", "downlink_nack", "downlink_failed", "downlink_queued"]
)
def test_what_is_no_uplink_is_noted(about: str) -> None:
    reading = said({"end_device_ids": {"device_id": "d"}, about: {"session_key_id": "s"}})
    assert (reading.facts, reading.rejects, reading.noted) == ([], [], {about: 1})


@pytest.mark.parametrize(
    ("body", "where"),
    [
        (b"", ""),
        (b"[]", ""),
        (b"{}", ""),
        (b"\xff\xfe{\x00", ""),
        (b'{"uplink_message": {}}', ".uplink_message"),
        (b"[" * 60_000, ""),
        (up("klima", {}, f_cnt=-1), ".uplink_message.f_cnt"),
        (up("klima", {}, f_cnt=1 << 32), ".uplink_message.f_cnt"),
        (up("klima", {}, frm_payload="a"), ".uplink_message.frm_payload"),
        (up("klima", {}, received_at="2026-11-26T12:00:00"), ".uplink_message.received_at"),
        (up("klima", {}, attributes={"asset": 7}), ".uplink_message.attributes[...]"),
        ({"end_device_ids": {"device_id": "d"}, "uplink_message": {}}, ".end_device_ids"),
    ],
)
def test_what_is_malformed_is_refused_where_it_stands(body: Any, where: str) -> None:
    (reject,) = said(body).rejects
    assert (reject.reason, reject.path) == ("schema", f"v3/lamps/devices/d/up{where}")


def test_a_huge_message_is_not_read() -> None:
    (reject,) = said(b'{"a":"' + b"x" * 70_000 + b'"}').rejects
    assert reject.reason == "too_large"


def test_a_bad_message_costs_no_other() -> None:
    reading = said(b"{", up("stellplatz", {"state": "free"}), b"}")
    assert (len(reading.facts), len(reading.rejects)) == (1, 2)


async def test_no_event_names_device_gateway_or_radio_and_what_was_simulated_is_marked() -> None:
    register = Register(None, "", lambda: NOW)  # type: ignore[arg-type]
    stamp = Stamp(source.DVV_LAMPS, load_contracts(), register, synthetic=False)
    heard = {"event_id": "a-1", "class": "BANG", "confidence": 87, "sounded_ms": MEASURED * 1000, "speaker": "Anna"}
    bodies = [up("audio", heard), up("verkehr", {"cars": 1, "plate": "DU-AB 123"}, f_cnt=1)]
    facts = said(*bodies, up("stellplatz", {"state": "free"}, f_cnt=2) | {"simulated": True}).facts
    events = [stamp.event(fact, NOW) for fact in facts]
    assert all(isinstance(event, Event) for event in events)
    encoded = b"".join(codec.encode(event) for event in events if isinstance(event, Event)).decode()
    for secret in (EUI, EUI.lower(), GATEWAY, "00BCB929", "Anna", "DU-AB"):
        assert secret not in encoded
    assert [(event.synthetic, event.source) for event in events if isinstance(event, Event)] == [
        (False, "//dvv/lorawan"),
        (False, "//dvv/lorawan"),
        (True, "//cityhub/simulated-city/dvv/lamps"),
    ]


def recorded(folder: Path) -> list[bytes]:
    """The examples of The Things Stack's documentation."""
    text = (folder / "tts-v3-messages.md").read_text(encoding="utf-8")
    return [found.encode() for found in re.findall(r"^```json\n(.*?)^```", text, re.S | re.M)]


def test_recorded_messages(sensors: Path) -> None:
    """By hand: five examples. A join, an ack and a failed downlink are noted; a downlink that an application sends is
    no message to one; the uplink lacks a comma before its last `received_at` and is refused as it stands.
    """
    examples = recorded(sensors)
    assert len(examples) == 5
    reading = said(*examples)
    assert reading.facts == []
    assert reading.noted == {"join_accept": 1, "downlink_ack": 1, "downlink_failed": 1}
    assert [one.reason for one in reading.rejects] == ["schema", "schema"]


def test_the_recorded_uplink(sensors: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """With its comma: nobody has a profile of its type; with one it is told. By hand: 1.0 °C, received at 15:15:45."""
    uplink = re.sub(rb'\}\n    "received_at"', b'},\n    "received_at"', recorded(sensors)[1])
    (reject,) = said(uplink).rejects
    assert (reject.reason, "'the-things-products/the-things-uno' has no profile" in reject.detail) == (
        "unknown_model",
        True,
    )
    fields = {"temperature_c": Rule(source="temperature", unit="Cel")}
    profile = Profile("the-things-products/the-things-uno", (Said(source.ENVIRONMENT, fields),))
    monkeypatch.setattr(mapping, "profiles", lambda: {profile.model: profile})
    (fact,) = said(uplink).facts
    assert (fact.data, fact.subject, fact.time) == (
        {"temperature_c": 1.0},
        "dev1",
        datetime(2020, 2, 12, 15, 15, 45, tzinfo=UTC),
    )
    assert fact.key == ("0004A30B001C0530", "AXA50tHUGUucuzS/bCGMNw==", "1", "0")


def test_the_address_names_the_application() -> None:
    assert filters("app@duisburg") == ("v3/app@duisburg/devices/+/up", "v3/app@duisburg/devices/+/join")
