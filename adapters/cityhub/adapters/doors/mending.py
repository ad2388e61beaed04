"""Mending the event of a dead letter: its data, and its time when that was wrong; what it is about stays as it is.

Source of the rules: RFC 7396 (JSON merge patch), docs/doors.md.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from datetime import UTC, datetime
from typing import Any

import msgspec
from msgspec import UNSET, Struct, UnsetType

from cityhub.bus.letters import Letter
from cityhub.sdk.errors import RejectedEvent
from cityhub.sdk.identity import content_hash

FUTURE = "time_in_future"


class Edit(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """What is to be changed in one letter's event; the content hash follows.

    Attributes:
        merge: JSON merge patch of `data`. data: instead of it, the whole new `data`.
        time: when it happened; only where that lay in the future.
    """

    merge: dict[str, Any] | UnsetType = UNSET
    data: dict[str, Any] | UnsetType = UNSET
    time: datetime | UnsetType = UNSET


class Mended(Struct, frozen=True):
    """An event in structured mode, and the names of what was changed in it, `time` or of `data`."""

    body: bytes
    fields: tuple[str, ...]


def mended(letter: Letter, edit: Edit | None) -> Mended:
    """A letter's event as it shall be judged.

    Raises:
        RejectedEvent: `edit`, the letter cannot be changed, or not so.
    """
    if edit is None:
        return Mended(letter.body, ())
    _check(letter, edit)
    try:
        return _changed(letter.body, edit)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError, TypeError, OverflowError) as error:
        text = f"no event with a time comes of its bytes and the edit: {error}; send it again through a door"
        raise _refused(text) from error


def _changed(body: bytes, edit: Edit) -> Mended:
    event = msgspec.json.decode(body, type=dict[str, Any])
    before, when = event.get("data"), msgspec.convert(event.get("time"), datetime)
    data = _merged(before, edit.merge or {}) if edit.data is UNSET else edit.data
    names = sorted(_different(before if isinstance(before, dict) else {}, data))
    if isinstance(edit.time, datetime):
        when = event["time"] = edit.time
        names.append("time")
    type_, source, subject = (str(event.get(name)) for name in ("type", "source", "subject"))
    event |= {"data": data, "contenthash": content_hash(type_, source, subject, when.astimezone(UTC), data)}
    return Mended(msgspec.json.encode(event), tuple(names))


def _check(letter: Letter, edit: Edit) -> None:
    if edit.merge is not UNSET and edit.data is not UNSET:
        raise _refused("give merge or data, not both")
    if edit.time is UNSET:
        return
    if letter.reason != FUTURE:
        raise _refused(f"time may change only where it was {FUTURE}; this letter is there for {letter.reason}")
    if edit.time.tzinfo is None:
        raise _refused("time must carry an offset, e.g. 2026-11-23T08:00:00Z")


def _merged(value: object, patch: object) -> Any:
    if not isinstance(patch, dict):
        return patch
    merged = dict(value) if isinstance(value, dict) else {}
    for name, part in patch.items():
        if part is None:
            merged.pop(name, None)
        else:
            merged[name] = _merged(merged.get(name), part)
    return merged


def _different(before: Mapping[str, Any], after: Mapping[str, Any]) -> Iterator[str]:
    for name in before.keys() | after.keys():
        if name not in before or name not in after or before[name] != after[name]:
            yield name


def _refused(text: str) -> RejectedEvent:
    return RejectedEvent("edit", text)
