"""Encodings of events: structured (the hub's own form), binary and batch, each with strict validation on the way in.

Source of the rules: CloudEvents 1.0.2 JSON format (§2, §4) and HTTP binding (§3). Header names of binary mode are
the HTTP binding's `ce-…`; the Kafka binding's `ce_…` are accepted too.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from typing import Any

import msgspec

from cityhub.sdk.errors import RejectedEvent
from cityhub.sdk.event import MAX_EVENT_BYTES, Event, validate

STRUCTURED = "application/cloudevents+json"
BATCH = "application/cloudevents-batch+json"

_encoder = msgspec.json.Encoder()
_decoder = msgspec.json.Decoder(Event)
_items = msgspec.json.Decoder(list[msgspec.Raw])
_ATTRIBUTES = tuple(field.name for field in msgspec.structs.fields(Event) if field.name != "data")


def encode(event: Event) -> bytes:
    """Structured mode.

    Raises:
        RejectedEvent: reason `size`, the encoded event is larger than `MAX_EVENT_BYTES`.
    """
    body = _encoder.encode(event)
    _check_size(body)
    return body


def decode(body: bytes) -> Event:
    """Read and validate one event in structured mode.

    Raises:
        RejectedEvent: `size`, `parse` (no JSON) or `envelope` (a rule of the profile), with the attribute's name.
    """
    _check_size(body)
    with _refusing("one JSON object"):
        event = _decoder.decode(body)
    validate(event)
    return event


def encode_batch(events: Iterable[Event]) -> bytes:
    """JSON batch, in the given order."""
    return b"[" + b",".join(encode(event) for event in events) + b"]"


def decode_batch(body: bytes) -> list[Event | RejectedEvent]:
    """Read a JSON batch; a bad item never costs its neighbours.

    Returns:
        One entry per item, in order: the event, or why it was refused.

    Raises:
        RejectedEvent: the body is not a JSON array.
    """
    with _refusing("a JSON array of events"):
        items = _items.decode(body)
    return [_decoded_or_reason(bytes(item)) for item in items]


def encode_binary(event: Event) -> tuple[dict[str, str], bytes]:
    """Binary mode: (headers, body). The body is the data alone."""
    attributes = msgspec.to_builtins(event)
    attributes.pop("data")
    headers = {"content-type": attributes.pop("datacontenttype")}
    headers |= {f"ce-{name}": _header_text(value) for name, value in attributes.items()}
    return headers, _encoder.encode(event.data)


def as_structured(headers: Mapping[str, str], body: bytes) -> bytes:
    """An event in binary mode as the same event in structured mode; what is wrong with it stays wrong.

    Args:
        headers: HTTP or Kafka headers, any case; foreign headers are ignored.
    """
    said = {name.lower(): value for name, value in headers.items()}
    attributes: dict[str, Any] = {name[3:]: said[name] for name in said if name.startswith(("ce-", "ce_"))}
    if "synthetic" in attributes:
        attributes["synthetic"] = attributes["synthetic"] == "true"
    kind = said.get("content-type", "").partition(";")[0].strip()
    return _encoder.encode(attributes | {"datacontenttype": kind, "data": msgspec.Raw(body or b"null")})


def decode_binary(headers: Mapping[str, str], body: bytes) -> Event:
    """Read and validate one event in binary mode.

    Args:
        headers: as of `as_structured`.

    Raises:
        RejectedEvent: as `decode`.
    """
    with _refusing("JSON"):
        msgspec.json.decode(body)
    return decode(as_structured(headers, body))


def _decoded_or_reason(body: bytes) -> Event | RejectedEvent:
    try:
        return decode(body)
    except RejectedEvent as rejected:
        return rejected


@contextmanager
def _refusing(wanted: str) -> Iterator[None]:
    """Turn a decoder's errors into verdicts."""
    try:
        yield
    except msgspec.ValidationError as error:
        raise RejectedEvent("envelope", f"{error}; see docs/events.md", _attribute_of(str(error))) from error
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as error:
        raise RejectedEvent("parse", f"the body is not {wanted} in UTF-8: {error}") from error


def _header_text(value: object) -> str:
    return str(value).lower() if isinstance(value, bool) else str(value)


def _check_size(body: bytes) -> None:
    if len(body) > MAX_EVENT_BYTES:
        raise RejectedEvent("size", f"the event has {len(body)} bytes; the hub takes at most {MAX_EVENT_BYTES}")


def _attribute_of(message: str) -> str:
    """The attribute a decoder's message is about: it quotes a field, or ends in a path such as `$.time`."""
    _, _, path = message.partition(" - at `$.")
    if path:
        return path.split("`")[0].split("[")[0]
    return next((name for name in (*_ATTRIBUTES, "data") if f"`{name}`" in message), "")
