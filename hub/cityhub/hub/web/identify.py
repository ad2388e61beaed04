"""Who sends a request: decided once before any handler runs, and again when a long connection outlives its proof."""

from __future__ import annotations

from collections.abc import Callable

from starlette.requests import ClientDisconnect, HTTPConnection
from starlette.types import ASGIApp, Message, Receive, Scope, Send
from starlette.websockets import WebSocketDisconnect

from cityhub.hub.identity.authenticator import Authenticator
from cityhub.hub.identity.errors import IdentityError, KeycloakUnavailable, SessionsUnavailable, TokenRefused
from cityhub.hub.identity.principal import acting
from cityhub.hub.web.problems import keycloak_missing, refused, sessions_missing
from cityhub.sdk.principal import Principal

NOT_OURS = "/auth/"
POLICY_VIOLATION = 1008
_KEY = "cityhub.principal"


async def principal_of(connection: HTTPConnection) -> Principal | None:
    """Who sends this request or opened this socket; None for an anonymous one. A bad token never comes this far."""
    principal: Principal | None = connection.scope.get(_KEY)
    return principal


class Identify:
    """ASGI middleware: a wrong token is 401, also where anonymous requests are welcome.

    When the proof behind an event stream or a WebSocket runs out, it is looked at again before the next thing is sent;
    without one the connection ends. Paths of Keycloak are left alone, their Authorization header is meant for it.

    Args:
        clock: seconds since the epoch.
    """

    def __init__(self, app: ASGIApp, authenticator: Authenticator, clock: Callable[[], float]) -> None:
        self._app = app
        self._authenticator = authenticator
        self._clock = clock

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] not in {"http", "websocket"} or scope["path"].startswith(NOT_OURS):
            await self._app(scope, receive, send)
            return
        try:
            principal = await self._authenticator.principal(HTTPConnection(scope))
        except TokenRefused as error:
            await refused(error)(scope, receive, send)
            return
        except KeycloakUnavailable as error:
            await keycloak_missing(error)(scope, receive, send)
            return
        except SessionsUnavailable as error:
            await sessions_missing(HTTPConnection(scope), error)(scope, receive, send)
            return
        scope[_KEY] = principal
        sender = _WhileKnown(self._authenticator, self._clock, scope, send)
        with acting(principal):
            try:
                await self._app(scope, receive, send if principal is None else sender)
            except (OSError, ClientDisconnect, WebSocketDisconnect):
                if not sender.ended:
                    raise


class _WhileKnown:
    """Sends while the proof stands; then ends the connection and raises OSError, as for a client that has left."""

    def __init__(self, authenticator: Authenticator, clock: Callable[[], float], scope: Scope, send: Send) -> None:
        self._authenticator = authenticator
        self._clock = clock
        self._scope = scope
        self._send = send
        self.ended = False

    async def __call__(self, message: Message) -> None:
        if self.ended or (_continues(message) and not await self._still_known()):
            if not self.ended:
                self.ended = True
                await self._send(_ending(self._scope))
            raise ConnectionAbortedError("the log-in or token behind this connection has ended")
        await self._send(message)

    async def _still_known(self) -> bool:
        known: Principal = self._scope[_KEY]
        if self._clock() < known.expires_at:
            return True
        try:
            principal = await self._authenticator.principal(HTTPConnection(self._scope))
        except IdentityError:
            return False
        if principal is None or principal.subject != known.subject:
            return False
        self._scope[_KEY] = principal
        return True


def _continues(message: Message) -> bool:
    return message["type"] == "websocket.send" or bool(message.get("more_body"))


def _ending(scope: Scope) -> Message:
    if scope["type"] == "websocket":
        return {"type": "websocket.close", "code": POLICY_VIOLATION, "reason": "the log-in or token has ended"}
    return {"type": "http.response.body", "body": b"", "more_body": False}
