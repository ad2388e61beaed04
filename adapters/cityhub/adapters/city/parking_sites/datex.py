"""A ParkingTablePublication or ParkingStatusPublication of DATEX II, 2.3 or 3: its shape, nothing else.

Records other than of car parks (groups of them, single spaces) are counted, not read.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator

from cityhub.adapters.city.parking_sites.wire import Parking, Site, Status
from cityhub.adapters.errors import FeedFault
from cityhub.adapters.formats.datex import point, publication_time, texts
from cityhub.adapters.formats.xml_items import (
    Element,
    attribute,
    first,
    integer,
    local,
    number,
    parse_records,
    parse_xml,
    records,
    value,
)

_KINDS = {"parkingRecord": frozenset({"UrbanParkingSite", "InterUrbanParkingSite", "SpecialLocationParkingSite", ""})}
_KINDS["parkingRecordStatus"] = frozenset({"ParkingSiteStatus", ""})
"""Types of records that are of one car park."""


def parse(body: bytes) -> Parking:
    """What a publication says.

    Raises:
        FeedFault: `parse` or `too_many_values`.
    """
    what = "a ParkingTablePublication or ParkingStatusPublication of DATEX II"
    root = parse_xml(body, what)
    at = publication_time(root)
    table, status = (_is(root, name) for name in ("ParkingTablePublication", "ParkingStatusPublication"))
    if not table and not status:
        raise FeedFault("parse", f"the answer is not {what}; its root is {local(str(root.tag))}")
    noted: Counter[str] = Counter()
    sites, bad_sites = parse_records(_real(root, "parkingRecord", noted), _site, Site)
    statuses, bad_statuses = parse_records(_real(root, "parkingRecordStatus", noted), _status, Status)
    return Parking(
        at=at,
        sites=sites,
        statuses=statuses,
        rejects=[*bad_sites, *bad_statuses],
        noted=noted,
        whole=table and not bad_sites,
        status=status,
    )


def _is(root: Element, name: str) -> bool:
    """Whether it is said by a type, as 3 does, or by an element, as the generic publications of 2.3 do."""
    extension = name[0].lower() + name[1:]
    typed = (local(attribute(one, "type") or "") for one in root.iter("{*}payload", "{*}payloadPublication"))
    return name in typed or next(root.iter(f"{{*}}{extension}"), None) is not None


def _real(root: Element, name: str, noted: Counter[str]) -> Iterator[tuple[str, Element]]:
    real = all(text == "real" for text in texts(root, "informationStatus"))
    for path, record in records(root, name):
        if local(attribute(record, "type") or "") not in _KINDS[name]:
            noted["not_a_car_park"] += 1
        elif not real:
            noted["not_real"] += 1
        else:
            yield path, record


def _site(record: Element) -> dict[str, object]:
    place = first(record, "parkingLocation")
    latitude, longitude = (None, None) if place is None else point(place)
    return {
        "id": attribute(record, "id"),
        "name": value(record, "parkingName/values/value"),
        "capacity": integer(value(record, "parkingNumberOfSpaces")),
        "latitude": number(latitude),
        "longitude": number(longitude),
        "since": value(record, "parkingRecordVersionTime"),
    }


def _status(record: Element) -> dict[str, object]:
    reference = first(record, "parkingRecordReference")
    counted = "parkingOccupancy/parkingNumberOf"
    return {
        "id": None if reference is None else attribute(reference, "id"),
        "at": value(record, "parkingStatusOriginTime"),
        "capacity": integer(value(record, f"{counted}SpacesOverride")),
        "free": integer(value(record, f"{counted}VacantSpaces")),
        "occupied": integer(value(record, f"{counted}OccupiedSpaces")),
        "state": value(record, "parkingSiteOpeningStatus"),
    }
