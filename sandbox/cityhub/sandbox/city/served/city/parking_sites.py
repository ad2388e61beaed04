"""The parking guidance system, DATEX II 2.3: docs/adapters/city-parking-sites.md.

A status publication shows what was counted since the one before; there is one each quarter of an hour.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import UTC, datetime, timedelta
from xml.sax.saxutils import escape

from starlette.requests import Request
from starlette.responses import PlainTextResponse, Response
from starlette.routing import Route

from cityhub.sandbox.city.chronicle import Chronicle
from cityhub.sandbox.city.served.endpoint import City, Served, answer
from cityhub.sandbox.city.streams.story import Told

_STREAM, _REGISTER, _PATH = "parking-sites", "parking-register", "/city/parking-sites"
_MONTH = timedelta(days=32)
_SECOND = timedelta(seconds=1)
_HEAD = """<?xml version="1.0" encoding="UTF-8"?>
<ns2:d2LogicalModel xmlns:ns2="http://datex2.eu/schema/2/2_0" xmlns:xsi="http://www.w3.org/2001/XMLSchema-instance"
 modelBaseVersion="2"><ns2:exchange><ns2:supplierIdentification><ns2:country>de</ns2:country>
<ns2:nationalIdentifier>DE-SIM-Duisburg</ns2:nationalIdentifier></ns2:supplierIdentification></ns2:exchange>
<ns2:payloadPublication xsi:type="ns2:GenericPublication" lang="de"><ns2:publicationTime>{at}</ns2:publicationTime>
<ns2:publicationCreator><ns2:country>de</ns2:country>
<ns2:nationalIdentifier>DE-SIM-Duisburg</ns2:nationalIdentifier></ns2:publicationCreator>
<ns2:genericPublicationName>Parking{kind}Publication</ns2:genericPublicationName>
<ns2:genericPublicationExtension><ns2:parking{kind}Publication><ns2:headerInformation>
<ns2:confidentiality>noRestriction</ns2:confidentiality><ns2:informationStatus>real</ns2:informationStatus>
</ns2:headerInformation>
"""
_TAIL = """</ns2:parking{kind}Publication></ns2:genericPublicationExtension></ns2:payloadPublication>
</ns2:d2LogicalModel>
"""
_RECORD = """<ns2:parkingRecord xsi:type="ns2:UrbanParkingSite" id="{id}" version="1">{name}
<ns2:parkingRecordVersionTime>{at}</ns2:parkingRecordVersionTime>
{spaces}{place}<ns2:urbanParkingSiteType>offStreetParking</ns2:urbanParkingSiteType></ns2:parkingRecord>
"""
_NAME = '<ns2:parkingName><ns2:values><ns2:value lang="de">{}</ns2:value></ns2:values></ns2:parkingName>'
_SPACES_OF = "<ns2:parkingNumberOfSpaces>{}</ns2:parkingNumberOfSpaces>"
_PLACE = """<ns2:parkingLocation xsi:type="ns2:Point"><ns2:pointByCoordinates><ns2:pointCoordinates>
<ns2:latitude>{}</ns2:latitude><ns2:longitude>{}</ns2:longitude></ns2:pointCoordinates></ns2:pointByCoordinates>
</ns2:parkingLocation>"""
_STATUS = """<ns2:parkingRecordStatus xsi:type="ns2:ParkingSiteStatus">
<ns2:parkingRecordReference id="{id}" targetClass="ParkingRecord" version="1"/>
<ns2:parkingStatusOriginTime>{at}</ns2:parkingStatusOriginTime>
<ns2:parkingOccupancy>{occupancy}</ns2:parkingOccupancy>{state}</ns2:parkingRecordStatus>
"""
_COUNTED = {"capacity": "SpacesOverride", "free": "VacantSpaces", "occupied": "OccupiedSpaces"}


def _serve(city: City) -> Sequence[Route]:
    async def table(request: Request) -> Response:
        now = city.clock()
        midnight = now.replace(hour=0, minute=0, second=0, microsecond=0)
        return answer(
            request, _publication("Table", midnight, _table(_register(city.chronicle, now))), "application/xml", now
        )

    async def status(request: Request) -> Response:
        """The publication after `stand`, or still that one; without it the oldest."""
        now = city.clock()
        oldest = now - city.chronicle.history(_STREAM)
        stand = _instant(request.query_params["stand"]) if "stand" in request.query_params else oldest - _SECOND
        if stand is None or not oldest - timedelta(days=1) <= stand <= now:
            return PlainTextResponse("stand: unbekannt oder zu alt; ohne stand neu beginnen", status_code=410)
        news = city.chronicle.between([_STREAM], max(oldest, stand + _SECOND), now)
        at = news[0].due if news else stand
        shown = city.chronicle.between([_STREAM], at, at + _SECOND)
        return answer(request, _publication("Status", at, map(_status, shown)), "application/xml", now)

    return [Route(f"{_PATH}/table", table), Route(f"{_PATH}/status", status)]


def _publication(kind: str, at: datetime, records: Iterable[str]) -> bytes:
    return "".join([_HEAD.format(kind=kind, at=_utc(at)), *records, _TAIL.format(kind=kind)]).encode()


def _register(chronicle: Chronicle, now: datetime) -> list[Told]:
    """Each car park as it was listed last."""
    return list({one.subject: one for one in chronicle.between([_REGISTER], now - _MONTH, now)}.values())


def _table(listed: Sequence[Told]) -> Iterator[str]:
    yield '<ns2:parkingTable id="DU-SIM" version="1">'
    yield from map(_record, listed)
    yield "</ns2:parkingTable>"


def _record(told: Told) -> str:
    said = told.data
    return _RECORD.format(
        id=told.subject,
        at=_utc(told.time),
        name=_NAME.format(escape(said["name"])) if "name" in said else "",
        spaces=_SPACES_OF.format(said["capacity"]) if "capacity" in said else "",
        place=_PLACE.format(said["lat"], said["lon"]) if "lat" in said else "",
    )


def _status(told: Told) -> str:
    state = told.data.get("state")
    return _STATUS.format(
        id=told.subject,
        at=_utc(told.time),
        occupancy=_counted(told.data),
        state=f"<ns2:parkingSiteOpeningStatus>{state}</ns2:parkingSiteOpeningStatus>" if state else "",
    )


def _counted(data: Mapping[str, object]) -> str:
    parts = ((name, data[field]) for field, name in _COUNTED.items() if field in data)
    return "".join(f"<ns2:parkingNumberOf{name}>{spaces}</ns2:parkingNumberOf{name}>" for name, spaces in parts)


def _utc(moment: datetime) -> str:
    return moment.astimezone(UTC).isoformat().replace("+00:00", "Z")


def _instant(stand: str) -> datetime | None:
    try:
        return datetime.fromisoformat(stand).astimezone(UTC)
    except (ValueError, OverflowError):
        return None


SERVED = Served(feed="city.parking-sites", streams=(_STREAM, _REGISTER), serve=_serve, before=_register)
