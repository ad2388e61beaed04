"""Messages of The Things Stack v3 (`ttn.lorawan.v3.ApplicationUp` as JSON): their shape, nothing else.

Source of the rules: The Things Stack, data formats. Empty fields are omitted: without `f_cnt` it is 0, without `f_port`
too. Instants have nanoseconds. Gateways, radio and addresses are not read.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Annotated, Any, TypeAlias

import msgspec
from msgspec import Meta, Struct

from cityhub.adapters.kit.mqtt_adapter import parse_message
from cityhub.adapters.kit.mqtt_connection import Received
from cityhub.adapters.kit.reject import Reject

Id: TypeAlias = Annotated[str, Meta(min_length=1, max_length=120)]
Instant: TypeAlias = Annotated[datetime, Meta(tz=True)]


class Device(Struct, frozen=True):
    """`end_device_ids`."""

    device_id: Id
    dev_eui: Id


class Version(Struct, frozen=True):
    """`version_ids`: the type of the device."""

    brand_id: str = ""
    model_id: str = ""


class UplinkMessage(Struct, frozen=True):
    """`uplink_message`. Attributes: attributes: of the device, as its owner has set them."""

    received_at: Instant
    session_key_id: Id
    f_cnt: Annotated[int, Meta(ge=0, lt=1 << 32)] = 0
    f_port: int = 0
    frm_payload: bytes = b""
    decoded_payload: dict[str, Any] | None = None
    version_ids: Version = Version()
    attributes: Mapping[str, str] = {}


class Up(Struct, frozen=True):
    """A message of an application that holds an uplink. Attributes: simulated: no device has sent it."""

    device: Device = msgspec.field(name="end_device_ids")
    uplink: UplinkMessage = msgspec.field(name="uplink_message")
    simulated: bool = False


OTHERS = (
    "join_accept",
    "downlink_ack",
    "downlink_nack",
    "downlink_sent",
    "downlink_failed",
    "downlink_queued",
    "downlink_queue_invalidated",
    "location_solved",
    "service_data",
)
"""What a message can be about beside an uplink."""


def parse(message: Received) -> Up | str | Reject:
    """An uplink, what else the message is about, or what is wrong with it."""
    return parse_message(message, _what)


def _what(payload: bytes) -> Up | str:
    parts = _parts(payload)
    if "uplink_message" not in parts and (about := next((one for one in OTHERS if one in parts), "")):
        return about
    return _up(payload)


_parts = msgspec.json.Decoder(dict[str, msgspec.Raw]).decode
_up = msgspec.json.Decoder(Up).decode
