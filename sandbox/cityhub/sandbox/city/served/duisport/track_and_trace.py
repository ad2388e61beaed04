"""A carrier's Track & Trace after DCSA: docs/adapters/duisport-track-and-trace.md."""

from __future__ import annotations

import uuid
from collections.abc import Sequence
from datetime import datetime, timedelta

import msgspec
from starlette.requests import Request
from starlette.responses import PlainTextResponse, Response
from starlette.routing import Route

from cityhub.sandbox.city.served.endpoint import City, Served, answer
from cityhub.sandbox.city.streams.story import Told
from cityhub.sandbox.city.timetable import LOCAL
from cityhub.sandbox.city.traffic import lot

_STREAMS = ("announced-containers",)
_CODES = {"gated-in": "GTIN", "gated-out": "GTOT", "discharged": "DISC", "loaded": "LOAD"}
_MODES = {"truck": "TRUCK", "rail": "RAIL", "barge": "BARGE"}
SIZES = {1.0: ("22G1", "20DC"), 2.0: ("42G1", "45R1", "4EG1"), 2.25: ("L5G1",)}
"""Size codes by TEU; `20DC` is not of ISO 6346 but begins like it."""


def _serve(city: City) -> Sequence[Route]:
    async def events(request: Request) -> Response:
        now = city.clock()
        begins = now - city.chronicle.history(_STREAMS[0])
        try:
            since = datetime.fromisoformat(request.query_params.get("eventCreatedDateTime:gte", begins.isoformat()))
            limit = int(request.query_params.get("limit", "100"))
        except ValueError as error:
            return PlainTextResponse(str(error), status_code=400)
        told = city.chronicle.between(_STREAMS, max(begins, since), now)[:limit]
        items = [item for one in told for item in _items(city.seed, one)]
        return answer(request, msgspec.json.encode(items[:limit]), "application/json", now)

    return [Route("/duisport/track-and-trace/v3/events", events)]


def _items(seed: int, told: Told) -> list[dict[str, object]]:
    """An announcement, and now and then beside it an event that tells of no move in Duisburg's port."""
    chance = lot(seed, "dcsa", *told.key)
    event = _event(told, "DEDUI", told.data["classifier"], told.type.split(".")[4])
    if chance.random() < 0.8:  # noqa: PLR2004
        return [event]
    return [event, _event(told, *chance.choice((("NLRTM", "EST", "discharged"), ("DEDUI", "ACT", "gated-in"))))]


def _event(told: Told, place: str, classifier: str, verb: str) -> dict[str, object]:
    data, created = told.data, told.time.astimezone(LOCAL)
    booking = data["visit"].partition("/")[2]
    key = f"{data['visit']}/{place}/{classifier}/{verb}/{told.key}"
    location = {"locationType": "UNLO", "UNLocationCode": place}
    return {
        "metadata": {
            "eventID": str(uuid.uuid5(uuid.NAMESPACE_URL, key)),
            "eventCreatedDateTime": created.isoformat(),
            "eventType": "EQUIPMENT",
            "publisher": {"partyName": "Reederei SIM", "carrierCode": "SIM", "carrierCodeListProvider": "SMDG"},
            "publisherRole": "CA",
        },
        "payload": {
            "eventType": "EQUIPMENT",
            "eventClassifierCode": classifier,
            "eventDateTime": (created + timedelta(hours=30)).isoformat(),
            "equipmentEventTypeCode": _CODES[verb],
            "equipmentReference": data["container"],
            "ISOEquipmentCode": lot(booking).choice(SIZES[data["teu"]]),
            "emptyIndicatorCode": "LADEN",
            "isTransshipmentMove": False,
            "transportCall": {
                "transportCallReference": booking,
                "modeOfTransport": _MODES[data["mode"]],
                "location": location,
            },
            "relatedDocumentReferences": [{"type": "BKG", "value": booking}],
            "references": [{"type": "EQ", "value": data["container"]}],
        },
    }


SERVED = Served(feed="duisport.track-and-trace", streams=_STREAMS, serve=_serve)
