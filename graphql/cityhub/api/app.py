"""The route `/graphql`: who comes in, over which transports."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from datetime import timedelta
from http import HTTPStatus
from json import JSONDecodeError
from typing import Any, TypeAlias
from uuid import uuid4

import msgspec
from cross_web import HTTPException
from fastapi import APIRouter
from starlette.requests import HTTPConnection, Request
from starlette.responses import Response
from starlette.websockets import WebSocket
from strawberry.fastapi import GraphQLRouter
from strawberry.subscriptions import GRAPHQL_SSE_PROTOCOL, GRAPHQL_TRANSPORT_WS_PROTOCOL
from strawberry.types.unset import UNSET

from cityhub.api.context import Clock, Context, Feeds, LiveSource
from cityhub.api.problem import problem
from cityhub.api.schema import build_schema
from cityhub.api.transport import BoundedRequest, Operation, ShortReasonSocket, StrictHandler, decode
from cityhub.kpi.proof.service import ProofReader
from cityhub.kpi.reader import KpiReader
from cityhub.sdk.principal import Principal

PrincipalOf: TypeAlias = Callable[[HTTPConnection], Awaitable[Principal | None]]
"""The verified caller of a connection, None for an anonymous one; raises its own 401 for a bad token."""

MAX_SUBSCRIPTIONS = 10
"""Operations running at once on one WebSocket."""
INIT_WAIT = timedelta(seconds=10)

HOW_TO_COME_IN = (
    "Send a token as 'Authorization: Bearer …'. Machines get one from "
    "/auth/realms/cityhub/protocol/openid-connect/token with grant_type=client_credentials, people by logging in; "
    "docs/api.md shows both."
)


def create_api(
    *,
    reader: KpiReader,
    live: LiveSource,
    feeds: Feeds,
    principal_of: PrincipalOf,
    clock: Clock,
    proofs: ProofReader | None = None,
) -> APIRouter:
    """The GraphQL API as a router with the path `/graphql`: POST, POST with SSE, WebSocket.

    Args:
        clock: now, aware, UTC; decides when tokens have expired.
        proofs: opens numbers; None where nothing is archived.
    """

    async def context(connection: HTTPConnection) -> Context:
        return Context(
            principal=await principal_of(connection),
            reader=reader,
            live=live,
            feeds=feeds,
            clock=clock,
            proofs=proofs,
            request_id=connection.scope.get("state", {}).get("request_id") or uuid4().hex,
            streams=connection.scope["type"] == "websocket"
            or "text/event-stream" in connection.headers.get("accept", "").lower(),
        )

    return _Router(
        build_schema(),
        path="/graphql",
        graphql_ide=None,
        allow_queries_via_get=False,
        context_getter=context,
        subscription_protocols=(GRAPHQL_TRANSPORT_WS_PROTOCOL, GRAPHQL_SSE_PROTOCOL),
        connection_init_wait_timeout=INIT_WAIT,
        max_subscriptions_per_connection=MAX_SUBSCRIPTIONS,
        tags=["GraphQL"],
    )


class _Router(GraphQLRouter[Context, None]):
    request_adapter_class = BoundedRequest
    websocket_adapter_class = ShortReasonSocket
    graphql_transport_ws_handler_class = StrictHandler

    async def run(self, request: Any, context: Any = UNSET, root_value: Any = UNSET) -> Any:
        """Answer, or refuse with a problem document."""
        refusal = self._refusal(request, context)
        if refusal is None:
            try:
                return await super().run(request, context, root_value)
            except HTTPException as error:
                # The rest of an oversized body is not worth reading: hang up.
                headers = {"Connection": "close"} if error.status_code == HTTPStatus.REQUEST_ENTITY_TOO_LARGE else None
                return problem(error.status_code, error.reason, request_id=context.request_id, headers=headers)
        if isinstance(request, WebSocket):
            await request.send_denial_response(refusal)
        return refusal

    def _refusal(self, request: Request | WebSocket, context: Context) -> Response | None:
        if context.principal is None:
            headers = {"WWW-Authenticate": 'Bearer realm="cityhub"'}
            return problem(401, HOW_TO_COME_IN, request_id=context.request_id, headers=headers)
        if isinstance(request, Request) and request.method != "POST":
            detail = "Send the query as JSON with POST; docs/api.md has examples."
            return problem(405, detail, request_id=context.request_id, headers={"Allow": "POST"})
        return None

    def decode_json(self, data: str | bytes) -> object:
        """JSON of either transport."""
        return decode(data)

    def parse_json(self, data: str | bytes) -> Any:
        """The body of a POST."""
        try:
            return msgspec.to_builtins(msgspec.convert(self.decode_json(data), Operation))
        except (JSONDecodeError, msgspec.ValidationError) as error:
            detail = f'the body is no GraphQL request such as {{"query": "{{ kpis {{ id }} }}"}}: {error}'
            raise HTTPException(400, detail) from error
