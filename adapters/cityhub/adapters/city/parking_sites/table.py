"""A municipal table of car parks as CSV, with their places as WKT and, for some, how full they are: nothing else.

Columns may stand in any order, others are not read. A line that is broken costs no other.
"""

from __future__ import annotations

import csv
import io
import re
from collections import Counter
from collections.abc import Iterator, Mapping
from datetime import datetime
from typing import TypeAlias

import msgspec

from cityhub.adapters.city.parking_sites.wire import Parking, Site, Status
from cityhub.adapters.errors import FeedFault
from cityhub.adapters.formats.json_items import MAX_VALUES
from cityhub.adapters.formats.xml_items import integer
from cityhub.adapters.kit.local_time import from_local
from cityhub.adapters.kit.reject import Reject
from cityhub.sdk.contract_check import shown

_COLUMNS = ("WKT", "gid", "bez", "kapazitaet", "b_pls_rest", "b_pls_zeit", "b_pls_status")
_POINT = re.compile(r"POINT ?\( ?(-?\d{1,3}(?:\.\d{1,20})?) (-?\d{1,3}(?:\.\d{1,20})?) ?\)", re.A)
_MOMENT = re.compile(r"(\d{4}-\d\d-\d\d)-(\d\d)\.(\d\d)\.(\d\d)(?:\.\d{1,6})?", re.A)
Cells: TypeAlias = Mapping[str, str | None]
"""By column; None where there is nothing."""


def parse(body: bytes) -> Parking:
    """The well-formed lines, the others by line and column.

    Raises:
        FeedFault: `parse` or `too_many_values`.
    """
    noted: Counter[str] = Counter()
    sites: list[tuple[str, Site]] = []
    statuses: list[tuple[str, Status]] = []
    rejects: list[Reject] = []
    for path, cells in _rows(body):
        try:
            site, status = _site(cells), _status(cells)
        except (msgspec.ValidationError, ValueError) as error:
            what, _, where = str(error).partition(" - at `$.")
            rejects.append(Reject("schema", f"{path}{where and f', {where}'}".rstrip("`"), what))
            continue
        sites.append((path, site))
        noted.update([] if status else ["without_status"])
        statuses += [(path, status)] if status else []
    return Parking(
        at=None, sites=sites, statuses=statuses, rejects=rejects, noted=noted, whole=not rejects, status=True
    )


def _rows(body: bytes) -> Iterator[tuple[str, Cells]]:
    if body.count(b";") > MAX_VALUES:
        raise FeedFault("too_many_values", f"the table has more than {MAX_VALUES} cells; nothing of it was read")
    try:
        lines = csv.reader(io.StringIO(body.decode("utf-8-sig"), newline=""), delimiter=";", strict=True)
        heading = next(lines, [])
        missing = [name for name in _COLUMNS if heading.count(name) != 1]
        if missing:
            raise FeedFault("parse", f"the answer is no table of car parks as CSV: no, or two columns {missing[0]}")
        for row in lines:
            cells = [cell.strip() or None for cell in row[: len(heading)]]
            yield f"line {lines.line_num}", dict(zip(heading, cells, strict=False)) if len(row) == len(heading) else {}
    except (UnicodeDecodeError, csv.Error) as error:
        raise FeedFault("parse", f"the answer is no table of car parks as CSV in UTF-8: {error}") from error


def _site(cells: Cells) -> Site:
    if not cells:
        raise ValueError("more or fewer cells than headings; write one for each")
    found = _POINT.fullmatch(cells["WKT"] or "")
    if cells["WKT"] and not found:
        raise ValueError(f"WKT: {shown(cells['WKT'])} is no point; write POINT (6.76 51.43), longitude first")
    said = {
        "id": cells["gid"],
        "name": cells["bez"],
        "capacity": integer(cells["kapazitaet"]),
        "longitude": float(found[1]) if found else None,
        "latitude": float(found[2]) if found else None,
    }
    return msgspec.convert({name: value for name, value in said.items() if value is not None}, Site)


def _status(cells: Cells) -> Status | None:
    """None where the line says nothing of it."""
    if not any(cells[name] for name in ("b_pls_rest", "b_pls_zeit", "b_pls_status")):
        return None
    said = {
        "id": cells["gid"],
        "at": _moment(cells["b_pls_zeit"] or ""),
        "free": integer(cells["b_pls_rest"]),
        "state": cells["b_pls_status"],
    }
    return msgspec.convert({name: value for name, value in said.items() if value is not None}, Status)


def _moment(text: str) -> datetime:
    found = _MOMENT.fullmatch(text)
    if not found:
        raise ValueError(f"b_pls_zeit: {shown(text)} must be 2026-12-31-23.59.00, local")
    return from_local(datetime.fromisoformat(f"{found[1]}T{found[2]}:{found[3]}:{found[4]}"))
