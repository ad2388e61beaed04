"""`/v1/partner/dead-letters`: a partner's refused records, and driving them in again. The rules are docs/doors.md."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from http import HTTPStatus

import msgspec
from msgspec import Struct
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from cityhub.adapters.doors.http import RETRY_S, Refused
from cityhub.adapters.doors.redrive import Redrive, Source
from cityhub.adapters.doors.wishes import Who
from cityhub.api.app import PrincipalOf
from cityhub.api.partner.asking import Listing, of_body, of_query
from cityhub.api.partner.shown import listed, whole
from cityhub.api.partner.who import changing, partner_of
from cityhub.api.problem import problem
from cityhub.bus.errors import BusError

PATH = "/v1/partner/dead-letters"


class _Whose(Struct, frozen=True, forbid_unknown_fields=True):
    partner: str = ""


class LetterRoutes:
    """The routes' handlers."""

    def __init__(self, source: Source, redrive: Redrive, principal_of: PrincipalOf) -> None:
        self._source = source
        self._redrive = redrive
        self._principal_of = principal_of

    def routes(self) -> list[Route]:
        """To be put on a server."""
        return [
            Route(PATH, _answering(self._list), methods=["GET"]),
            Route(PATH + "/redrive", _answering(self._drive), methods=["POST"]),
            Route(PATH + "/{part:int}/{offset:int}", _answering(self._show), methods=["GET"]),
        ]

    async def _list(self, request: Request) -> object:
        principal = await self._principal_of(request)
        partner = partner_of(principal, request.query_params.get("partner", ""))
        return await listed(self._source, self._redrive, partner, of_query(request.query_params, Listing))

    async def _show(self, request: Request) -> object:
        partner = partner_of(await self._principal_of(request), of_query(request.query_params, _Whose).partner)
        place = request.path_params
        return await whole(self._source, self._redrive, partner, place["part"], place["offset"])

    async def _drive(self, request: Request) -> object:
        principal = changing(await self._principal_of(request))
        partner = partner_of(principal, of_query(request.query_params, _Whose).partner)
        asked = of_body(await request.body(), request.headers.get("content-type", ""))
        who = Who(principal.subject, principal.organisation)
        return await self._redrive.run(who, partner, asked.wish(), dry_run=asked.dry_run)


def _answering(handler: Callable[[Request], Awaitable[object]]) -> Callable[[Request], Awaitable[Response]]:
    async def answer(request: Request) -> Response:
        try:
            return Response(msgspec.json.encode(await handler(request)), media_type="application/json")
        except Refused as refused:
            return problem(refused.status, str(refused), headers=refused.headers)
        except BusError as error:
            text = f"{error}. The same request again is safe: what was driven in counts once"
            return problem(HTTPStatus.SERVICE_UNAVAILABLE, text, headers={"Retry-After": str(RETRY_S)})

    return answer
