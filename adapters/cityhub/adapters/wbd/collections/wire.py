"""A calendar of collections as iCalendar (RFC 5545): its shape, nothing else. Places and texts are never read."""

from __future__ import annotations

from datetime import UTC, date, datetime
from typing import TYPE_CHECKING

from msgspec import Struct

from cityhub.adapters.errors import FeedFault
from cityhub.adapters.kit.local_time import LOCAL, from_local
from cityhub.adapters.kit.reject import Reject
from cityhub.sdk.contract_check import shown

if TYPE_CHECKING:
    from icalendar import Component

MAX_LINES = 200_000
_READ = {"DTSTART", "DTSTAMP", "LAST-MODIFIED", "SUMMARY", "STATUS"}
_REPEATS = ("RRULE", "RDATE")


class Collection(Struct, frozen=True):
    """An entry. Attributes: day: local. stamp: when it was written or changed. summary: what is collected."""

    day: date
    stamp: datetime
    summary: str
    cancelled: bool


def parse(name: str, body: bytes) -> tuple[list[tuple[str, Collection]], list[Reject]]:
    """The well-formed entries with their paths, the others.

    Raises:
        FeedFault: `parse` or `too_many_values`.
    """
    from icalendar import Calendar  # it takes a while to load, and few files come

    if body.count(b"\n") > MAX_LINES:
        raise FeedFault("too_many_values", f"{name}: more than {MAX_LINES} lines; send a file for each tour")
    try:
        calendar = Calendar.from_ical(body.decode("utf-8-sig"))
        entries = calendar.walk("VEVENT")
    except (ValueError, KeyError, IndexError, RecursionError) as error:
        raise FeedFault("parse", f"{name} is no calendar in iCalendar and UTF-8: {shown(str(error))}") from error
    good: list[tuple[str, Collection]] = []
    rejects: list[Reject] = []
    for index, entry in enumerate(entries):
        path = f"{name}, VEVENT[{index}]"
        try:
            good.append((path, _read(entry)))
        except (ValueError, OverflowError) as error:
            rejects.append(Reject("schema", path, str(error)))
    return good, rejects


def _read(entry: Component) -> Collection:
    for broken, problem in entry.errors:
        if broken is None or broken in _READ:
            raise ValueError(f"{broken or 'a line'}: {shown(problem)}")
    for property_ in _REPEATS:
        if property_ in entry:
            raise ValueError(f"{property_}: write each collection as an entry of its own")
    stamp = _moment(entry, "LAST-MODIFIED" if "LAST-MODIFIED" in entry else "DTSTAMP")
    return Collection(
        day=_local_day(_moment(entry, "DTSTART")),
        stamp=stamp.replace(tzinfo=stamp.tzinfo or UTC)
        if isinstance(stamp, datetime)
        else from_local(_midnight(stamp)),
        summary=str(entry.get("SUMMARY", "")),
        cancelled=str(entry.get("STATUS", "")).upper() == "CANCELLED",
    )


def _moment(entry: Component, name: str) -> date | datetime:
    found = getattr(entry.get(name), "dt", None)
    if isinstance(found, date):
        return found
    raise ValueError(f"{name}: missing, or neither a day nor a time")


def _midnight(day: date) -> datetime:
    return datetime(day.year, day.month, day.day)  # noqa: DTZ001 - local


def _local_day(moment: date | datetime) -> date:
    if not isinstance(moment, datetime):
        return moment
    return moment.date() if moment.tzinfo is None else moment.astimezone(LOCAL).date()
