"""Events out of a file: one JSON object per line, a whole event or what one is made of."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime
from typing import Any, BinaryIO

import msgspec
from msgspec import Struct

from cityhub.sdk import codec
from cityhub.sdk.client.typed import TypedEvents
from cityhub.sdk.errors import RejectedEvent
from cityhub.sdk.event import MAX_EVENT_BYTES, Event

_LONGEST = MAX_EVENT_BYTES + 2  # an event, and the end of its line


class Line(Struct, frozen=True):
    """Attributes: number: of the line, from 1."""

    number: int
    found: Event | RejectedEvent


class _Typed(Struct, frozen=True, forbid_unknown_fields=True):
    """What a line of typed data holds; `TypedEvents.event` says what each means."""

    subject: str
    time: datetime
    data: dict[str, Any]
    natural_key: tuple[str, ...] = ()
    version: str | int = ""


_typed = msgspec.json.Decoder(_Typed)


def read(stream: BinaryIO, typed: TypedEvents | None = None) -> Iterator[Line]:
    """Every line that is not blank, in bounded memory.

    Args:
        typed: makes events of lines that hold `natural_key`, `version`, `subject`, `time`, `data`; None = the lines
            hold whole events.
    """
    number = 0
    while line := stream.readline(_LONGEST):
        number += 1
        cut = len(line) == _LONGEST and not line.endswith(b"\n")
        if cut:
            _skip(stream)
        if cut or line.strip():
            yield Line(number, _too_long() if cut else _event(line.strip(), typed))


def _event(line: bytes, typed: TypedEvents | None) -> Event | RejectedEvent:
    try:
        return codec.decode(line) if typed is None else _made(line, typed)
    except RejectedEvent as why:
        return why


def _made(line: bytes, typed: TypedEvents) -> Event:
    try:
        given = _typed.decode(line)
    except msgspec.ValidationError as error:
        known = "subject, time, data, natural_key, version"
        raise RejectedEvent("envelope", f"{error}; a line of typed data has {known}") from error
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as error:
        raise RejectedEvent("parse", f"the line is not one JSON object in UTF-8: {error}") from error
    return typed.event(
        natural_key=given.natural_key, version=given.version, subject=given.subject, time=given.time, data=given.data
    )


def _skip(stream: BinaryIO) -> None:
    """To the end of the line."""
    while (rest := stream.readline(_LONGEST)) and not rest.endswith(b"\n"):
        pass


def _too_long() -> RejectedEvent:
    return RejectedEvent("size", f"the line has more than {MAX_EVENT_BYTES} bytes, which the hub does not take")
