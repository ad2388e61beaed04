"""HTTP and WebSocket around the schema: bounded, strictly shaped messages."""

from __future__ import annotations

from json import JSONDecodeError
from typing import Any

import msgspec
from cross_web import HTTPException, StarletteRequestAdapter
from msgspec import Struct
from strawberry.asgi import ASGIWebSocketAdapter
from strawberry.subscriptions.protocols.graphql_transport_ws.handlers import BaseGraphQLTransportWSHandler
from strawberry.subscriptions.protocols.graphql_transport_ws.types import Message

from cityhub.api.context import Context
from cityhub.api.document import MAX_BYTES

_REASON_BYTES = 120
"""RFC 6455 leaves 123 bytes for the reason of a close frame."""


class Operation(Struct, rename="camel"):
    """One GraphQL request."""

    query: str
    variables: dict[str, Any] | None = None
    operation_name: str | None = None
    extensions: dict[str, Any] | None = None


class _Subscribe(Struct, tag_field="type", tag="subscribe"):
    id: str
    payload: Operation


class _Complete(Struct, tag_field="type", tag="complete"):
    id: str


class _Init(Struct, tag_field="type", tag="connection_init"):
    payload: dict[str, Any] | None = None


class _Ping(Struct, tag_field="type", tag="ping"):
    payload: dict[str, Any] | None = None


class _Pong(Struct, tag_field="type", tag="pong"):
    payload: dict[str, Any] | None = None


_Message = _Subscribe | _Complete | _Init | _Ping | _Pong


def decode(data: str | bytes) -> Any:
    """JSON of at most MAX_BYTES, strict.

    Raises:
        JSONDecodeError: says what is wrong.
    """
    if len(data) > MAX_BYTES:
        raise JSONDecodeError(f"more than {MAX_BYTES} bytes", "", 0)
    try:
        return msgspec.json.decode(data)
    except (msgspec.DecodeError, UnicodeError, RecursionError) as error:
        raise JSONDecodeError(str(error), "", 0) from error


class BoundedRequest(StarletteRequestAdapter):
    """Reads no more of a body than may be used."""

    async def get_body(self) -> bytes:
        body = b""
        async for chunk in self._request.stream():
            body += chunk
            if len(body) > MAX_BYTES:
                raise HTTPException(413, f"the body has more than {MAX_BYTES} bytes; send a smaller document")
        return body


class ShortReasonSocket(ASGIWebSocketAdapter):
    """Closes with reasons that fit a close frame."""

    async def close(self, code: int, reason: str) -> None:
        await super().close(code, reason.encode()[:_REASON_BYTES].decode(errors="ignore"))


class StrictHandler(BaseGraphQLTransportWSHandler[Context, None]):
    """graphql-transport-ws whose messages are checked before they are used."""

    async def handle_message(self, message: Message) -> None:
        try:
            msgspec.convert(message, _Message)
        except msgspec.ValidationError as error:
            await self.handle_invalid_message(f"message refused: {error}")
        else:
            await super().handle_message(message)
