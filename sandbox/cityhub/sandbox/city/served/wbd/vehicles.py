"""Autonomous utility vehicles that speak VDA 5050: docs/adapters/wbd-vehicles.md.

A vehicle is switched on for a mission, and its states arrive when it is back in the depot's radio: few of them twice,
some in another order than they were sent in.
"""

from __future__ import annotations

import random
from collections.abc import Iterable, Iterator, Sequence
from datetime import UTC, datetime, timedelta

import msgspec
from msgspec import Struct

from cityhub.sandbox.city.served.endpoint import City, Message, Push, Served
from cityhub.sandbox.city.streams.story import Told, happens
from cityhub.sandbox.city.traffic import lot

_ROOT = "vehicles"
"""Name of the interface, `uagv` in the examples of VDA 5050."""
_MAKER = "kommunaltechnik"
_COPY, _SWAP = 0.04, 0.06
_LEGS, _SEQUENCE = 4, 2
_SECONDS_PER_METRE = 0.3
_SILENT_M = 400
"""A vehicle says how it stands after so many metres at the latest."""


class _Stretch(Struct, frozen=True):
    """What is driven in one way."""

    metres: int
    mode: str = "AUTOMATIC"
    e_stop: str = "NONE"


class _Step(Struct, frozen=True):
    """When a state is sent. Attributes: leg: that the vehicle is on. metres: on it. driven: since the begin."""

    leg: int
    metres: int
    driven: int
    stretch: _Stretch


def _render(city: City, told: Sequence[Told]) -> Iterable[Message]:
    for one in told:
        chance = lot(city.seed, "vda5050", *one.key)
        steps = list(_steps(round(1000 * one.data["km"]), _stretches(one, chance)))
        bodies = [_state(one, number, step, steps) for number, step in enumerate(steps)]
        for body in _arriving(bodies, chance):
            yield Message(f"{_ROOT}/v2/{_MAKER}/{one.subject}/state", body)


def _stretches(told: Told, chance: random.Random) -> Iterator[_Stretch]:
    """Somebody drives it out of the depot, or it is stopped or driven by hand wherever somebody intervenes."""
    alone, times = round(1000 * told.data["autonomous_km"]), told.data["interventions"]
    by_hand = round(1000 * told.data["km"]) - alone
    if not times:
        yield _Stretch(by_hand, "MANUAL")
        yield _Stretch(alone)
        return
    for number in range(times):
        yield _Stretch(_share(alone, number, times + 1))
        metres = _share(by_hand, number, times)
        if metres:
            yield _Stretch(metres, chance.choice(("MANUAL", "SEMIAUTOMATIC")))
        else:
            yield _Stretch(0, e_stop=chance.choice(("MANUAL", "REMOTE")))
    yield _Stretch(_share(alone, times, times + 1))


def _share(whole: int, number: int, of: int) -> int:
    return whole * (number + 1) // of - whole * number // of


def _steps(length: int, stretches: Iterable[_Stretch]) -> Iterator[_Step]:
    """A state at each change, on both sides of each node, and now and then."""
    nodes = [length * number // _LEGS for number in range(_LEGS + 1)]
    leg = driven = 0
    for stretch in stretches:
        yield _Step(leg, driven - nodes[leg], driven, stretch)
        end = driven + stretch.metres
        while driven < end:
            driven = min(end, nodes[leg + 1], driven + _SILENT_M)
            yield _Step(leg, driven - nodes[leg], driven, stretch)
            if driven == nodes[leg + 1]:
                leg += 1
                yield _Step(leg, 0, driven, stretch)


def _state(told: Told, number: int, step: _Step, steps: Sequence[_Step]) -> bytes:
    left_s = (steps[-1].driven - step.driven) * _SECONDS_PER_METRE + len(steps) - 1 - number
    ahead = range(step.leg, _LEGS)
    stopped = step.stretch.e_stop != "NONE"
    errors = [{"errorType": "emergencyStop", "errorLevel": "WARNING"}] if stopped else []
    return msgspec.json.encode(
        {
            "headerId": number,
            "timestamp": _iso(told.time - timedelta(seconds=left_s)),
            "version": "2.0.0",
            "manufacturer": _MAKER,
            "serialNumber": told.subject,
            "orderId": "-".join(told.key[1:]),
            "orderUpdateId": 0,
            "lastNodeId": f"k{step.leg}",
            "lastNodeSequenceId": _SEQUENCE * step.leg,
            "distanceSinceLastNode": step.metres,
            "nodeStates": [_ahead("node", _SEQUENCE * (leg + 1)) for leg in ahead],
            "edgeStates": [_ahead("edge", _SEQUENCE * leg + 1) for leg in ahead],
            "driving": not stopped and bool(ahead),
            "actionStates": [],
            "batteryState": {"batteryCharge": 95 - step.driven / 300, "charging": False},
            "operatingMode": step.stretch.mode,
            "errors": errors,
            "safetyState": {"eStop": step.stretch.e_stop, "fieldViolation": False},
        }
    )


def _ahead(kind: str, sequence: int) -> dict[str, object]:
    return {f"{kind}Id": f"{kind[0]}{sequence}", "sequenceId": sequence, "released": True}


def _arriving(bodies: Sequence[bytes], chance: random.Random) -> Iterator[bytes]:
    """The first one comes first: nobody would know of it that something is missing before."""
    order = [*bodies]
    for place in range(1, len(order) - 1):
        if happens(chance, _SWAP):
            order[place], order[place + 1] = order[place + 1], order[place]
    for body in order:
        yield from [body] * (2 if happens(chance, _COPY) else 1)


def _iso(moment: datetime) -> str:
    return moment.astimezone(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")


SERVED = Served(feed="wbd.vehicles", streams=("missions",), push=Push(_ROOT, _render))
