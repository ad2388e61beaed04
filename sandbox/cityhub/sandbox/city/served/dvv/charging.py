"""The platform of DVV's charge points, OCPI 2.2.1: docs/adapters/dvv-charging.md."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime
from urllib.parse import urlencode
from zlib import crc32

import msgspec
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from cityhub.sandbox.city.served.endpoint import City, Served, answer
from cityhub.sandbox.city.streams.story import Told

_STREAM, _PATH = "charging", "/dvv/charging/locations"
_MOST = 400
"""Locations in an answer."""
_WHOLE = 4
"""One of so many is told as a whole, the others as what has changed of them."""


def _serve(city: City) -> Sequence[Route]:
    async def locations(request: Request) -> Response:
        """All that has changed since, in the order in which the platform learnt it."""
        asked, now = request.query_params, city.clock()
        begins = now - city.chronicle.history(_STREAM)
        try:
            since = _instant(asked["date_from"]) if "date_from" in asked else begins
            offset, limit = int(asked.get("offset", "0")), min(_MOST, int(asked.get("limit", "50")))
        except ValueError:
            return answer(request, _envelope(now, None, 2001, "Invalid or missing parameters"), "application/json", now)
        told = city.chronicle.between([_STREAM], max(since, begins), now)
        page = [_location(one, told) for one in told[offset : offset + limit]]
        found = answer(request, _envelope(now, page, 1000, "Success"), "application/json", now)
        found.headers.update({"x-total-count": str(len(told)), "x-limit": str(_MOST)})
        if offset + limit < len(told):
            query = {"date_from": _utc(since), "offset": str(offset + limit), "limit": str(limit)}
            found.headers["link"] = f'<{request.url.replace(query=urlencode(query))}>; rel="next"'
        return found

    return [Route(_PATH, locations)]


def _envelope(now: datetime, data: Sequence[object] | None, code: int, message: str) -> bytes:
    head = {"status_code": code, "status_message": message, "timestamp": _utc(now)}
    return msgspec.json.encode(head if data is None else head | {"data": data})


def _location(told: Told, known: Sequence[Told]) -> dict[str, object]:
    """Two charge points are one location; of a whole one the other's last state is told again."""
    place = int(told.subject[-3:]) // 2
    part: dict[str, object] = {
        "id": f"standort-{place:02d}",
        "evses": [{"uid": told.subject, "status": told.data["status"], "last_updated": _updated(told, told.time)}],
        "last_updated": _updated(told, told.due),
    }
    if crc32("/".join(told.key).encode()) % _WHOLE:
        return part
    evses = [_evse(one) for one in (_other(told, known), told) if one is not None]
    address = {"name": f"Standort {place}", "address": "Musterstraße 1", "city": "Duisburg", "country": "DEU"}
    party = {"country_code": "DE", "party_id": "SIM", "publish": True, "time_zone": "Europe/Berlin"}
    return part | party | address | {"coordinates": {"latitude": "51.43", "longitude": "6.76"}, "evses": evses}


def _other(told: Told, known: Sequence[Told]) -> Told | None:
    """The neighbour as it was then."""
    name = f"{told.subject[:-3]}{int(told.subject[-3:]) ^ 1:03d}"
    before = (one for one in reversed(known) if one.subject == name and one.due < told.due)
    return next(before, None)


def _evse(told: Told) -> dict[str, object]:
    connector = {
        "id": "1",
        "standard": "IEC_62196_T2",
        "format": "SOCKET",
        "power_type": "AC_3_PHASE",
        "max_voltage": 230,
        "max_amperage": 32,
        "last_updated": _utc(told.time),
    }
    return {
        "uid": told.subject,
        "evse_id": f"DE*SIM*E{told.subject[-3:]}",
        "status": told.data["status"],
        "connectors": [connector],
        "last_updated": _updated(told, told.time),
    }


def _updated(told: Told, moment: datetime) -> str:
    """Some say Z, some nothing; both are UTC."""
    return _utc(moment).removesuffix("Z") if int(told.subject[-3:]) % 3 == 0 else _utc(moment)


def _utc(moment: datetime) -> str:
    return moment.astimezone(UTC).isoformat().replace("+00:00", "Z")


def _instant(text: str) -> datetime:
    moment = datetime.fromisoformat(text)
    return moment if moment.tzinfo else moment.replace(tzinfo=UTC)


SERVED = Served(feed="dvv.charging", streams=(_STREAM,), serve=_serve)
