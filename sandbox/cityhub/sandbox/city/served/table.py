"""Tables that partners export: a file per period, which grows as something is told, and stays as it is afterwards.

As in real exports some lines stand in a file twice, and some files are sent twice.
"""

from __future__ import annotations

import csv
import io
from collections.abc import Callable, Mapping, Sequence
from datetime import datetime
from heapq import merge
from pathlib import Path
from typing import Any, Literal, TypeAlias

import msgspec
from msgspec import Struct

from cityhub.sandbox.city.chronicle import Chronicle, text
from cityhub.sandbox.city.served.drop_folder import UPTO, put, told_upto
from cityhub.sandbox.city.served.endpoint import City, Served
from cityhub.sandbox.city.streams.story import BOROUGHS, Told, happens, local_day
from cityhub.sandbox.city.timetable import LOCAL
from cityhub.sandbox.city.traffic import lot

Cell: TypeAlias = Callable[[Told], Any]
"""What a column says of something told."""
_NAMES = ("Walsum", "Hamborn", "Meiderich/Beeck", "Homberg/Ruhrort/Baerl", "Mitte", "Rheinhausen", "Süd")


class Sheet(Struct, frozen=True, kw_only=True):
    """One kind of file.

    Attributes:
        name: of its files, before the period. verbs: what it tells, as event types end.
        columns: cells by heading. period: what the name says of something told.
    """

    name: str
    verbs: tuple[str, ...]
    columns: Mapping[str, Cell]
    period: Callable[[Told], str]
    form: Literal["csv", "jsonl"] = "csv"
    encoding: str = "utf-8"

    def file(self, told: Told) -> str:
        """Where it stands."""
        return f"{self.name}_{self.period(told)}.{self.form}"

    def render(self, items: Sequence[Told], *, heading: bool) -> bytes:
        """Lines of a file; JSON lines have no heading."""
        rows = [{name: cell(told) for name, cell in self.columns.items()} for told in items]
        if self.form == "jsonl":
            return b"".join(msgspec.json.encode(row) + b"\n" for row in rows)
        written = io.StringIO()
        sheet = csv.DictWriter(written, self.columns, delimiter=";")
        if heading:
            sheet.writeheader()
        sheet.writerows(rows)
        return written.getvalue().encode(self.encoding)


def exported(feed: str, streams: tuple[str, ...], *sheets: Sheet) -> Served:
    """A source that puts tables into its folder."""

    def drop(city: City, folder: Path) -> None:
        now, since = city.clock(), told_upto(folder)
        files: dict[str, tuple[Sheet, list[Told]]] = {}
        for told in _told(city.chronicle, streams, since, now):
            sheet = next(one for one in sheets if told.type.removesuffix(".v1").endswith(one.verbs))
            twice = happens(lot(city.seed, feed, "line", told.key, told.version), 0.03)
            files.setdefault(sheet.file(told), (sheet, []))[1].extend((told, told) if twice else (told,))
        for name, (sheet, items) in files.items():
            old = (folder / name).read_bytes() if since and (folder / name).exists() else b""
            body = old + sheet.render(items, heading=not old)
            put(folder, name, body)
            if happens(lot(city.seed, feed, "file", name), 0.1):
                put(folder, name.replace(".", "_erneut."), body)
        if files or since is None or local_day(since) != local_day(now):
            put(folder, UPTO, text(now).encode())

    return Served(feed=feed, streams=streams, drop=drop)


def _told(chronicle: Chronicle, streams: Sequence[str], since: datetime | None, now: datetime) -> list[Told]:
    parts = (chronicle.between([name], since or now - chronicle.history(name), now) for name in streams)
    return list(merge(*parts, key=lambda told: told.due))


def monthly(told: Told) -> str:
    """The month in which it is told."""
    return f"{told.due.astimezone(LOCAL):%Y-%m}"


def quarterly(told: Told) -> str:
    """The quarter in which it is told."""
    day = local_day(told.due)
    return f"{day.year}-Q{(day.month + 2) // 3}"


def half_yearly(told: Told) -> str:
    """The half of the year in which it is told."""
    day = local_day(told.due)
    return f"{day.year}-{1 if day.month <= 6 else 2}"  # noqa: PLR2004


def yearly(told: Told) -> str:
    """The year in which it is told."""
    return str(local_day(told.due).year)


def subject(told: Told) -> str:
    """Whom it is about."""
    return told.subject


def key(told: Told) -> str:
    """Its number in the system."""
    return "/".join(told.key)


def borough(told: Told) -> str:
    """Name of the Stadtbezirk."""
    return _NAMES[BOROUGHS.index(told.borough)] if told.borough else ""


def moment(told: Told) -> str:
    """When it happened, local; in the hour that comes twice with its zone."""
    local = told.time.astimezone(LOCAL)
    twice = local.replace(fold=0).utcoffset() != local.replace(fold=1).utcoffset()
    return f"{local:%d.%m.%Y %H:%M:%S}{f' {_zone(local)}' if twice else ''}"


def _zone(local: datetime) -> str:
    return "MESZ" if local.dst() else "MEZ"


def offset(told: Told) -> str:
    """When it happened, local with its offset."""
    return told.time.astimezone(LOCAL).isoformat()


def said(name: str, unknown: str = "") -> Cell:
    """A field as it is."""
    return lambda told: told.data.get(name, unknown)


def coded(name: str, codes: Mapping[str, str]) -> Cell:
    """What the system calls a value."""
    return lambda told: codes[told.data[name]]


def number(name: str, decimals: int = 0, times: float = 1, unknown: str = "") -> Cell:
    """A number as it is written here, `1.234,50`."""

    def cell(told: Told) -> str:
        value = told.data.get(name)
        if value is None:
            return unknown
        return f"{value * times:,.{decimals}f}".translate(str.maketrans(",.", ".,"))

    return cell


def yes(name: str) -> Cell:
    """ja, nein, or nothing where nothing is known."""
    return lambda told: "" if (value := told.data.get(name)) is None else "ja" if value else "nein"


def verb(codes: Mapping[str, str]) -> Cell:
    """What the system calls what happened, by the last part of its type."""
    return lambda told: codes[told.type.split(".")[4]]
