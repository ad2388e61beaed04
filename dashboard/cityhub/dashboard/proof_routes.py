"""Files that prove numbers: receipts, the key that checks them, and the events behind a number."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from http import HTTPStatus

from starlette.requests import Request
from starlette.responses import PlainTextResponse, Response

from cityhub.adapters.errors import AdapterError
from cityhub.api.access import may_open
from cityhub.api.errors import InvalidArgument
from cityhub.bus.errors import BusError
from cityhub.dashboard.asked import Asked
from cityhub.dashboard.export import csv_of
from cityhub.dashboard.opening import Opening, opening_of, trouble
from cityhub.dashboard.preferences import chosen_in, preferences
from cityhub.dashboard.proof_rows import all_events
from cityhub.dashboard.proof_texts import P
from cityhub.dashboard.services import Services
from cityhub.dashboard.texts import T, t
from cityhub.dashboard.view import View
from cityhub.kpi.definition import KpiDefinition
from cityhub.kpi.errors import KpiError
from cityhub.kpi.proof.receipt import encode
from cityhub.kpi.proof.service import ProofReader

_RETRY_S = "10"
_Made = Callable[[Request, View, ProofReader, KpiDefinition, Opening], Response]


class ProofRoutes:
    """Handlers of these paths."""

    def __init__(self, services: Services) -> None:
        self._services = services

    async def receipt(self, request: Request) -> Response:
        """The receipt of the number that `window`, `at`, `scope` and `dimension` name; without them of the newest."""
        return await asyncio.to_thread(self._answer, request, _receipt)

    async def events_csv(self, request: Request) -> Response:
        """The events behind a number as a file, for those who are logged in."""
        return await asyncio.to_thread(self._answer, request, _events_csv)

    async def key(self, request: Request) -> Response:
        """The public key that checks receipts."""
        proofs = self._services.proofs
        key = proofs.public_key() if proofs is not None else ""
        if not key:
            lang = preferences(chosen_in(request.query_params, request.cookies)).lang
            return PlainTextResponse(t(lang, P.RECEIPT_UNSIGNED), HTTPStatus.NOT_FOUND)
        return Response(key, media_type="application/x-pem-file", headers=_headers("cityhub-receipts.pem"))

    def _answer(self, request: Request, made: _Made) -> Response:
        chosen = preferences(chosen_in(request.query_params, request.cookies))
        try:
            return _made(request, View.of(self._services, chosen), made)
        except InvalidArgument as error:
            return PlainTextResponse(str(error), HTTPStatus.BAD_REQUEST)
        except AdapterError:
            return PlainTextResponse(t(chosen.lang, T.UNREADABLE_TITLE), HTTPStatus.SERVICE_UNAVAILABLE)
        except (KpiError, BusError) as error:
            text = trouble(error, chosen.lang)
            return PlainTextResponse(text, HTTPStatus.SERVICE_UNAVAILABLE, {"Retry-After": _RETRY_S})


def _made(request: Request, view: View, made: _Made) -> Response:
    definition, asked = view.find(request.path_params["kpi_id"]), Asked.parse(request.url.query)
    if definition is None:
        return PlainTextResponse(t(view.lang, T.MISSING_KPI), HTTPStatus.NOT_FOUND)
    if asked is None:
        return PlainTextResponse(t(view.lang, T.MISSING_VIEW), HTTPStatus.BAD_REQUEST)
    if not may_open(view.viewer, definition):
        return PlainTextResponse(t(view.lang, P.FOR_CONTROLLERS), HTTPStatus.FORBIDDEN)
    opening = opening_of(view, definition, asked)
    if opening is None or view.proofs is None:
        return PlainTextResponse(t(view.lang, P.NOTHING_TO_PROVE), HTTPStatus.NOT_FOUND)
    return made(request, view, view.proofs, definition, opening)


def _receipt(_: Request, __: View, proofs: ProofReader, definition: KpiDefinition, opening: Opening) -> Response:
    receipt = proofs.receipt(opening.number)
    headers = _headers(f"cityhub-receipt-{definition.id}-{receipt.id[:12]}.json")
    return Response(encode(receipt), media_type="application/json", headers=headers)


def _events_csv(
    request: Request, view: View, proofs: ProofReader, definition: KpiDefinition, opening: Opening
) -> Response:
    if view.viewer is None:
        return PlainTextResponse(t(view.lang, P.LOG_IN_TO_SEE), HTTPStatus.UNAUTHORIZED)
    excluded = request.query_params.get("show") == "excluded"
    table = all_events(view, definition, proofs, opening.number, excluded=excluded)
    part = "excluded" if excluded else "counted"
    headers = _headers(f"{definition.id}-events-{part}-{opening.number.anchor:%Y-%m-%dT%H%MZ}.csv")
    return Response(csv_of(table, view.lang), media_type="text/csv; charset=utf-8", headers=headers)


def _headers(name: str) -> dict[str, str]:
    return {"Content-Disposition": f'attachment; filename="{name}"', "Cache-Control": "no-store"}
