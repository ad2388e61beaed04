"""From a request to a principal: a bearer token, else the session cookie, else nobody."""

from __future__ import annotations

from starlette.requests import HTTPConnection

from cityhub.hub.identity.errors import TokenRefused
from cityhub.hub.identity.sessions import BrowserSessions
from cityhub.hub.identity.tokens import TokenVerifier
from cityhub.sdk.principal import Principal


class Authenticator:
    """Decides who sends a request.

    Args:
        cookie: name of the session cookie.
    """

    def __init__(self, verifier: TokenVerifier, sessions: BrowserSessions, cookie: str) -> None:
        self._verifier = verifier
        self._sessions = sessions
        self._cookie = cookie

    async def principal(self, connection: HTTPConnection) -> Principal | None:
        """Who sends this; None for an anonymous request or a session that has ended.

        A token that is sent is judged, also beside a session: a wrong one is never silently ignored.

        Raises:
            TokenRefused: the Authorization header holds no acceptable bearer token.
            KeycloakUnavailable: no keys to verify the token with.
        """
        headers = connection.headers.getlist("authorization")
        if headers:
            return await self._bearer(headers)
        session_id = connection.cookies.get(self._cookie)
        return await self._sessions.principal(session_id) if session_id else None

    async def _bearer(self, headers: list[str]) -> Principal:
        scheme, _, token = headers[0].partition(" ")
        if len(headers) > 1 or scheme.lower() != "bearer":
            raise TokenRefused("scheme", "send exactly one header `Authorization: Bearer <access token>`")
        return await self._verifier.access(token.strip())
