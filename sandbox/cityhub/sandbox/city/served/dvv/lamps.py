"""Sensors on smart lamps at The Things Stack: docs/adapters/dvv-lamps.md.

Every third climate sensor is one whose frames nobody decodes. As on the real thing, few messages come twice, some
frames reach the network server twice, and devices join anew now and then, with frame counters that begin again.
"""

from __future__ import annotations

import base64
import struct
from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any

import msgspec
from msgspec import Struct

from cityhub.sandbox.city.served.endpoint import City, Message, Push, Served
from cityhub.sandbox.city.streams.story import DAY, Told
from cityhub.sandbox.city.traffic import lot

_ROOT = "v3/lamps"
_COPY, _OTHER_COPY, _JOIN = 0.02, 0.01, 0.005
_SOUNDS = {"glass": "GLASS_BREAK", "scream": "SCREAM", "bang": "BANG"}
_MODELS = {
    "environment-observed": "klima",
    "traffic-observed": "verkehr",
    "parking-observed": "stellplatz",
    "audio-alert-raised": "audio",
}


class _Frame(Struct, frozen=True):
    """What a device sends at once. Attributes: model: of the device. sent_at: whole second. number: frame counter."""

    model: str
    asset: str
    sent_at: datetime
    number: int
    told: Sequence[Told]

    @property
    def device(self) -> str:
        return f"{self.model}-{self.asset}"


def _render(city: City, told: Sequence[Told]) -> Iterable[Message]:
    for frame in _frames(told):
        yield from _messages(city.seed, frame)


def _frames(told: Sequence[Told]) -> Iterator[_Frame]:
    """A camera tells all classes of a quarter of an hour at once; what was kept for want of radio is sent in a row."""
    groups: dict[tuple[str, str, datetime, datetime], list[Told]] = {}
    for one in told:
        groups.setdefault((_MODELS[one.type.split(".")[4]], one.subject, one.due, one.time), []).append(one)
    before: dict[tuple[str, str, datetime], int] = {}
    for (model, asset, due, _), some in groups.items():
        place = before[model, asset, due] = before.get((model, asset, due), -1) + 1
        yield _Frame(model, asset, due, int((due - _session_begins(due)).total_seconds()) * 32 + place, some)


def _session_begins(moment: datetime) -> datetime:
    """Devices join anew every week."""
    midnight = moment.replace(hour=0, minute=0, second=0, microsecond=0)
    return midnight - midnight.weekday() * DAY


def _messages(seed: int, frame: _Frame) -> Iterator[Message]:
    chance = lot(seed, "tts", frame.device, frame.sent_at, frame.number)
    joins, copied, heard_again = (chance.random() < share for share in (_JOIN, _COPY, _OTHER_COPY))
    received = frame.sent_at + timedelta(microseconds=chance.randrange(900_000))
    topic = f"{_ROOT}/devices/{frame.device}"
    session = _session(seed, frame)
    if joins:
        accepted = {"session_key_id": session, "received_at": _iso(received)}
        yield Message(f"{topic}/join", _message(seed, frame, received, join_accept=accepted))
    up = _message(seed, frame, received, uplink_message=_uplink(frame, session, received), simulated=True)
    yield from [Message(f"{topic}/up", up)] * (2 if copied else 1)
    if heard_again:
        later = received + timedelta(milliseconds=1_700)
        again = _message(seed, frame, later, uplink_message=_uplink(frame, session, later), simulated=True)
        yield Message(f"{topic}/up", again)


def _message(seed: int, frame: _Frame, received: datetime, **about: object) -> bytes:
    chance = lot(seed, "correlation", frame.device, received)
    ids = {
        "device_id": frame.device,
        "application_ids": {"application_id": "lamps"},
        "dev_eui": f"{lot(seed, 'eui', frame.device).getrandbits(64):016X}",
        "join_eui": "800000000000000C",
        "dev_addr": f"{chance.getrandbits(25):08X}",
    }
    correlation = [f"{part}:{chance.getrandbits(128):032X}" for part in ("as:up", "gs:uplink", "ns:uplink")]
    head = {"end_device_ids": ids, "correlation_ids": correlation, "received_at": _iso(received)}
    return msgspec.json.encode(head | about)


def _uplink(frame: _Frame, session: str, received: datetime) -> dict[str, object]:
    """Empty fields are omitted, a frame counter of 0 among them."""
    radio = {"gateway_ids": {"gateway_id": "gw-du-1", "eui": "9C5C8E00001A05C4"}, "rssi": -71, "snr": 8.2}
    said = {
        "session_key_id": session,
        "f_cnt": frame.number,
        "rx_metadata": [radio],
        "settings": {"data_rate": {"lora": {"bandwidth": 125_000, "spreading_factor": 7}}, "frequency": "868300000"},
        "consumed_airtime": "0.056576s",
        "version_ids": {"brand_id": "stadtlaterne", "model_id": frame.model, "band_id": "EU_863_870"},
        "attributes": {"asset": frame.asset},
        "received_at": _iso(received),
    }
    return {name: value for name, value in (said | _payload(frame)).items() if value}


def _payload(frame: _Frame) -> dict[str, object]:
    measured_at, data = int(frame.told[0].time.timestamp()), frame.told[0].data
    match frame.model:
        case "klima" if int(frame.asset[-4:]) % 3 == 0:
            return {"f_port": 2, "frm_payload": _climate_frame(measured_at, data)}
        case "klima":
            names = {"co2_ppm": "co2", "temperature_c": "temperature", "humidity": "humidity"}
            values = {name: data.get(field) for field, name in names.items()} | {"measured_at": measured_at}
        case "verkehr":
            values = {"measured_at": measured_at} | _counts(frame.told)
        case "stellplatz":
            age_s = int((frame.sent_at - frame.told[0].time).total_seconds())
            values = {"state": "occupied" if data["occupied"] else "free", "age_s": age_s}
        case _:
            sounded = datetime.fromisoformat(data["sounded_at"])
            values = {
                "event_id": data["alert"],
                "class": _SOUNDS[data["sound"]],
                "confidence": round(100 * data["confidence"]),
                "sounded_ms": int(sounded.timestamp()) * 1000,
            }
    return {"f_port": 1, "frm_payload": "AA==", "decoded_payload": values}


def _counts(told: Sequence[Told]) -> dict[str, Any]:
    """Speeds in m/s; none where nothing drove."""
    found: dict[str, Any] = {}
    for one in told:
        name = f"{one.data['vehicle_class']}s"
        found[name] = one.data["vehicles"]
        if "mean_speed" in one.data:
            found[f"{name}_speed"] = round(one.data["mean_speed"] / 3.6, 3)
    return found


def _climate_frame(measured_at: int, data: Mapping[str, Any]) -> str:
    temperature, humidity = (
        round(10 * data[name]) if name in data else missing
        for name, missing in (("temperature_c", -32768), ("humidity", 65535))
    )
    return base64.b64encode(
        struct.pack(">IhHH", measured_at, temperature, humidity, data.get("co2_ppm", 65535))
    ).decode()


def _session(seed: int, frame: _Frame) -> str:
    key = lot(seed, "session", frame.device, _session_begins(frame.sent_at)).randbytes(16)
    return base64.b64encode(key).decode()


def _iso(moment: datetime) -> str:
    """With nanoseconds, as the network server writes them."""
    return f"{moment:%Y-%m-%dT%H:%M:%S}.{moment.microsecond:06d}285Z"


_STREAMS = ("environment", "traffic", "parking-slots", "audio-alerts")
SERVED = Served(feed="dvv.lamps", streams=_STREAMS, push=Push(_ROOT, _render))
