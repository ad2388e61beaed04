"""MSCONS load curves: what was measured from when to when, value by value, so that a bad one costs no other.

Source of the form: BDEW, MSCONS message description 2.2 to 2.4c, list of OBIS codes.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Collection, Iterator, Sequence
from datetime import datetime, timedelta
from decimal import Decimal

from msgspec import Struct

from cityhub.adapters.errors import FeedFault
from cityhub.adapters.formats.edifact import Message, Segment, instant, part
from cityhub.adapters.kit.reject import Reject

QUARTER = timedelta(minutes=15)
INLET = re.compile(r"DE[0-9]{11}EINSPEISUNGZONE([0-9]{5})")
"""Metering locations where something enters a zone of a network; all others may be a household's."""
_COUNTS = {"220": "measured", "67": "substitute", "Z18": "preliminary"}
"""DE 6063: true, replacement, preliminary value."""
_COUNTS_NOT = {"20", "187", "201"}
"""Not usable, forecast, proposal."""
_NEW, _CANCELLED, _COPY = {"", "9", "5"}, "1", {"7", "31"}
"""DE 1225."""
_AMOUNT = re.compile(r"[0-9]{1,9}(?:\.[0-9]{1,6})?")
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


class Curve(Struct, frozen=True):
    """A series that counts. Attributes: created: when its message was made. cancelled: its values are taken back."""

    series: Series
    created: datetime
    cancelled: bool


class Unit(Struct, frozen=True):
    """What values must be like.

    Attributes:
        code: DE 6411, which need not be there. words: for messages.
        lengths: of a value's time, which begins with a multiple of it on the clock.
    """

    code: str
    words: str
    lengths: tuple[timedelta, ...] = (QUARTER,)


class Quantity(Struct, frozen=True):
    """A value. Attributes: amount: None = taken back. quality: `measured`, `substitute` or `preliminary`; "" then."""

    begin: datetime
    end: datetime
    amount: Decimal | None
    quality: str


def curves(message: Message, rejects: list[Reject], noted: Counter[str]) -> Iterator[Curve]:
    """The series of a message; others than load curves are noted, what cannot be placed in time is refused."""
    about = head(message)
    if message.name != "MSCONS" or about.function in _COPY:
        noted["copy" if message.name == "MSCONS" else "other_message"] += 1
        return
    if about.function not in _NEW and about.function != _CANCELLED:
        text = f"1225 {about.function!r:.20} must be 9, 5 or, where values are taken back, 1"
        rejects.append(Reject("function", f"{message.path}.BGM", text))
        return
    try:
        created = instant(*about.created)
    except (ValueError, OverflowError) as error:
        rejects.append(Reject("time", f"{message.path}.DTM", f"DTM 137: {error}"))
        return
    for one in series(message):
        yield Curve(one, created, cancelled=about.function == _CANCELLED)


def quantities(curve: Curve, mark: str, unit: Unit, rejects: list[Reject], noted: Counter[str]) -> Iterator[Quantity]:
    """The values of a curve; those that nobody may count with are noted, bad ones refused.

    Args:
        mark: that separates decimals.
    """
    seen: set[datetime] = set()
    for number, value in enumerate(curve.series.values):
        if value.qualifier in _COUNTS_NOT:
            noted["no_value"] += 1
            continue
        try:
            begin, end = _period(value, unit.lengths, seen)
            amount = None if curve.cancelled else _amount(value, mark, unit)
        except (_Refused, OverflowError) as why:
            rejects.append(Reject("value", f"{curve.series.path}.QTY[{number}]", str(why)))
        else:
            seen.add(begin)
            yield Quantity(begin, end, amount, "" if amount is None else _COUNTS[value.qualifier])


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


class _Refused(ValueError):  # noqa: N818 - of a value
    """The value and the rule."""


def _amount(value: Value, mark: str, unit: Unit) -> Decimal:
    if value.qualifier not in _COUNTS:
        known = ", ".join(sorted(_COUNTS.keys() | _COUNTS_NOT))
        raise _Refused(f"6063 {value.qualifier!r:.20} must be one of {known}")
    if value.unit not in {"", unit.code}:
        raise _Refused(f"6411 {value.unit!r:.20} must be {unit.code} or not be there")
    written = value.amount.replace(mark, ".") if mark in value.amount or "." not in value.amount else ""
    if not _AMOUNT.fullmatch(written):
        raise _Refused(f"6060 {value.amount!r:.40} must be {unit.words}, not negative, with {mark!r} before decimals")
    return Decimal(written)


def _period(value: Value, lengths: Collection[timedelta], seen: set[datetime]) -> tuple[datetime, datetime]:
    try:
        begin, end = instant(*value.begin), instant(*value.end)
    except ValueError as error:
        raise _Refused(f"DTM 163 and 164: {error}") from error
    length = end - begin
    if length not in lengths or begin.minute * 60 % length.seconds or begin.second or not 2000 <= begin.year < 2100:  # noqa: PLR2004
        allowed = " or ".join("an hour" if one > QUARTER else "a quarter of an hour" for one in sorted(lengths))
        raise _Refused(f"from {begin.isoformat()} to {end.isoformat()}: it must be {allowed} of this century")
    if begin in seen:
        raise _Refused(f"{begin.isoformat()} was told before in the same series; the first value stands")
    return begin, end
