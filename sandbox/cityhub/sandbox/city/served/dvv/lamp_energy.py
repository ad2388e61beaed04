"""The context broker of DVV, with the energy of street lamps as temporal entities: docs/adapters/dvv-lamp-energy.md."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime

import msgspec
from starlette.requests import Request
from starlette.responses import PlainTextResponse, Response
from starlette.routing import Route

from cityhub.sandbox.city.served.endpoint import City, Served, answer
from cityhub.sandbox.city.streams.story import Told

_STREAM, _TYPE = "lamps", "Streetlight"
_CONTEXT = "https://uri.etsi.org/ngsi-ld/v1/ngsi-ld-core-context.jsonld"


def _serve(city: City) -> Sequence[Route]:
    async def temporal(request: Request) -> Response:
        asked, now = request.query_params, city.clock()
        try:
            since = datetime.fromisoformat(asked.get("timeAt", ""))
        except ValueError:
            since = None
        if since is None or since.tzinfo is None or asked.get("timerel") != "after":
            return PlainTextResponse("timerel=after and timeAt with its offset are needed", status_code=400)
        begins = now - city.chronicle.history(_STREAM)
        told = city.chronicle.between([_STREAM], max(since, begins), now) if asked.get("type") == _TYPE else []
        body = msgspec.json.encode(_entities([one for one in told if one.time > since]))
        return answer(request, body, "application/ld+json", now)

    return [Route("/dvv/lamp-energy/temporal/entities", temporal)]


def _entities(told: Sequence[Told]) -> list[dict[str, object]]:
    """One of each lamp; its nights in the order in which they were metered, a few of them twice."""
    lamps: dict[str, list[Told]] = {}
    for one in told:
        lamps.setdefault(one.subject, []).append(one)
    return [
        {
            "id": f"urn:ngsi-ld:{_TYPE}:{lamp}",
            "type": _TYPE,
            "powerConsumption": [_instance(number, one) for one in nights for number in range(1 + (lamp[-2:] == "17"))],
            "@context": [_CONTEXT],
        }
        for lamp, nights in lamps.items()
    ]


def _instance(copy: int, told: Told) -> dict[str, object]:
    """Meters of two makes: in kWh and in Wh."""
    wh = told.data["energy_wh"]
    value, unit = (wh / 1000, "KWH") if int(told.subject[-4:]) % 2 else (wh, "WHR")
    observed_at = told.time.astimezone(UTC).isoformat().replace("+00:00", "Z")
    return {
        "type": "Property",
        "value": value,
        "unitCode": unit,
        "observedAt": observed_at,
        "instanceId": f"urn:ngsi-ld:Instance:{told.subject}:{told.data['night']}:{copy}",
    }


SERVED = Served(feed="dvv.lamp-energy", streams=(_STREAM,), serve=_serve)
