"""What a record of the log says about the event that it stands for."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import UTC, datetime, timedelta
from enum import StrEnum
from typing import Annotated, Any, NamedTuple, Protocol

import msgspec
from msgspec import Meta, Struct

from cityhub.bus.letters import ADAPTER, letter_of
from cityhub.kpi.kernel.record import LogRecord

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_SEQUENCED = frozenset({"http", "kafka"})


class Outcome(StrEnum):
    """Where an event ended. `AGAIN` stands beside the balance; each other event that was sent is in one of them."""

    COUNTED = "counted"
    DUPLICATE = "duplicate"
    """Its id was counted before: it changes nothing."""
    EXCLUDED = "excluded"
    """The engine refused it; the reason is the verdict's."""
    UNREAD = "unread"
    """No KPI reads its topic."""
    FORGOTTEN = "forgotten"
    """Counted or a duplicate: the ledger read it after the engine had forgotten which."""
    REJECTED = "rejected"
    """The door refused it; it is a dead letter."""
    AGAIN = "again"
    """The same event from the same place once more: a retry, or a gate that was killed."""


class HeadedRecord(LogRecord, Protocol):
    """A record with its headers."""

    @property
    def headers(self) -> Sequence[tuple[str, bytes | None]]: ...


class Origin(NamedTuple):
    """Where an event came in.

    Attributes:
        name, number: who numbers its events, and the number; "" and 0 where nobody does.
        text: the whole origin as the door wrote it.
    """

    door: str
    text: str
    name: str = ""
    number: int = 0


class Arrival(NamedTuple):
    """A record as the ledger takes it down.

    Attributes:
        origin: None for what adapters write: their ids are their origins.
        time_ms: when it happened, epoch ms, None where that cannot be read. key: of its partition, "" likewise.
    """

    offset: int
    at_ms: int
    stream: str
    source: str
    origin: Origin | None
    outcome: Outcome
    reason: str
    time_ms: int | None = None
    key: str = ""


class Fates(NamedTuple):
    """The engine's word on a stretch of a partition.

    Attributes:
        counted: offsets. refused: reason by offset. since_ms: what was appended earlier may be forgotten.
    """

    counted: frozenset[int]
    refused: Mapping[int, str]
    since_ms: int


class _Outline(Struct):
    type: str = ""
    source: str = ""


class _Whole(_Outline):
    time: Annotated[datetime, Meta(tz=True)] | None = None
    partitionkey: str = ""


_outline = msgspec.json.Decoder(_Outline).decode
_whole = msgspec.json.Decoder(_Whole).decode


def of_event(record: HeadedRecord, fates: Fates | None) -> Arrival:
    """What became of a record of an event topic.

    Args:
        fates: None = no KPI reads the topic.
    """
    outline = _read(record.value)
    said = next((value for name, value in record.headers if name == "cityhub_origin"), None)
    origin = _origin(*said.decode("utf-8", "replace").split(":", 1)) if said and b":" in said else None
    outcome, reason = _fate(record, fates)
    return Arrival(
        record.offset,
        record.timestamp,
        outline.type,
        outline.source,
        origin,
        outcome,
        reason,
        _epoch_ms(outline.time),
        outline.partitionkey,
    )


def of_letter(record: HeadedRecord) -> Arrival | None:
    """What a dead letter of a door says; None for those of the engine, whose verdicts the event topics' records get."""
    letter = letter_of(0, record)
    if not letter.door:
        return None
    origin = _origin(letter.door, letter.origin)
    stream = letter.type or (letter.topic if letter.door == ADAPTER else "")
    return Arrival(record.offset, record.timestamp, stream, letter.source, origin, Outcome.REJECTED, letter.reason)


def _fate(record: LogRecord, fates: Fates | None) -> tuple[Outcome, str]:
    if fates is None:
        return Outcome.UNREAD, ""
    if record.offset in fates.counted:
        return Outcome.COUNTED, ""
    if (reason := fates.refused.get(record.offset)) is not None:
        return Outcome.EXCLUDED, reason
    return (Outcome.DUPLICATE if record.timestamp >= fates.since_ms else Outcome.FORGOTTEN), ""


def _origin(door: str, text: str) -> Origin:
    name, _, number = text.rpartition("/")
    if door in _SEQUENCED and name and number.isascii() and number.isdecimal():
        return Origin(door, text, name, int(number))
    return Origin(door, text)


def _epoch_ms(moment: datetime | None) -> int | None:
    try:
        return None if moment is None else (moment - _EPOCH) // timedelta(milliseconds=1)
    except OverflowError:  # outside the years 1 to 9999 in UTC
        return None


def _read(value: Any) -> _Whole:
    for decode in (_whole, _outline):
        try:
            found = decode(value or b"")
        except (msgspec.MsgspecError, UnicodeDecodeError, RecursionError):
            continue
        return found if isinstance(found, _Whole) else _Whole(found.type, found.source)
    return _Whole()
