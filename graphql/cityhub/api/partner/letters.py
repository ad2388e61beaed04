"""`/v1/partner/dead-letters`: a partner's refused records, and driving them in again. The rules are docs/doors.md."""

from __future__ import annotations

from collections import Counter
from collections.abc import Awaitable, Callable
from http import HTTPStatus
from typing import Any

import msgspec
from msgspec import Struct
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from cityhub.adapters.doors.http import RETRY_S, Refused
from cityhub.adapters.doors.past import Past
from cityhub.adapters.doors.redrive import Redrive, Source
from cityhub.adapters.doors.wishes import Who
from cityhub.api.app import PrincipalOf
from cityhub.api.partner.asking import Listing, of_body, of_query
from cityhub.api.partner.who import check_may_change, partner_of
from cityhub.api.problem import problem
from cityhub.bus.errors import BusError
from cityhub.bus.letters import Letter, histogram
from cityhub.bus.log_span import Span

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
        asked = of_query(request.query_params, Listing)
        partner = partner_of(await self._principal_of(request), asked.partner)
        past = await self._redrive.past(partner)
        async with self._source.opened(partner, asked.span()) as pile:
            found = [
                msgspec.structs.replace(one, body=b"")
                async for one in pile.letters
                if asked.reason in {"", one.reason} and asked.type in {"", one.type}
            ]
        shown = found[-asked.first :][::-1]
        return {
            "partner": partner,
            "counts": Counter(past.standing(one).state for one in found),
            "histogram": histogram(found),
            "letters": [_described(one, past) for one in shown],
            "more": pile.cut or len(found) > len(shown),
        }

    async def _show(self, request: Request) -> object:
        partner = partner_of(await self._principal_of(request), of_query(request.query_params, _Whose).partner)
        part, offset = request.path_params["part"], request.path_params["offset"]
        past = await self._redrive.past(partner)
        async with self._source.opened(partner, Span(first=offset, before=offset + 1)) as pile:
            async for letter in pile.letters:
                if letter.part == part:
                    return described_whole(letter, past, self._redrive, partner)
        raise Refused(HTTPStatus.NOT_FOUND, f"{partner} has no dead letter {part}/{offset}; they are kept 35 days")

    async def _drive(self, request: Request) -> object:
        principal = await self._principal_of(request)
        partner = partner_of(principal, of_query(request.query_params, _Whose).partner)
        check_may_change(principal)
        asked = of_body(await request.body(), request.headers.get("content-type", ""))
        who = Who(principal.subject, principal.organisation or "hub") if principal else Who("", "")
        return await self._redrive.run(who, partner, asked.wish(), dry_run=asked.dry_run)


def described_whole(letter: Letter, past: Past, redrive: Redrive, partner: str) -> dict[str, Any]:
    """All of a letter: with its event, or its bytes in base64 where they are no JSON, and what would be said today."""
    today = redrive.today(letter, partner)
    told = _described(letter, past)
    try:
        told["event"] = msgspec.json.decode(letter.body)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
        told["body"] = letter.body
    told["today"] = None if today is None else {"reason": today.reason, "detail": str(today)}
    return told


def _described(letter: Letter, past: Past) -> dict[str, Any]:
    standing = past.standing(letter)
    told: dict[str, Any] = msgspec.to_builtins(letter)
    del told["body"]
    return {**told, "state": standing.state, "deed": standing.last}


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
