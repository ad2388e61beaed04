"""Pure: missions in the contract's words. Rules: docs/adapters/wbd-vehicles.md."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from datetime import datetime
from decimal import Decimal

import msgspec

from cityhub.adapters.kit.fact import Fact, Reading, memory_key
from cityhub.adapters.kit.mqtt_adapter import parse_message
from cityhub.adapters.kit.mqtt_connection import Received
from cityhub.adapters.kit.reject import Reject
from cityhub.adapters.wbd.vehicles import wire
from cityhub.adapters.wbd.vehicles.drive import Drive, Mission, Moment
from cityhub.adapters.wbd.vehicles.source import FINISHED


def read(messages: Sequence[Received], memory: Mapping[str, bytes], now: datetime) -> Reading:
    """What messages say. Remembered is, by vehicle, how far its states are added up."""
    facts: list[Fact] = []
    rejects: list[Reject] = []
    noted: Counter[str] = Counter()
    drives: dict[str, Drive] = {}
    for message in messages:
        state = _parsed(message)
        if isinstance(state, Reject):
            rejects.append(state)
            continue
        key = memory_key("vehicle", state.manufacturer, state.serial_number)
        if key not in drives:
            drives[key] = _decode(memory[key]) if key in memory else Drive()
        for said in drives[key].take(_moment(state), now):
            if isinstance(said, Mission):
                facts.append(_fact(state.serial_number, said, message.topic))
            else:
                noted[said] += 1
    learnt = {key: msgspec.json.encode(drive) for key, drive in drives.items()}
    return Reading(facts=facts, rejects=rejects, memory=learnt, noted=noted)


def _parsed(message: Received) -> wire.State | Reject:
    state = parse_message(message, wire.decode)
    if isinstance(state, wire.State) and state.order_id and state.distance_since_last_node is None:
        rule = "is missing; without it nobody knows how far the vehicle drives"
        return Reject("schema", f"{message.topic}.distanceSinceLastNode", rule, message.payload)
    return state


def _moment(state: wire.State) -> Moment:
    return Moment(
        at=state.timestamp,
        number=state.header_id,
        order=state.order_id,
        node=state.last_node_sequence_id,
        metres=state.distance_since_last_node or 0.0,
        alone=state.operating_mode == "AUTOMATIC" and state.safety_state.e_stop not in {"MANUAL", "REMOTE"},
        arrived=bool(state.order_id) and not state.node_states and not state.edge_states,
    )


def _fact(serial: str, mission: Mission, path: str) -> Fact:
    data = {
        "km": _kilometres(mission.metres),
        "autonomous_km": _kilometres(mission.metres_alone),
        "interventions": mission.interventions,
    }
    return Fact(type=FINISHED, time=mission.at, subject=serial, key=(serial, mission.order), data=data, path=path)


def _kilometres(metres: float) -> float:
    """To the tenth, half to even."""
    return float(round(Decimal(metres) / 1000, 1))


_decode = msgspec.json.Decoder(Drive).decode
