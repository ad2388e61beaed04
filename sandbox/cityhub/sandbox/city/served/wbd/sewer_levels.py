"""Levels of sewers at ChirpStack: docs/adapters/wbd-sewer-levels.md."""

from __future__ import annotations

import base64
import struct
from collections.abc import Iterable, Sequence

from cityhub.sandbox.city.served.endpoint import City, Message, Push, Served
from cityhub.sandbox.city.served.wbd.chirpstack import Sensor, messages
from cityhub.sandbox.city.streams.story import Told

_SENSOR = Sensor("sewer-levels", "Kanalpegel")
_UNKNOWN = -(2**31)


def _render(city: City, told: Sequence[Told]) -> Iterable[Message]:
    for one in told:
        yield from messages(city, _SENSOR, one, _payload(one))


def _payload(told: Told) -> dict[str, object]:
    """A gauge tells permille of the sewer's height and m³/h; the frames of every second one are not decoded."""
    measured_at, permille = int(told.time.timestamp()), round(1000 * told.data["level_ratio"])
    flow = told.data.get("flow")
    hundredths = _UNKNOWN if flow is None else round(360 * flow)
    frame = {"fPort": 3, "data": base64.b64encode(struct.pack(">IHi", measured_at, permille, hundredths)).decode()}
    values = {"measured_at": measured_at, "level_permille": permille}
    if flow is not None:
        values["flow_m3h"] = hundredths / 100
    return frame | {"object": values} if int(told.subject[-2:]) % 2 else frame


SERVED = Served(feed="wbd.sewer-levels", streams=("sewer-levels",), push=Push("application/sewer-levels", _render))
