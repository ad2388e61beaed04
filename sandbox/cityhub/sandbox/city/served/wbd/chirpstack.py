"""What ChirpStack v4 makes of the frames of sensors. As on the real thing, few messages come twice."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime, timedelta
from uuid import UUID

import msgspec
from msgspec import Struct

from cityhub.sandbox.city.served.endpoint import City, Message
from cityhub.sandbox.city.streams.story import Told
from cityhub.sandbox.city.traffic import lot

_COPY, _STATUS = 0.02, 0.01


class Sensor(Struct, frozen=True):
    """A kind of sensors. Attributes: profile: name of their device profile."""

    application: str
    profile: str


def messages(city: City, sensor: Sensor, told: Told, payload: dict[str, object]) -> Iterator[Message]:
    """The messages of one frame.

    Args:
        payload: `fPort`, `data` and, where a codec is configured, `object`.
    """
    asset = told.subject
    device, chance = lot(city.seed, "device", asset), lot(city.seed, "chirpstack", *told.key)
    eui = f"{device.getrandbits(64):016x}"
    info = {
        "tenantId": str(_uuid(city.seed, "tenant")),
        "tenantName": "wbd",
        "applicationId": sensor.application,
        "applicationName": sensor.application,
        "deviceProfileId": str(_uuid(city.seed, sensor.profile)),
        "deviceProfileName": sensor.profile,
        "deviceName": f"{sensor.profile} {eui[-4:]}",
        "devEui": eui,
        "tags": {"asset": asset},
    }
    topic = f"application/{sensor.application}/device/{eui}/event"
    head = {
        "deduplicationId": str(UUID(int=chance.getrandbits(128), version=4)),
        "time": _iso(told.due, chance.random()),
    }
    if chance.random() < _STATUS:
        yield Message(
            f"{topic}/status", msgspec.json.encode(head | {"deviceInfo": info, "margin": 12, "batteryLevel": 91.5})
        )
    radio = {"gatewayId": "0016c001f1500812", "rssi": -97, "snr": 6.5, "crcStatus": "CRC_OK"}
    frame = {
        "devAddr": eui[-8:],
        "adr": True,
        "dr": 5,
        "fCnt": int(told.due.timestamp()) // 60 % 65_536,
        "rxInfo": [radio],
    }
    up = msgspec.json.encode(head | {"deviceInfo": info} | frame | payload)
    yield from [Message(f"{topic}/up", up)] * (2 if chance.random() < _COPY else 1)


def _iso(moment: datetime, fraction: float) -> str:
    return (moment + timedelta(seconds=0.9 * fraction)).isoformat()


def _uuid(*key: object) -> UUID:
    return UUID(int=lot(*key).getrandbits(128), version=4)
