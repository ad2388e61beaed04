"""Fill levels of waste bins at ChirpStack: docs/adapters/wbd-bins.md."""

from __future__ import annotations

import base64
import struct
from collections.abc import Iterable, Sequence

from cityhub.sandbox.city.served.endpoint import City, Message, Push, Served
from cityhub.sandbox.city.served.wbd.chirpstack import Sensor, messages
from cityhub.sandbox.city.streams.story import Told

_SENSOR = Sensor("bins", "Füllstand Ultraschall")


def _render(city: City, told: Sequence[Told]) -> Iterable[Message]:
    for one in told:
        yield from messages(city, _SENSOR, one, _payload(one))


def _payload(told: Told) -> dict[str, object]:
    """The frames of every fourth bin are not decoded."""
    percent = round(100 * told.data["fill"])
    frame = {"fPort": 1, "data": base64.b64encode(struct.pack(">BBH", 0, percent, 3_540)).decode()}
    return frame if int(told.subject[-4:]) % 4 == 0 else frame | {"object": {"fill_level": percent, "status": "ok"}}


SERVED = Served(feed="wbd.bins", streams=("bins",), push=Push("application/bins", _render))
