"""`/v1/partner/dead-letters`: a partner's refused records, and driving them in again. The rules are docs/doors.md."""

from __future__ import annotations

from starlette.requests import Request
from starlette.routing import Route

from cityhub.adapters.doors.redrive import Redrive, Source
from cityhub.adapters.doors.wishes import Who
from cityhub.api.app import PrincipalOf
from cityhub.api.partner.answering import answering
from cityhub.api.partner.asking import Listing, of_body, of_query
from cityhub.api.partner.shown import listed, whole
from cityhub.api.partner.who import Whose, changing, partner_of

PATH = "/v1/partner/dead-letters"


class LetterRoutes:
    """The routes' handlers."""

    def __init__(self, source: Source, redrive: Redrive, principal_of: PrincipalOf) -> None:
        self._source = source
        self._redrive = redrive
        self._principal_of = principal_of

    def routes(self) -> list[Route]:
        """To be put on a server."""
        return [
            Route(PATH, answering(self._list), methods=["GET"]),
            Route(PATH + "/redrive", answering(self._drive), methods=["POST"]),
            Route(PATH + "/{part:int}/{offset:int}", answering(self._show), methods=["GET"]),
        ]

    async def _list(self, request: Request) -> object:
        principal = await self._principal_of(request)
        partner = partner_of(principal, request.query_params.get("partner", ""))
        return await listed(self._source, self._redrive, partner, of_query(request.query_params, Listing))

    async def _show(self, request: Request) -> object:
        partner = partner_of(await self._principal_of(request), of_query(request.query_params, Whose).partner)
        place = request.path_params
        return await whole(self._source, self._redrive, partner, place["part"], place["offset"])

    async def _drive(self, request: Request) -> object:
        principal = changing(await self._principal_of(request))
        partner = partner_of(principal, of_query(request.query_params, Whose).partner)
        asked = of_body(await request.body(), request.headers.get("content-type", ""))
        who = Who(principal.subject, principal.organisation)
        return await self._redrive.run(who, partner, asked.wish(), dry_run=asked.dry_run)
