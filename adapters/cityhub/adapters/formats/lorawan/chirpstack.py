"""Events of ChirpStack v4 over MQTT as JSON, whatever the sensors measure. Pure.

Source of the rules: `integration.UplinkEvent` of the ChirpStack API. Fields with their default values may be missing.
Gateways, radio and addresses are not read.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Annotated, Any, TypeAlias

import msgspec
from msgspec import Meta, Struct, field
from msgspec.structs import replace

from cityhub.adapters.formats.lorawan.profile import Profile
from cityhub.adapters.formats.lorawan.uplink import ASSET, Uplink, read_uplinks
from cityhub.adapters.kit.fact import Reading
from cityhub.adapters.kit.mqtt_adapter import parse_message
from cityhub.adapters.kit.mqtt_connection import Received
from cityhub.adapters.kit.reject import Reject

Id: TypeAlias = Annotated[str, Meta(min_length=1, max_length=120)]
OTHERS = frozenset({"join", "ack", "txack", "log", "status", "location", "integration"})
"""Events beside uplinks; the topic names them."""


class DeviceInfo(Struct, frozen=True, rename="camel"):
    """`deviceInfo`. Attributes: tags: as the device's owner has set them."""

    dev_eui: Id
    device_name: Id
    device_profile_name: str
    tags: Mapping[str, str] = {}


class UplinkEvent(Struct, frozen=True, rename="camel"):
    """An uplink. Attributes: object: what the codec of the device profile made of `data`, None without one."""

    deduplication_id: Id
    time: Annotated[datetime, Meta(tz=True)]
    device_info: DeviceInfo
    f_port: int = 0
    data: bytes = b""
    values: dict[str, Any] | None = field(name="object", default=None)


_event = msgspec.json.Decoder(UplinkEvent).decode


def filters(application: str) -> tuple[str, ...]:
    """What is subscribed to; never `#` of the whole broker: other applications are none of our business."""
    return (f"application/{application}/device/+/event/up", f"application/{application}/device/+/event/join")


def read(messages: Sequence[Received], memory: Mapping[str, bytes], profiles: Mapping[str, Profile]) -> Reading:
    """What events say; `deduplicationId` tells copies."""
    parsed = [_parsed(message) for message in messages]
    reading = read_uplinks((one for one in parsed if isinstance(one, Uplink)), memory, profiles)
    rejects = [one for one in parsed if isinstance(one, Reject)]
    noted = Counter(one for one in parsed if isinstance(one, str))
    return replace(reading, rejects=[*rejects, *reading.rejects], noted=reading.noted + noted)


def _parsed(message: Received) -> Uplink | str | Reject:
    """An uplink, the name of another event, or what is wrong."""
    if (event := message.topic.rpartition("/")[2]) in OTHERS:
        return event
    up = parse_message(message, _event)
    if isinstance(up, Reject):
        return up
    device = up.device_info
    return Uplink(
        path=message.topic,
        device=device.dev_eui,
        asset=device.tags.get(ASSET, device.device_name),
        model=device.device_profile_name,
        key=(up.deduplication_id,),
        received_at=up.time,
        port=up.f_port,
        decoded=up.values,
        payload=up.data,
    )
