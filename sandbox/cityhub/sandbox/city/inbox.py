"""The order office's inbox in the simulated city: takes audio alerts, each once under its key, and shows the newest."""

from __future__ import annotations

import time
from typing import Any

import msgspec
from starlette.requests import Request
from starlette.responses import JSONResponse, Response

from cityhub.sandbox.city.served.endpoint import SIMULATION

KEPT = 500
_FIELDS = frozenset({"alarm", "laterne", "art", "sicherheit", "geraeusch", "gemeldet", "simulation"})


class AlertInbox:
    """Remembers the newest `KEPT` alerts, by key and since when (epoch s)."""

    def __init__(self) -> None:
        self._alerts: dict[str, dict[str, Any]] = {}

    async def answer(self, request: Request) -> Response:
        """POST: 202, 409 where the key is known, 400 where it is no alert."""
        if request.method == "GET":
            return JSONResponse(list(reversed(self._alerts.values())), headers=SIMULATION)
        key = request.headers.get("idempotency-key", "")
        try:
            said = msgspec.json.decode(await request.body(), type=dict[str, Any])
        except (msgspec.DecodeError, UnicodeDecodeError) as error:
            return JSONResponse({"fehler": f"kein JSON-Objekt: {error}"}, 400, SIMULATION)
        if not key or (missing := sorted(_FIELDS - said.keys())):
            what = f"es fehlt {', '.join(missing)}" if key else "es fehlt der Kopf Idempotency-Key"
            return JSONResponse({"fehler": what}, 400, SIMULATION)
        if key in self._alerts:
            return JSONResponse({"alarm": said["alarm"]}, 409, SIMULATION)
        self._alerts[key] = said | {"eingegangen_s": time.time()}
        while len(self._alerts) > KEPT:
            del self._alerts[next(iter(self._alerts))]
        return JSONResponse({"alarm": said["alarm"]}, 202, SIMULATION)
