"""Pure: uplinks of The Things Stack in the contracts' words. Rules: docs/adapters/dvv-lamps.md."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from datetime import datetime
from functools import cache

from msgspec.structs import replace

from cityhub.adapters.dvv.lamps import wire
from cityhub.adapters.formats.lorawan.profile import Profile, load_profiles
from cityhub.adapters.formats.lorawan.uplink import ASSET, Uplink, read_uplinks
from cityhub.adapters.kit.fact import Reading
from cityhub.adapters.kit.mqtt_connection import Received
from cityhub.adapters.kit.reject import Reject


def read(messages: Sequence[Received], memory: Mapping[str, bytes], now: datetime) -> Reading:
    """What messages say."""
    parsed = [(message.topic, wire.parse(message)) for message in messages]
    uplinks = [_uplink(topic, one) for topic, one in parsed if isinstance(one, wire.Up)]
    reading = read_uplinks(uplinks, memory, profiles())
    rejects = [one for _, one in parsed if isinstance(one, Reject)]
    noted = Counter(one for _, one in parsed if isinstance(one, str))
    return replace(reading, rejects=[*rejects, *reading.rejects], noted=reading.noted + noted)


@cache
def profiles() -> Mapping[str, Profile]:
    """The types of sensors on lamps."""
    return load_profiles(__package__)


def _uplink(topic: str, up: wire.Up) -> Uplink:
    device, message = up.device, up.uplink
    return Uplink(
        path=topic,
        device=device.dev_eui,
        asset=message.attributes.get(ASSET, device.device_id),
        model=f"{message.version_ids.brand_id}/{message.version_ids.model_id}",
        key=(device.dev_eui, message.session_key_id, str(message.f_cnt)),
        received_at=message.received_at,
        port=message.f_port,
        decoded=message.decoded_payload,
        payload=message.frm_payload,
        synthetic=up.simulated,
    )
