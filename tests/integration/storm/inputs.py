"""What comes at the doors, from a seed: the hostile inputs of the unit tests, in requests and records, and a name.

The name stands only where no contract names anything, so that it may be found nowhere afterwards.
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime
from random import Random
from typing import Any, NamedTuple
from urllib.parse import quote, urlencode

import msgspec

from cityhub.bus.publisher import Outgoing
from cityhub.sdk import codec
from tests.unit.adapters.doors import hostile

NAME = "ErikaMusterfrau4711"
BINARY = "application/json"
_raw_items = msgspec.json.Decoder(list[msgspec.Raw])
_HEADERS = (
    "cookie",
    "x-forwarded-for",
    "x-forwarded-host",
    "forwarded",
    "origin",
    "referer",
    "accept",
    "content-encoding",
    "range",
    "traceparent",
    "x-request-id",
    "x-http-method-override",
    "ce-name",
    "ce-data",
    "ce-",
    "ce_time",
)
_VALUES = (b"\xff\xfe\x80", NAME.encode(), b"x" * 7_000, b"%00%0d%0aSet-Cookie: a=b", b"${jndi:ldap://a/b}", b"", b"-1")


class Sent(NamedTuple):
    """A request. `events`: what the door takes for events, None = it is for the door to find out."""

    kind: str
    body: bytes
    headers: list[tuple[bytes, bytes]]
    events: list[bytes] | None


class Asked(NamedTuple):
    """A request to another route for partners. `caller`: a partner, `operator`, or "" = anonymous."""

    method: str
    path: str
    body: bytes
    caller: str


def forbidden(rng: Random, at: datetime) -> bytes:
    """An event with the name in a place that is none for it."""
    whole = codec.encode(hostile.good(rng, at))
    edit: Callable[[bytes], bytes] = rng.choice(_EDITS)
    return edit(whole)


def _said(whole: bytes, **changes: Any) -> bytes:
    """With a content hash that fits, so that nothing but the change is wrong."""
    said = msgspec.json.decode(whole) | changes
    return msgspec.json.encode(said | {"contenthash": hostile.hash_of(said)})


_QUOTED = f'"{NAME}"'.encode()
_EDITS: tuple[Callable[[bytes], bytes], ...] = (
    lambda whole: _said(whole, data={"fill": 0.5, "plate": NAME}),
    lambda whole: _said(whole, data={"fill": 0.5, NAME: 1}),
    lambda whole: _said(whole, data={"fill": NAME}),
    lambda whole: _said(whole, data={"fill": {"plate": NAME}}),
    lambda whole: _said(whole, data={"fill": [0.5, NAME]}),
    lambda whole: _said(whole, data=NAME),
    lambda whole: _said(whole, holder=NAME),
    lambda whole: _said(whole, subject={"name": NAME}),
    lambda whole: _said(whole, time=NAME),
    lambda whole: _said(whole, type="de.duisburg.wbd.person.seen.v1", data={"fill": 0.5, "name": NAME}),
    lambda whole: whole.replace(b"0.25", _QUOTED + b',"fill":2'),
    lambda whole: whole.replace(b"0.25", b"2").replace(b'"data":', b'"data":{"plate":' + _QUOTED + b'},"data":'),
    lambda whole: whole.replace(b"0.25", b"2").replace(b'"subject":', b'"subject":' + _QUOTED + b',"subject":'),
    lambda whole: whole.replace(b"0.25", b'"\\u0045' + NAME[1:].encode() + b'"'),
    lambda whole: whole[: len(whole) // 2] + NAME.encode(),
    lambda whole: whole + _QUOTED,
    lambda whole: b"\xff" + NAME.encode("latin-1"),
    lambda whole: whole.replace(b"0.25", _QUOTED).decode().encode("utf-16"),
)


def item(rng: Random, at: datetime) -> bytes:
    """One event, or what is none."""
    return forbidden(rng, at) if rng.random() < 0.4 else hostile.body(rng, at)


def request(rng: Random, at: datetime) -> Sent:
    """A request for `/v1/events`, in one of the three content modes or none."""
    headers = [(rng.choice(_HEADERS).encode(), rng.choice(_VALUES)) for _ in range(rng.choice((0, 0, 0, 1, 3)))]
    kind = rng.choice((codec.STRUCTURED, codec.BATCH, codec.BATCH, BINARY, rng.choice(("text/plain", "", "\xff/é"))))
    if kind == codec.BATCH:
        body = _batch(rng, at)
        return Sent(kind, body, headers, _items(body))
    if kind == BINARY:
        more, body = _binary(rng, at)
        return Sent(kind, body, headers + [(f"ce-{name}".encode(), value) for name, value in more], [b""])
    body = item(rng, at)
    return Sent(kind, body, headers, [body] if kind == codec.STRUCTURED else None)


def _batch(rng: Random, at: datetime) -> bytes:
    if rng.random() < 0.02:
        return b"[" + b",".join([b"1"] * 1_001) + b"]"
    items = [item(rng, at) for _ in range(1 << rng.randrange(7))]
    if rng.random() < 0.9:
        items = [one for one in items if _items(b"[" + one + b"]")]
    return b"[" + b",".join(items)[: 1 << 20] + b"]"


def _items(body: bytes) -> list[bytes] | None:
    try:
        return [bytes(one) for one in _raw_items.decode(body)]
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
        return None


def _binary(rng: Random, at: datetime) -> tuple[list[tuple[str, bytes]], bytes]:
    """Attributes and data, one of them broken."""
    said, body = codec.encode_binary(hostile.good(rng, at))
    found = {name.removeprefix("ce-"): text.encode() for name, text in said.items() if name.startswith("ce-")}
    kind = rng.randrange(4)
    if kind == 0:
        found["holder"] = NAME.encode()
    elif kind == 1:
        found[rng.choice(list(found))] = rng.choice(_VALUES[2:])
    elif kind == 2:
        body = rng.choice((b'{"fill":0.5,"plate":' + _QUOTED + b"}", b"\xff" + _QUOTED, b"[", b"", _QUOTED))
    return list(found.items()), body


def record(rng: Random, at: datetime) -> Outgoing:
    """A record as a partner's own Kafka client writes it."""
    key = rng.choice((None, b"", NAME.encode(), b"k%d" % rng.randrange(100), b"\xff" * 300))
    if rng.random() < 0.3:
        more, body = _binary(rng, at)
        kind = ("content-type", rng.choice((b"application/json", b"application/json; charset=utf-8", b"\xff")))
        return key, body, [kind, *((rng.choice(("ce_", "CE_", "ce-")) + name, value) for name, value in more)]
    headers = [(rng.choice(("name", "content-type", "cityhub_origin", "dlq_reason", "")), rng.choice(_VALUES))]
    return key, item(rng, at), headers


_TEXTS = (
    "",
    "0",
    "-1",
    "9" * 400,
    "1e9",
    "ß",
    NAME,
    "../../v1",
    "%2e%2e",
    "'--",
    "x" * 2_000,
    "\0",
    "2026-11-25",
    "dvv",
)
_TEXTS_OF = {"since": ("2026-11-25T00:00:00Z", "0001-01-01T00:00:00+14:00", "9999-12-31T23:59:59-14:00", "2026-13-01")}
_NAMES = ("since", "until", "reason", "type", "first", "before", "partner", "surprise")
_PREFIX = "/v1/partner"


def asked(rng: Random) -> Asked:
    """A request for what partners see: queries, places, ids and bodies that make little sense."""
    kind = rng.randrange(5)
    caller = rng.choice(("dvv", "dvv", "operator", ""))
    names = rng.sample(_NAMES, rng.randrange(4)) + (["partner"] if caller == "operator" else [])
    query = "?" + urlencode([(name, _text(rng, name)) for name in names])
    if caller == "operator" and rng.random() < 0.8:
        query = "?partner=dvv" + ("&" + urlencode({"first": _text(rng, "first")}) if rng.random() < 0.3 else "")
    if kind == 0:
        return Asked("GET", f"{_PREFIX}/dead-letters{query}", b"", caller)
    if kind == 1:
        part, offset = (quote(_text(rng, ""), safe="") for _ in range(2))
        return Asked("GET", f"{_PREFIX}/dead-letters/{part}/{offset}{query}", b"", caller)
    if kind == 2:
        return Asked("POST", f"{_PREFIX}/dead-letters/redrive{query}", _redriving(rng), caller)
    if kind == 3:
        return Asked("GET", f"{_PREFIX}/ledger{query}", b"", caller)
    return Asked("GET", f"{_PREFIX}/trace/{quote(_text(rng, ''), safe=rng.choice(('', '/')))}{query}", b"", caller)


def _text(rng: Random, name: str) -> str:
    return rng.choice(_TEXTS_OF.get(name.replace("until", "since"), ()) + _TEXTS)


def _redriving(rng: Random) -> bytes:
    if rng.random() < 0.2:
        return hostile.body(rng)
    said: dict[str, Any] = {"dry_run": rng.random() < 0.5, "reason": rng.choice(("contract", "parse", NAME))}
    if rng.random() < 0.5:
        said["letters"] = [{"part": 0, "offset": rng.choice((0, 1, 2, 1 << 61, -1, 1 << 70, "0"))}]
        said["edit"] = {rng.choice(("merge", "data", "time")): {rng.choice(("fill", NAME)): hostile.value(rng)}}
    if rng.random() < 0.3:
        said[rng.choice(("max", "since", "until", "type", "letters", "surprise"))] = hostile.value(rng)
    return hostile.as_json(said)
