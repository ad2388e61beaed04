"""PEGELONLINE as the waterways administration runs it: docs/adapters/duisport-gauge.md."""

from __future__ import annotations

import uuid
from collections.abc import Mapping, Sequence
from datetime import timedelta

import msgspec
from starlette.requests import Request
from starlette.responses import PlainTextResponse, Response
from starlette.routing import Route

from cityhub.sandbox.city.served.endpoint import City, Served, answer
from cityhub.sandbox.city.streams.story import Told
from cityhub.sandbox.city.timetable import LOCAL

_PATH, _JSON = "/duisport/gauge", "application/json"
_STATIONS: Mapping[str, tuple[int, Mapping[str, float]]] = {
    "RUHRORT": (15, {"MNW": 218.0, "GlW": 233.0, "MW": 411.0, "HSW": 1130.0}),
    "SIM-SCHLEUSE UW": (60, {}),
}
"""By station: minutes between two levels, and the levels that have a name; a lock has none."""
_UUID = {str(uuid.uuid5(uuid.NAMESPACE_URL, name)): name for name in _STATIONS}
_NEWS = timedelta(days=3)


def _serve(city: City) -> Sequence[Route]:
    async def stations(request: Request) -> Response:
        body = [_station(key, name) for key, name in _UUID.items()]
        return answer(request, msgspec.json.encode(body), _JSON, city.clock())

    async def levels(request: Request) -> Response:
        now, name = city.clock(), _UUID.get(request.path_params["station"])
        if name is None or request.query_params.get("start") != "P3D":
            return PlainTextResponse("unknown station or period", status_code=404)
        start = now - min(_NEWS, city.chronicle.history("gauge"))
        gauge = name.lower().replace(" ", "-")
        told = [one for one in city.chronicle.between(["gauge"], start, now) if one.subject == gauge]
        body = [_level(one) for one in sorted(told, key=lambda one: one.time)]
        return answer(request, msgspec.json.encode(body), _JSON, now)

    series = f"{_PATH}/stations/{{station}}/W/measurements.json"
    return [Route(f"{_PATH}/stations.json", stations), Route(series, levels)]


def _station(key: str, name: str) -> dict[str, object]:
    every, levels = _STATIONS[name]
    named = [{"shortname": short, "unit": "cm", "value": value} for short, value in levels.items()]
    raw = {"shortname": "W", "longname": "WASSERSTAND ROHDATEN", "unit": "cm", "equidistance": every}
    series = raw | ({"characteristicValues": named} if named else {})
    return {"uuid": key, "shortname": name, "longname": name, "timeseries": [series]}


def _level(told: Told) -> dict[str, object]:
    return {"timestamp": told.time.astimezone(LOCAL).isoformat(), "value": float(told.data["level_cm"])}


SERVED = Served(feed="duisport.gauge", streams=("gauge",), serve=_serve)
