"""The orchestrator of the software robots: docs/adapters/city-robots.md. Some jobs are stopped by somebody."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from datetime import UTC, datetime, timedelta
from urllib.parse import urlencode
from uuid import UUID, uuid5
from zlib import crc32

import msgspec
from starlette.requests import Request
from starlette.responses import PlainTextResponse, Response
from starlette.routing import Route

from cityhub.sandbox.city.served.endpoint import City, Served, answer
from cityhub.sandbox.city.streams.story import Told

_PATH = "/city/robots/odata/Jobs"
_FILTER = re.compile(r"EndTime (?:ne null|ge (\S+))")
_SPACE = UUID("c1c3be0e-7f15-5d6b-8a3f-4c1a1f0f9d11")
_STATES = {"ok": "Successful", "exception": "Faulted"}
_STOPPED = 20
"""One of so many is followed by one that is stopped."""


def _serve(city: City) -> Sequence[Route]:
    async def jobs(request: Request) -> Response:
        now, asked = city.clock(), request.query_params
        wanted = _FILTER.fullmatch(asked.get("$filter", ""))
        if wanted is None:
            return PlainTextResponse("$filter: EndTime ne null, EndTime ge <instant>", status_code=400)
        start = now - city.chronicle.history("robots")
        if wanted[1]:
            start = max(start, datetime.fromisoformat(wanted[1]))
        found = [job for told in city.chronicle.between(("robots",), start, now) for job in _jobs(told)]
        skip, top = int(asked.get("$skip", "0")), int(asked.get("$top", "100"))
        body: dict[str, object] = {"@odata.context": f"{_PATH}/$metadata#Jobs", "value": found[skip : skip + top]}
        if skip + top < len(found):
            query = urlencode(dict(asked) | {"$skip": str(skip + top)})
            body["@odata.nextLink"] = f"{request.url.replace(query=query)}"
        return answer(request, msgspec.json.encode(body), "application/json; odata.metadata=minimal", now)

    return [Route(_PATH, jobs)]


def _jobs(told: Told) -> Iterator[dict[str, object]]:
    took, by_hand = told.data.get("robot_s"), told.data.get("manual_s")
    key = uuid5(_SPACE, "/".join(told.key))
    job = {
        "Key": str(key),
        "ReleaseName": told.data["process"],
        "State": _STATES[told.data["outcome"]],
        "StartTime": None if took is None else _text(told.time - timedelta(seconds=took)),
        "EndTime": _text(told.time),
        "OutputArguments": None if by_hand is None else f'{{"HandzeitSekunden":{by_hand}}}',
    }
    yield job
    if crc32(key.bytes) % _STOPPED == 0:
        yield job | {"Key": str(uuid5(_SPACE, str(key))), "State": "Stopped", "OutputArguments": None}


def _text(moment: datetime) -> str:
    return moment.astimezone(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")


SERVED = Served(feed="city.robots", streams=("robots",), serve=_serve)
