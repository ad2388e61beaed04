"""Hostile inputs from a seed: events that are broken somewhere, bytes that are no events, and good ones among them."""

from __future__ import annotations

from datetime import datetime
from random import Random
from typing import Any

import msgspec
from msgspec.structs import replace

from cityhub.sdk import codec
from cityhub.sdk.event import Event
from cityhub.sdk.identity import content_hash
from tests.unit.adapters.doors.world import CONTRACTS, NOW, event

SECRET = "Erika-Mustermann-DU-XY-4711"
"""Stands wherever a partner may have put what nobody may store."""
_NUMBERS = (0, -1, 2**63, -(2**70), 1e308, 1.5, 0.1 + 0.2, -0.0, 10**400)
_TEXTS = (
    "",
    "\0",
    "\u202e",
    "𝕏" * 300,
    "=cmd|' /C calc'!A0",
    "../../etc/passwd",
    "' OR 1=1 --",
    "{{7*7}}",
    "x" * 70_000,
)
_NESTED: tuple[Any, ...] = ({}, [], [[[[]]]], {"a": {"b": {"c": None}}}, None, True)
_BYTES = (b"", b"\xff\xfe", b"null", b"[]", b"{}", b"\x1f\x8b\x08", b"<a/>", b"{" * 5_000, b"[" * 5_000, b'{"id": NaN}')


def value(rng: Random) -> Any:
    """Anything JSON can say, and some of what it cannot."""
    kind = rng.randrange(4)
    return rng.choice((_NUMBERS, _TEXTS, _NESTED, (SECRET,))[kind])


def good(rng: Random, at: datetime = NOW) -> Event:
    """One of a thousand events that a door accepts."""
    made = replace(event(rng.randrange(1_000)), time=at, recordedtime=at)
    return replace(made, contenthash=content_hash(made.type, made.source, made.subject, made.time, made.data))


def body(rng: Random, at: datetime = NOW) -> bytes:
    """One item of a request or one record of a topic.

    Args:
        at: when events that are not broken there say they happened.
    """
    kind = rng.randrange(6)
    if kind == 0:
        return rng.choice(_BYTES) + (SECRET.encode() if rng.random() < 0.3 else b"")
    whole = codec.encode(good(rng, at))
    if kind == 1:
        return whole
    if kind == 2:
        place = rng.randrange(len(whole))
        return whole[:place] + bytes([rng.randrange(256)]) + whole[place + rng.randrange(3) :]
    said = msgspec.json.decode(whole)
    if kind == 3:
        said[rng.choice([*said, "surprise", "ID"])] = value(rng)
    elif kind == 4:
        said["data"][rng.choice(["fill", "mac", "plate", "Fill", "name"])] = value(rng)
    else:
        type_ = rng.choice(list(CONTRACTS))
        data = {name: value(rng) for name in CONTRACTS[type_].fields if rng.random() < 0.9}
        said |= {"type": type_, "data": data, "time": at.isoformat()}
    if rng.random() < 0.8:
        said["contenthash"] = hash_of(said)
    return as_json(said)


def hash_of(said: dict[str, Any]) -> str:
    """The content hash that a good event would have; zeros where there is none."""
    try:
        time = datetime.fromisoformat(str(said["time"]))
        return content_hash(said["type"], said["source"], said["subject"], time, said["data"])
    except (OverflowError, ValueError, msgspec.MsgspecError):
        return "0" * 64


def as_json(said: Any) -> bytes:
    """Also of numbers that are too large for JSON as the hub writes it."""
    try:
        return msgspec.json.encode(said)
    except (OverflowError, msgspec.MsgspecError):
        import json

        return json.dumps(said).encode()
