"""UN/EDIFACT interchanges: segments as they are, and whether all of them arrived.

Source of the rules: ISO 9735, syntax versions 1 to 4: UNA, release character, references and counts of interchange and
message.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from datetime import UTC, datetime, timedelta
from typing import TypeAlias

from msgspec import Struct

from cityhub.adapters.errors import FeedFault
from cityhub.adapters.kit.local_time import from_local
from cityhub.adapters.kit.reject import Reject

Segment: TypeAlias = list[list[str]]
"""Elements, each of its components; the first element is the tag."""
MAX_PARTS = 2_000_000
"""More components, elements and segments than this in one interchange are hostile."""
_DEFAULT = ":+.? '"
"""What UNA says where there is none: component, element, decimal mark, release, reserved, end of segment."""
_CHARSETS = {"UNOA": "ascii", "UNOB": "ascii", "UNOC": "latin-1", "UNOY": "utf-8", "UNOW": "utf-8"}
_PRIVATE = 0xE000
_RELEASED = re.compile("[\ue000-\ue004]")
_BLANK = " \r\n\t"
_FORMATS = {"203": "%Y%m%d%H%M", "204": "%Y%m%d%H%M%S", "303": "%Y%m%d%H%M", "304": "%Y%m%d%H%M%S"}
_OFFSET = re.compile(r"([+-])([01][0-9])(?:([0-5][0-9]))?")


class Message(Struct, frozen=True):
    """One message. Attributes: name: such as CODECO; segments: what stands between UNH and UNT; path: its place."""

    name: str
    reference: str
    segments: Sequence[Segment]
    path: str


class Interchange(Struct, frozen=True):
    """What was sent at once. Attributes: messages: the complete ones; rejects: the others."""

    sender: str
    reference: str
    messages: Sequence[Message]
    rejects: Sequence[Reject]


def part(segment: Segment, element: int, component: int = 0) -> str:
    """A component, "" where the segment ends before it."""
    found = segment[element] if element < len(segment) else ()
    return found[component] if component < len(found) else ""


def parse(body: bytes) -> Interchange:
    """Read an interchange.

    Raises:
        FeedFault: `parse` or `too_many_values`: it is none, it is cut off, or its counts and references do not agree.
    """
    segments = _segments(body)
    head, tail = segments[0], segments[-1]
    if part(head, 0) != "UNB" or part(tail, 0) != "UNZ":
        raise _fault(f"it goes from {part(head, 0)[:3]!r} to {part(tail, 0)[:3]!r}, not from UNB to UNZ")
    if part(head, 5) != part(tail, 2):
        raise _fault(f"UNB has the reference {part(head, 5)!r:.40}, UNZ {part(tail, 2)!r:.40}")
    messages, rejects = _messages(segments[1:-1])
    groups = sum(part(one, 0) == "UNG" for one in segments)
    found = groups or len(messages) + len(rejects)
    if not _is_count(part(tail, 1), found):
        raise _fault(f"UNZ counts {part(tail, 1)!r:.20} messages or groups, {found} are there")
    return Interchange(part(head, 2), part(head, 5), messages, rejects)


def instant(value: str, form: str) -> datetime:
    """The instant, in UTC, of a DTM in format 203, 204 (local time of Duisburg), 303 or 304 (with its offset).

    Raises:
        ValueError: neither value nor format is one, or the local hour came twice or never.
    """
    if form not in _FORMATS:
        raise ValueError(f"format {form!r:.20} must be one of {', '.join(_FORMATS)}")
    length = 12 if _FORMATS[form].endswith("%M") else 14
    digits, zone = value[:length], value[length:]
    if len(digits) != length or not digits.isascii() or not digits.isdecimal():
        raise ValueError(f"{value!r:.40} must be {length} digits")
    written = datetime.strptime(digits, _FORMATS[form])  # noqa: DTZ007 - the zone follows
    if form in {"303", "304"}:
        return (written - _offset(zone)).replace(tzinfo=UTC)
    if zone:
        raise ValueError(f"{value!r:.40} must be {length} digits")
    return from_local(written)


def _offset(zone: str) -> timedelta:
    if zone in {"UTC", "GMT"}:
        return timedelta()
    if not (found := _OFFSET.fullmatch(zone)):
        raise ValueError(f"offset {zone!r:.20} must look like +01 or UTC")
    amount = timedelta(hours=int(found[2]), minutes=int(found[3] or 0))
    return -amount if found[1] == "-" else amount


def _segments(body: bytes) -> list[Segment]:
    raw = body.removeprefix(b"\xef\xbb\xbf").lstrip()
    marks = raw[3:9].decode("latin-1") if raw.startswith(b"UNA") else _DEFAULT
    if len(set(marks[:4] + marks[5:])) < 5 or marks[5:].isalnum():  # noqa: PLR2004 - as many marks as there are
        raise _fault(f"UNA {marks!r} does not name five different marks")
    raw = raw[9:].lstrip() if raw.startswith(b"UNA") else raw
    if sum(raw.count(mark.encode("latin-1")) for mark in (marks[0], marks[1], marks[5])) > MAX_PARTS:
        raise FeedFault("too_many_values", f"more than {MAX_PARTS} parts; nothing of it was read")
    charset = _CHARSETS.get(raw[4:8].decode("latin-1"), "latin-1")
    try:
        text = raw.decode(charset)
    except UnicodeDecodeError as error:
        raise _fault(f"UNB says that it is {charset}: {error}") from error
    *pieces, rest = _guarded(text, marks).split(marks[5])
    if rest.strip(_BLANK) or not pieces:
        raise _fault(f"{len(rest.strip(_BLANK))} characters follow its last end of a segment: it is cut off")
    restored = _restorer(marks)
    split = ([element.split(marks[0]) for element in piece.lstrip(_BLANK).split(marks[1])] for piece in pieces)
    return [[[restored(one) for one in element] for element in elements] for elements in split]


def _guarded(text: str, marks: str) -> str:
    """Marks behind a release character become private ones, which nobody splits at."""
    if marks[3] not in text:
        return text
    if _RELEASED.search(text):
        raise _fault("it holds characters of a private area")
    return re.sub(
        f"{re.escape(marks[3])}(.)",
        lambda found: chr(_PRIVATE + at) if (at := (marks[:4] + marks[5:]).find(found[1])) >= 0 else found[1],
        text,
        flags=re.DOTALL,
    )


def _restorer(marks: str) -> Callable[[str], str]:
    back = {_PRIVATE + at: mark for at, mark in enumerate(marks[:4] + marks[5:])}
    return lambda text: text.translate(back) if _RELEASED.search(text) else text


def _messages(segments: Sequence[Segment]) -> tuple[list[Message], list[Reject]]:
    messages: list[Message] = []
    rejects: list[Reject] = []
    begin: int | None = None
    for at, segment in enumerate(segments):
        tag = part(segment, 0)
        if tag == "UNH" and begin is None:
            begin = at
        elif tag == "UNT" and begin is not None:
            path = f"message[{len(messages) + len(rejects)}]"
            whole, begin = segments[begin : at + 1], None
            why = _incomplete(whole)
            if why:
                rejects.append(Reject("message", path, why))
            else:
                messages.append(Message(part(whole[0], 2), part(whole[0], 1), whole[1:-1], path))
        elif begin is None and tag not in {"UNG", "UNE"}:
            raise _fault(f"segment {at + 1} is {tag[:3]!r}, outside of every message")
        elif tag in {"UNH", "UNB", "UNZ"}:
            raise _fault(f"segment {at + 1} is {tag}, within a message that has no UNT")
    if begin is not None:
        raise _fault("its last message has no UNT")
    return messages, rejects


def _incomplete(whole: Sequence[Segment]) -> str:
    count, reference = part(whole[-1], 1), part(whole[-1], 2)
    if not _is_count(count, len(whole)):
        return f"UNT counts {count!r:.20} segments, {len(whole)} are there"
    if reference != part(whole[0], 1):
        return f"UNH has the reference {part(whole[0], 1)!r:.40}, UNT {reference!r:.40}"
    return ""


def _is_count(text: str, of: int) -> bool:
    """Zeros may stand before it."""
    return text.isascii() and text.isdecimal() and (text.lstrip("0") or "0") == str(of)


def _fault(what: str) -> FeedFault:
    return FeedFault("parse", f"no complete EDIFACT interchange: {what}")
