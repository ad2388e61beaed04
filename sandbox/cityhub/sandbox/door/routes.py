"""The routes of `/v1/sandbox`: who may ask, how much, and what is passed on to the sandbox process."""

from __future__ import annotations

import time
from collections.abc import AsyncIterator, Awaitable, Callable
from datetime import UTC, datetime
from http import HTTPStatus
from typing import Any, Literal, TypeAlias

import msgspec
from starlette.requests import Request
from starlette.responses import Response, StreamingResponse
from starlette.routing import BaseRoute, Route, WebSocketRoute
from starlette.websockets import WebSocket

from cityhub.adapters.doors.http import Refused
from cityhub.api.app import PrincipalOf
from cityhub.api.problem import problem
from cityhub.kpi.definition import Catalogue
from cityhub.sandbox.door.caller import Caller, caller_of
from cityhub.sandbox.door.catalogue import catalogue
from cityhub.sandbox.door.cors import cors
from cityhub.sandbox.door.limits import Notes, headers
from cityhub.sandbox.door.requests import COMMANDS, Reading, as_json, key_days_of, opening_of, wish_of
from cityhub.sandbox.door.stream import SSE, events, message, query_of, socket
from cityhub.sandbox.errors import RoomUnavailable, SandboxError, SpecRefused, TooMuch, UnknownTenant, UnknownThing
from cityhub.sandbox.rooms.client import SandboxClient
from cityhub.sandbox.rooms.limits import Asked, Note
from cityhub.sandbox.rooms.service import Admitted, Wish
from cityhub.sandbox.rooms.tenants import Tenant
from cityhub.sdk.problem import MEDIA_TYPE, document

ROOT = "/v1/sandbox"
_TENANT = ROOT + "/tenants/{tenant}"
_STATUS = {
    SpecRefused: HTTPStatus.UNPROCESSABLE_ENTITY,
    TooMuch: HTTPStatus.CONFLICT,
    UnknownTenant: HTTPStatus.NOT_FOUND,
    UnknownThing: HTTPStatus.NOT_FOUND,
    RoomUnavailable: HTTPStatus.SERVICE_UNAVAILABLE,
}
Handler: TypeAlias = Callable[[Request, Caller], Awaitable[Response]]


class SandboxRoutes:
    """The routes' handlers.

    Args:
        client: speaks with the sandbox process.
    """

    def __init__(self, client: SandboxClient, city: Catalogue, principal_of: PrincipalOf) -> None:
        self._client = client
        self._catalogue = msgspec.json.encode(catalogue(city))
        self._principal_of = principal_of
        self._notes = Notes(client)

    def routes(self) -> list[BaseRoute]:
        """To be put on a server."""
        plain = [
            Route(f"{ROOT}/catalogue", self._answering(self._show_catalogue)),
            Route(f"{ROOT}/tenants", self._answering(self._tenants), methods=["GET", "POST"]),
            Route(_TENANT, self._answering(self._tenant), methods=["GET", "DELETE", "OPTIONS"]),
            Route(f"{_TENANT}/key", self._answering(self._rotate), methods=["POST", "OPTIONS"]),
            Route(f"{_TENANT}/origins", self._answering(self._origins), methods=["PUT", "OPTIONS"]),
            Route(f"{_TENANT}/kafka", self._answering(self._kafka), methods=["GET", "PUT", "OPTIONS"]),
            Route(f"{_TENANT}/requests", self._answering(self._requests), methods=["GET", "OPTIONS"]),
            Route(f"{_TENANT}/feed", self._answering(self._feed), methods=["GET", "OPTIONS"]),
            WebSocketRoute(f"{_TENANT}/feed", self._socket),
        ]
        asked = [
            Route(f"{_TENANT}{one.path}", self._answering(self._asking(one)), methods=[one.method, "OPTIONS"])
            for one in COMMANDS
        ]
        return [*plain, *asked]

    def _answering(self, handler: Handler) -> Callable[[Request], Awaitable[Response]]:
        async def answer(request: Request) -> Response:
            if request.method == "OPTIONS":
                return await self._preflight(request)
            began = time.monotonic()
            response = await self._answer(handler, request)
            known: Admitted | None = getattr(request.state, "admitted", None)
            if known is not None:
                response.headers.update(headers(known.share) | cors(request, known.tenant))
                took_ms = int((time.monotonic() - began) * 1000)
                asked = Asked(datetime.now(UTC), request.method, request.url.path, response.status_code, took_ms)
                self._notes.add(Note(known.tenant.name, asked))
            return response

        return answer

    async def _answer(self, handler: Handler, request: Request) -> Response:
        try:
            caller = caller_of(await self._principal_of(request))
            if name := request.path_params.get("tenant"):
                found = await self._wish(caller, "admit", name)
                request.state.admitted = admitted = msgspec.json.decode(found, type=Admitted)
                if not admitted.share.taken:
                    text = "too many requests for this tenant; the next window begins soon"
                    again = {"Retry-After": str(admitted.share.ends_s)}
                    return problem(HTTPStatus.TOO_MANY_REQUESTS, text, headers=again)
            return await handler(request, caller)
        except Refused as refused:
            return problem(refused.status, str(refused), headers=refused.headers)
        except SandboxError as error:
            return _refusal(error)

    async def _wish(
        self,
        caller: Caller,
        do: Literal["show", "admit", "usage", "rotate", "allow", "kafka", "delete"],
        name: str,
        **more: Any,
    ) -> bytes:
        """Ask about a tenant, or for a change of it. Args: more = of the wish."""
        organisation, checked, by_key = caller.organisation, caller.check(name), bool(caller.tenant)
        return await self._client.wish(Wish(do=do, organisation=organisation, name=checked, by_key=by_key, **more))

    async def _preflight(self, request: Request) -> Response:
        """What a browser asks before it sends a token (Fetch §3.3); without leave the answer says nothing."""
        try:
            found = await self._wish(Caller(None, ""), "show", request.path_params["tenant"])
        except SandboxError:
            return Response(status_code=HTTPStatus.NO_CONTENT)
        known = msgspec.json.decode(found, type=Tenant)
        return Response(status_code=HTTPStatus.NO_CONTENT, headers=cors(request, known))

    async def _show_catalogue(self, request: Request, caller: Caller) -> Response:
        return as_json(self._catalogue)

    async def _tenants(self, request: Request, caller: Caller) -> Response:
        if request.method == "GET":
            found = await self._client.wish(Wish(do="list", organisation=caller.organisation))
            return as_json(_only(found, caller))
        wish = wish_of(await request.body(), caller.managing())
        return as_json(await self._client.wish(wish), HTTPStatus.CREATED)

    async def _tenant(self, request: Request, caller: Caller) -> Response:
        tenant = request.path_params["tenant"]
        if request.method == "GET":
            return as_json(await self._wish(caller, "show", tenant))
        await self._wish(caller.managing(), "delete", tenant)
        return Response(status_code=HTTPStatus.NO_CONTENT)

    async def _rotate(self, request: Request, caller: Caller) -> Response:
        tenant, days = request.path_params["tenant"], key_days_of(await request.body())
        return as_json(await self._wish(caller, "rotate", tenant, key_days=days))

    async def _origins(self, request: Request, caller: Caller) -> Response:
        try:
            origins = msgspec.json.decode(await request.body(), type=tuple[str, ...])
        except (msgspec.DecodeError, UnicodeDecodeError) as error:
            raise SpecRefused(f'origins: is no list of texts ({error}); send ["https://app.example"]') from error
        return as_json(await self._wish(caller, "allow", request.path_params["tenant"], origins=origins))

    async def _kafka(self, request: Request, caller: Caller) -> Response:
        wanted = opening_of(await request.body()) if request.method == "PUT" else None
        return as_json(await self._wish(caller, "kafka", request.path_params["tenant"], open=wanted))

    async def _requests(self, request: Request, caller: Caller) -> Response:
        await self._notes.told()
        return as_json(await self._wish(caller, "usage", request.path_params["tenant"]))

    async def _feed(self, request: Request, caller: Caller) -> Response:
        tenant, streams = request.path_params["tenant"], SSE in request.headers.get("accept", "")
        try:
            query = query_of(
                request.query_params,
                request.query_params.multi_items(),
                request.headers.get("last-event-id") if streams else None,
            )
        except ValueError as error:
            raise Refused(HTTPStatus.BAD_REQUEST, str(error)) from error
        if not streams:
            found = await self._client.entries(tenant, caller.organisation, query)
            return as_json(msgspec.json.encode([message(one) for one in found]))
        body = self._followed(tenant, caller, query)
        return StreamingResponse(body, media_type=SSE, headers={"cache-control": "no-store"})

    async def _followed(self, tenant: str, caller: Caller, query: list[tuple[str, str]]) -> AsyncIterator[bytes]:
        async with self._client.following(tenant, caller.organisation, query) as told:
            async for piece in events(told):
                yield piece

    async def _socket(self, connection: WebSocket) -> None:
        tenant = connection.path_params["tenant"]
        try:
            caller = caller_of(await self._principal_of(connection))
            await self._wish(caller, "show", tenant)
            query = query_of(connection.query_params, connection.query_params.multi_items(), None)
        except (Refused, SandboxError, ValueError) as error:
            await connection.send_denial_response(_denial(error))
            return
        await socket(self._client, connection, tenant, caller.organisation, query)

    def _asking(self, reading: Reading) -> Handler:
        async def handle(request: Request, caller: Caller) -> Response:
            command = await reading.read(request)
            found = await self._client.ask(request.path_params["tenant"], caller.organisation, command)
            return reading.answer(found)

        return handle


def _only(tenants: bytes, caller: Caller) -> bytes:
    """A key sees no other tenant of its organisation."""
    if not caller.tenant:
        return tenants
    found = msgspec.json.decode(tenants, type=list[Tenant])
    return msgspec.json.encode([one for one in found if one.name == caller.tenant])


def _refusal(error: SandboxError) -> Response:
    """A problem document; `problems` has a line for each."""
    status = _STATUS[type(error)]
    again = {"Retry-After": "5"} if status is HTTPStatus.SERVICE_UNAVAILABLE else None
    return Response(document(status, str(error), problems=error.problems), status, again, media_type=MEDIA_TYPE)


def _denial(error: Exception) -> Response:
    if isinstance(error, Refused):
        return problem(error.status, str(error), headers=error.headers)
    return _refusal(error) if isinstance(error, SandboxError) else problem(HTTPStatus.BAD_REQUEST, str(error))
