"""MSCONS: which segments matter, nothing else. Source of the form: BDEW, MSCONS message description 2.2 to 2.4c."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from msgspec import Struct

from cityhub.adapters.errors import FeedFault
from cityhub.adapters.formats.edifact import Message, Segment, part

Moment = tuple[str, str]
"""Value and format of a DTM, as written; empty where there is none."""


class Head(Struct, frozen=True):
    """Attributes: function: DE 1225, original, cancellation …; created: DTM 137."""

    function: str
    created: Moment


class Value(Struct, frozen=True):
    """A quantity, as it is written. Attributes: qualifier: DE 6063, what the value is worth."""

    qualifier: str
    amount: str
    unit: str
    begin: Moment
    end: Moment


class Series(Struct, frozen=True):
    """What one register of a location measured. Attributes: location: of LOC 172. register: OBIS code of PIA 5."""

    location: str
    register: str
    values: Sequence[Value]
    path: str


def head(message: Message) -> Head:
    """What stands before the first party."""
    before = _cut(message.segments, "NAD")[0]
    begin = next((one for one in before if part(one, 0) == "BGM"), [])
    return Head(part(begin, 3), _moment(before, "137"))


def series(message: Message) -> Iterator[Series]:
    """Every LIN group; a party without one tells nothing."""
    number = 0
    for party in _cut(message.segments, "NAD")[1:]:
        about, *lines = _cut(party, "LIN")
        location = part(_find(about, "LOC", "172"), 2)
        for line in lines:
            about, *quantities = _cut(line, "QTY")
            register = part(_find(about, "PIA", "5"), 2)
            yield Series(location, register, [_value(one) for one in quantities], f"{message.path}.LIN[{number}]")
            number += 1


def decimal_mark(body: bytes) -> str:
    """What UNA says, `.` where there is none.

    Raises:
        FeedFault: `parse`: it is none.
    """
    raw = body.removeprefix(b"\xef\xbb\xbf").lstrip()
    mark = raw[5:6].decode("latin-1") if raw.startswith(b"UNA") else "."
    if mark not in {".", ","}:
        raise FeedFault("parse", f"UNA says that decimals follow {mark!r}; it must be a comma or a point")
    return mark


def _value(group: Sequence[Segment]) -> Value:
    first = group[0]
    return Value(part(first, 1), part(first, 1, 1), part(first, 1, 2), _moment(group, "163"), _moment(group, "164"))


def _moment(group: Sequence[Segment], qualifier: str) -> Moment:
    found = _find(group, "DTM", qualifier)
    return part(found, 1, 1), part(found, 1, 2)


def _find(group: Sequence[Segment], tag: str, qualifier: str) -> Segment:
    return next((one for one in group if part(one, 0) == tag and part(one, 1) == qualifier), [])


def _cut(segments: Sequence[Segment], tag: str) -> list[Sequence[Segment]]:
    """What stands before the first segment of a tag, then a group from each on."""
    begins = [at for at, one in enumerate(segments) if part(one, 0) == tag]
    return [segments[begin:end] for begin, end in zip([0, *begins], [*begins, len(segments)], strict=True)]
