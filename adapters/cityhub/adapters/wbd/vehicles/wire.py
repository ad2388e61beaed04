"""The topic `state` of VDA 5050, version 2: its shape, nothing else.

Source of the rules: VDA 5050 version 2.0, chapter 6.10. Position, load and battery are not read.
"""

from __future__ import annotations

from typing import Annotated, Literal

import msgspec
from msgspec import Meta, Raw, Struct

from cityhub.adapters.formats.json_items import Id, Instant


class SafetyState(Struct, frozen=True, rename="camel"):
    """`safetyState`. Attributes: e_stop: how the emergency stop is to be acknowledged, NONE while there is none."""

    e_stop: Literal["AUTOACK", "MANUAL", "REMOTE", "NONE"]


class State(Struct, frozen=True, rename="camel"):
    """How a vehicle stands.

    Attributes:
        header_id: counts the vehicle's states; it begins anew when the vehicle restarts.
        order_id: "" before the first one; it stays when the order is done.
        last_node_sequence_id: of the node that was passed last; 0 is where the order begins.
        distance_since_last_node: in metres; VDA 5050 leaves it to the vehicle whether it says so.
        node_states, edge_states: what of the order is still ahead.
    """

    header_id: Annotated[int, Meta(ge=0, lt=1 << 32)]
    timestamp: Instant
    manufacturer: Id
    serial_number: Id
    order_id: Annotated[str, Meta(max_length=120)]
    last_node_sequence_id: Annotated[int, Meta(ge=0, lt=1 << 32)]
    node_states: tuple[Raw, ...]
    edge_states: tuple[Raw, ...]
    operating_mode: Literal["AUTOMATIC", "SEMIAUTOMATIC", "MANUAL", "SERVICE", "TEACHIN"]
    safety_state: SafetyState
    distance_since_last_node: Annotated[float, Meta(ge=0, le=1_000_000)] | None = None


decode = msgspec.json.Decoder(State).decode


def filters(interface: str) -> tuple[str, ...]:
    """What is subscribed to: `<interface>/v2/<manufacturer>/<serial number>/state`. Orders are none of our business."""
    return (f"{interface}/v2/+/+/state",)
