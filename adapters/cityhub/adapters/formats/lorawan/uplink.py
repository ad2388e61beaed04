"""Frames of sensors as facts, whatever network server they came through. Pure. Rules: docs/adapters/dvv-lamps.md."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from datetime import UTC, datetime, timedelta
from typing import Any

import msgspec
from msgspec import Struct

from cityhub.adapters.formats.lorawan.profile import NotReadable, Profile, instant, number
from cityhub.adapters.kit.fact import Fact, Reading, memory_key
from cityhub.adapters.kit.reject import Reject

KEPT = 32
"""Frames of a device that are remembered: one that comes again later has the same event id."""
_BEHIND_S, _AHEAD_S = 7 * 86_400, 300
"""A sensor's clock is believed within these bounds of the network server's."""
_EARLIEST = datetime(2000, 1, 1, tzinfo=UTC)
ASSET = "asset"
"""Attribute or tag of a device that names what it sits on; without it that is the device itself."""
_SEEN = "seen"


class Uplink(Struct, frozen=True, kw_only=True):
    """A frame.

    Attributes:
        device: its identity at the network server. asset: what it sits on. model: its type.
        key: of the frame; the same in all copies.
        received_at: by the network server.
        decoded: values by name, None where nobody has decoded the payload.
        synthetic: the network server says that no device has sent it.
    """

    path: str
    device: str
    asset: str
    model: str
    key: tuple[str, ...]
    received_at: datetime
    port: int
    decoded: Mapping[str, Any] | None
    payload: bytes
    synthetic: bool = False


def read_uplinks(uplinks: Iterable[Uplink], memory: Mapping[str, bytes], profiles: Mapping[str, Profile]) -> Reading:
    """What frames say, each once: copies are noted as `duplicate`."""
    facts: list[Fact] = []
    rejects: list[Reject] = []
    noted: Counter[str] = Counter()
    seen: dict[str, list[str]] = {}
    for one in uplinks:
        device, frame = memory_key(_SEEN, one.device), "/".join(one.key)
        before = seen.setdefault(device, _frames(memory.get(device, b"[]")))
        if frame in before:
            noted["duplicate"] += 1
            continue
        before.append(frame)
        try:
            facts += _facts(one, profiles)
        except NotReadable as why:
            rejects.append(Reject(why.reason, f"{one.path}.{why.where}", f"{one.device}, frame {frame}: {why}"))
    learnt = {device: msgspec.json.encode(frames[-KEPT:]) for device, frames in seen.items()}
    return Reading(facts=facts, rejects=rejects, memory=learnt, noted=noted)


_frames = msgspec.json.Decoder(list[str]).decode


def _facts(one: Uplink, profiles: Mapping[str, Profile]) -> Sequence[Fact]:
    profile = profiles.get(one.model)
    if profile is None:
        raise NotReadable("unknown_model", "model", f"{one.model[:80]!r} has no profile")
    values = profile.values(one.port, one.decoded, one.payload)
    time = _time(one, profile, values)
    found = profile.data(values, one.asset)
    if not found:
        raise NotReadable("empty", "frame", f"holds none of the values of {profile.model}")
    return [
        Fact(
            type=type_,
            time=time,
            subject=one.asset,
            key=(*one.key, str(number)),
            data=data,
            path=one.path,
            synthetic=one.synthetic,
        )
        for number, (type_, data) in enumerate(found)
    ]


def _time(one: Uplink, profile: Profile, values: Mapping[str, Any]) -> datetime:
    """When it was measured: by the sensor's clock, by its age, else when it was received; to the second."""
    received = one.received_at.replace(microsecond=0)
    if (clock := values.get(profile.clock)) is not None:
        lag_s = (received - instant(clock, "1", profile.clock)).total_seconds()
    elif (age := values.get(profile.age)) is not None:
        lag_s = float(number(age, "1", profile.age))
    else:
        return received
    if not -_AHEAD_S <= lag_s <= _BEHIND_S or received < _EARLIEST:
        rule = f"measured {lag_s:g} s before {received.isoformat()}; at most 7 days before, 5 minutes after"
        raise NotReadable("sensor_clock", profile.clock or profile.age, rule)
    return received - timedelta(seconds=lag_s)
