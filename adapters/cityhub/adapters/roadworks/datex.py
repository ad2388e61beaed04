"""A SituationPublication of DATEX II, version 2.3 or 3: its shape, nothing else. Every instant carries its offset.

What the versions call differently has either name; records other than works are counted, not read.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from datetime import datetime
from typing import Literal

from msgspec import Struct

from cityhub.adapters.formats.datex import point, publication_time, texts
from cityhub.adapters.formats.json_items import Id, Instant
from cityhub.adapters.formats.xml_items import (
    Element,
    attribute,
    flag,
    local,
    number,
    parse_records,
    parse_xml,
    records,
    value,
)
from cityhub.adapters.kit.reject import Reject

_WORKS = frozenset({"MaintenanceWorks", "ConstructionWorks"})
_END = "management/lifeCycleManagement/end"
_CANCEL = "management/lifeCycleManagement/cancel"


class Works(Struct, frozen=True):
    """A situation record of type MaintenanceWorks or ConstructionWorks.

    Attributes:
        first_told: when its first version was given to others.
        first_end: overallEndTime of that version, an extension.
        carriageways, lanes: codes of what is affected. area_system, area: external reference of the location.
    """

    id: Id
    changed: Instant
    start: Instant
    end: Instant
    latitude: float
    longitude: float
    version: Id = "1"
    created: Instant | None = None
    first_told: Instant | None = None
    status: Literal["active", "suspended", "definedByValidityTimeSpec"] = "definedByValidityTimeSpec"
    ended: bool = False
    cancelled: bool = False
    first_end: Instant | None = None
    carriageways: tuple[str, ...] = ()
    lanes: tuple[str, ...] = ()
    area_system: str = ""
    area: str = ""


class Datex(Struct, frozen=True):
    """An answer. Attributes: whole: a snapshot of all, no update. unread: ids of refused records, "" for unreadable."""

    at: datetime
    whole: bool
    works: list[tuple[str, Works]]
    unread: frozenset[str]
    rejects: list[Reject]
    noted: Counter[str]


def parse(body: bytes) -> Datex:
    """The publication, its well-formed works with their paths, the others.

    Raises:
        FeedFault: `parse` or `too_many_values`.
    """
    root = parse_xml(body, "a SituationPublication of DATEX II")
    at = publication_time(root)
    noted: Counter[str] = Counter()
    found = list(_works(root, noted))
    works, rejects = parse_records(found, _read, Works)
    read = {path for path, _ in works}
    unread = frozenset(attribute(one, "id") or "" for path, one in found if path not in read)
    method = next((one.text for _, one in records(root, "updateMethod")), "snapshot")
    return Datex(at, method == "snapshot", works, unread, rejects, noted)


def _works(root: Element, noted: Counter[str]) -> Iterator[tuple[str, Element]]:
    for path, situation in records(root, "situation"):
        real = (value(situation, "headerInformation/informationStatus") or "real") == "real"
        for where, record in records(situation, "situationRecord", path):
            if local(attribute(record, "type") or "") not in _WORKS:
                noted["not_roadworks"] += 1
            elif not real:
                noted["not_real"] += 1
            else:
                yield where, record


def _read(record: Element) -> dict[str, object]:
    latitude, longitude = point(record)
    times = "validity/validityTimeSpecification"
    area = next(record.iterdescendants("{*}externalReferencing"), None)
    return {
        "id": attribute(record, "id"),
        "version": attribute(record, "version"),
        "created": value(record, "situationRecordCreationTime"),
        "first_told": value(record, "situationRecordFirstSupplierVersionTime"),
        "changed": value(record, "situationRecordVersionTime"),
        "status": value(record, "validity/validityStatus"),
        "start": value(record, f"{times}/overallStartTime"),
        "end": value(record, f"{times}/overallEndTime"),
        "ended": flag(value(record, _END)),
        "cancelled": flag(value(record, _CANCEL)),
        "first_end": next(texts(record, "firstOverallEndTime"), None),
        "latitude": number(latitude),
        "longitude": number(longitude),
        "carriageways": tuple(texts(record, "carriageway")),
        "lanes": (*texts(record, "lane"), *texts(record, "laneUsage")),
        "area_system": None if area is None else value(area, "externalReferencingSystem"),
        "area": None if area is None else value(area, "externalLocationCode"),
    }
