"""WBD's calendar of collections as iCalendar: docs/adapters/wbd-collections.md.

A file for each tour and all that is told of it at once: the whole year, or what was put off.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import UTC, datetime
from itertools import groupby
from pathlib import Path

from cityhub.sandbox.city.chronicle import text
from cityhub.sandbox.city.served.drop_folder import UPTO, put, told_upto
from cityhub.sandbox.city.served.endpoint import City, Served
from cityhub.sandbox.city.streams.story import Told, local_day
from cityhub.sandbox.city.timetable import LOCAL

_STREAM = "collections"
_NAMES = {
    "residual": "Restabfall\\, 14-tägl.",
    "organic": "Bioabfall",
    "paper": "Papier",
    "recyclables": "Wertstoffe",
}
_TREES = ("Weihnachtsbäume", "0108")
"""What is collected too, without a bin, and when."""


def _drop(city: City, folder: Path) -> None:
    now, since = city.clock(), told_upto(folder)
    told = city.chronicle.between([_STREAM], since or now - city.chronicle.history(_STREAM), now)
    for (tour, due), together in groupby(sorted(told, key=_file), _file):
        put(folder, f"abfuhr_{tour}_{due.astimezone(LOCAL):%Y%m%d}.ics", _calendar(tour, list(together)))
    if told or since is None or local_day(since) != local_day(now):
        put(folder, UPTO, text(now).encode())


def _file(told: Told) -> tuple[str, datetime]:
    return told.subject, told.due


def _calendar(tour: str, told: Sequence[Told]) -> bytes:
    lines = ["BEGIN:VCALENDAR", "VERSION:2.0", "PRODID:-//SIM//Abfuhrkalender//DE", f"X-WR-CALNAME:Abfuhr {tour}"]
    for number, one in enumerate(told):
        lines += _event(f"{tour}-{number}", one)
    if len(told) > 2:  # noqa: PLR2004 - the calendar of a year
        year = told[0].data["day"][:4]
        lines += _entry(f"{tour}-t", told[0].time, f"{year}{_TREES[1]}", _TREES[0])
    return "".join(f"{line}\r\n" for line in [*lines, "END:VCALENDAR"]).encode()


def _event(id_: str, told: Told) -> Iterator[str]:
    *entry, end = _entry(id_, told.time, told.data["day"].replace("-", ""), _NAMES[told.data["fraction"]])
    yield from entry
    if told.data["cancelled"]:
        yield from ("STATUS:CANCELLED", "SEQUENCE:1")
    yield end


def _entry(id_: str, stamp: datetime, day: str, summary: str) -> list[str]:
    """The place is somebody's address."""
    return [
        "BEGIN:VEVENT",
        f"UID:{id_}-{day}@abfuhr.example",
        f"DTSTAMP:{stamp.astimezone(UTC):%Y%m%dT%H%M%SZ}",
        f"DTSTART;VALUE=DATE:{day}",
        f"SUMMARY:{summary}",
        "LOCATION:Musterstraße 1\\, 47051 Duisburg",
        "END:VEVENT",
    ]


SERVED = Served(feed="wbd.collections", streams=(_STREAM,), drop=_drop)
