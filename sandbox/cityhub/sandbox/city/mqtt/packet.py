"""MQTT 3.1.1 as far as a broker needs it that only publishes itself. Source of the rules: OASIS MQTT 3.1.1. Pure."""

from __future__ import annotations

import struct
from collections.abc import Iterator
from enum import IntEnum

from msgspec import Struct

LONGEST = 65_536
"""Bytes of a packet that a client may send."""
_LEVEL_311 = 4


class NotMqtt(ValueError):  # noqa: N818 - what the other side speaks
    """The bytes are no packet of MQTT 3.1.1, or a longer one than a client has reason to send."""


class Kind(IntEnum):
    """Types of packets that occur here."""

    CONNECT = 1
    CONNACK = 2
    PUBLISH = 3
    PUBACK = 4
    SUBSCRIBE = 8
    SUBACK = 9
    PINGREQ = 12
    PINGRESP = 13
    DISCONNECT = 14


class Connect(Struct, frozen=True):
    """Who wants in.

    Attributes:
        clean: nothing is remembered of them. keepalive_s: 0 = none. spoken: we speak their version, too.
    """

    client: str
    clean: bool
    keepalive_s: int
    spoken: bool


def packet(kind: Kind, body: bytes = b"", flags: int = 0) -> bytes:
    """A whole packet."""
    return bytes([kind << 4 | flags]) + bytes(_length(len(body))) + body


def publication(topic: str, payload: bytes, number: int) -> bytes:
    """A message. Args: number: 0 = at most once, else at least once."""
    numbered = struct.pack("!H", number) if number else b""
    return packet(Kind.PUBLISH, _text(topic) + numbered + payload, flags=2 if number else 0)


def connection(body: bytes) -> Connect:
    """What CONNECT says; log-in and will are of no interest.

    Raises:
        NotMqtt: malformed.
    """
    name, at = _read_text(body, 0)
    try:
        level, flags, keepalive_s = struct.unpack_from("!BBH", body, at)
    except struct.error as error:
        raise NotMqtt("CONNECT is too short") from error
    spoken = (name, level) == ("MQTT", _LEVEL_311)
    client = _read_text(body, at + 4)[0] if spoken else ""
    return Connect(client, bool(flags & 2), keepalive_s, spoken)


def subscriptions(body: bytes) -> tuple[int, list[tuple[str, int]]]:
    """Number of a SUBSCRIBE, its filters with the QoS that is asked for.

    Raises:
        NotMqtt: malformed.
    """
    number, at, found = number_of(body), 2, []
    while at < len(body):
        text, at = _read_text(body, at)
        if at == len(body):
            raise NotMqtt("SUBSCRIBE names no QoS")
        found.append((text, body[at]))
        at += 1
    return number, found


def number_of(body: bytes) -> int:
    """What a packet with a number begins with.

    Raises:
        NotMqtt: it has none.
    """
    if len(body) < 2:  # noqa: PLR2004
        raise NotMqtt("a packet lacks its number")
    return int.from_bytes(body[:2])


def matches(wanted: str, topic: str) -> bool:
    """Whether a topic is what a filter asks for."""
    levels, names = wanted.split("/"), topic.split("/")
    if levels[-1] == "#":
        levels, names = levels[:-1], names[: len(levels) - 1]
    return len(levels) == len(names) and all(one in {"+", name} for one, name in zip(levels, names, strict=True))


def _length(length: int) -> Iterator[int]:
    while length > 127:  # noqa: PLR2004 - seven bits a byte
        yield length & 127 | 128
        length >>= 7
    yield length


def _text(text: str) -> bytes:
    body = text.encode()
    return struct.pack("!H", len(body)) + body


def _read_text(body: bytes, at: int) -> tuple[str, int]:
    start = at + 2
    end = start + int.from_bytes(body[at:start])
    if start > len(body) or end > len(body):
        raise NotMqtt("a text is too short")
    try:
        return body[start:end].decode(), end
    except UnicodeDecodeError as error:
        raise NotMqtt("a text is no UTF-8") from error
