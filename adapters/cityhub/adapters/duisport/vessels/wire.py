"""AIS sentences: where a vessel is and how fast, nothing else. Names, destinations and cargo are never decoded.

Source of the shape: NMEA 0183 (sentence, checksum), NMEA 4.0 (tag block), ITU-R M.1371-5 (messages 1 to 3, 18, 19).
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from datetime import UTC, datetime
from functools import reduce
from operator import xor
from typing import Any

import pyais
from msgspec import Struct
from pyais.exceptions import AISBaseException

from cityhub.adapters.kit.lines_adapter import MAX_LINE
from cityhub.adapters.kit.reject import Reject

_SENTENCE = re.compile(
    rb"(?:\\(?P<tags>[^\\]{1,80})\\)?"
    rb"(?P<whole>!(?P<sum>[A-Z]{2}VD[MO],(?P<parts>[1-9]),[1-9],[0-9]?,[AB12]?,(?P<payload>[0-W`-w]*),[0-5])"
    rb"\*(?P<check>[0-9A-Fa-f]{2}))"
)
_TAGS = re.compile(rb"(?P<sum>.+)\*(?P<check>[0-9A-Fa-f]{2})")
_POSITIONS: Mapping[int, int] = {1: 28, 2: 28, 3: 28, 18: 28, 19: 52}
"""Types that say where a vessel is, and how many characters they have at least."""
_NO_SPEED, _NO_LAT, _NO_LON = 102.3, 91.0, 181.0
_MILLISECONDS = 10**11


class Report(Struct, frozen=True):
    """Where a vessel is.

    Attributes:
        vessel: its MMSI, which goes no further than the adapter's memory. knots: over ground.
        at: what the receiver says, None where it says nothing.
    """

    vessel: int
    lat: float
    lon: float
    knots: float
    at: datetime | None


class Other(Struct, frozen=True):
    """A sound sentence that tells no position. Attributes: word: under which it is counted; at: as in a report."""

    word: str
    at: datetime | None


def parse(line: bytes, path: str) -> Report | Other | Reject:
    """What a line says, or why it is refused: without quoting it, because a vessel's number is in it."""
    found = _SENTENCE.fullmatch(line) if len(line) <= MAX_LINE else None
    if found is None:
        return Reject("sentence", path, f"{len(line)} bytes from {line[:6]!r} on are no AIS sentence")
    if not (_is_sound(found) and _is_tagged_well(found["tags"])):
        return Reject("checksum", path, "sentence or tag block was damaged on its way")
    if not found["payload"]:
        return Reject("no_payload", path, "the sentence holds no message")
    kind = _kind(found["payload"])
    if found["parts"] != b"1" or kind not in _POSITIONS:
        return Other("no_position_report", _time(found["tags"] or b""))
    if len(found["payload"]) < _POSITIONS[kind]:
        return Reject("payload", path, f"a message of type {kind} with {len(found['payload'])} characters is too short")
    return _report(found["whole"], _time(found["tags"] or b""), path)


def _report(sentence: bytes, at: datetime | None, path: str) -> Report | Other | Reject:
    try:
        said: Mapping[str, Any] = pyais.decode(sentence).asdict()
    except AISBaseException as error:
        return Reject("payload", path, f"the message cannot be decoded: {type(error).__name__}")
    lat, lon, knots = float(said["lat"]), float(said["lon"]), float(said["speed"])
    if abs(lat) >= _NO_LAT or abs(lon) >= _NO_LON or knots >= _NO_SPEED:
        return Other("no_position", at)
    return Report(int(said["mmsi"]), lat, lon, knots, at)


def _kind(payload: bytes) -> int:
    """Number of the message, its first six bits."""
    value = payload[0] - 48
    return value - 8 if value > 40 else value  # noqa: PLR2004 - armouring leaves eight characters out


def _is_sound(found: re.Match[bytes]) -> bool:
    return reduce(xor, found["sum"], 0) == int(found["check"], 16)


def _is_tagged_well(tags: bytes | None) -> bool:
    found = _TAGS.fullmatch(tags or b"")
    return not tags or (found is not None and _is_sound(found))


def _time(tags: bytes) -> datetime | None:
    """Field `c`, seconds or milliseconds since 1970."""
    fields = tags.rpartition(b"*")[0].split(b",")
    written = dict(field.partition(b":")[::2] for field in fields).get(b"c", b"")
    if not written.isdigit() or len(written) > 13:  # noqa: PLR2004 - milliseconds until the year 2286
        return None
    value = int(written)
    return datetime.fromtimestamp(value / 1000 if value >= _MILLISECONDS else value, UTC)
