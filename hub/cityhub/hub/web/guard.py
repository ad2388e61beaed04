"""What a request must be before anybody asks who sent it: for our host, of a sane size, not sent by a foreign page.

Source of the rules: OWASP CSRF cheat sheet (origin check, Fetch Metadata). Dash itself takes callbacks from any Origin.
"""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from http import HTTPStatus
from typing import cast
from urllib.parse import urlsplit

from starlette.datastructures import Headers
from starlette.requests import HTTPConnection
from starlette.responses import Response
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from cityhub.adapters.tabular.uploads import MAX_BYTES
from cityhub.api.problem import problem

DEFAULT_BODY_B = 1024 * 1024
BODY_LIMITS_B = (("/graphql", 8 * 1024), ("/auth/", 64 * 1024), ("/login", 64 * 1024), ("/v1/uploads/", MAX_BYTES))
BODY_TIMEOUT_S = 30.0
# Asked by machines beside us, by whatever address they know; a logout token proves itself.
OPEN_TO_ANY_HOST = frozenset({"/livez", "/readyz", "/startupz", "/login/backchannel"})
_HARMLESS = frozenset({"GET", "HEAD", "OPTIONS"})
_KEYCLOAK = "/auth/"


class RequestGuard:
    """ASGI middleware: refuses with 400 (host), 403 (origin), 408 (body too slow) or 413 (body too large).

    Args:
        public_url: the address browsers use; the loopback names of this machine are accepted too.
        cookie: name of the session cookie.
    """

    def __init__(self, app: ASGIApp, *, public_url: str, cookie: str) -> None:
        self._app = app
        self._public_url = public_url
        self._hosts = {urlsplit(public_url).hostname, "127.0.0.1", "localhost", "::1"}
        self._cookie = cookie

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] not in {"http", "websocket"}:
            await self._app(scope, receive, send)
            return
        refusal = self._wrong_host(scope) or self._foreign_page(scope)
        if refusal is None and scope["type"] == "http":
            body = await _body(scope, receive)
            if isinstance(body, Response):
                refusal = body
            else:
                receive = _replayed(body, receive)
        await (refusal or self._app)(scope, receive, send)

    def _wrong_host(self, scope: Scope) -> Response | None:
        """Against DNS rebinding: a foreign name that points to this machine is not us."""
        hosts = Headers(scope=scope).getlist("host")
        if scope["path"] in OPEN_TO_ANY_HOST or (len(hosts) == 1 and _hostname(hosts[0]) in self._hosts):
            return None
        return problem(HTTPStatus.BAD_REQUEST, f"this is not the address of the hub: open {self._public_url}")

    def _foreign_page(self, scope: Scope) -> Response | None:
        """Refuse what a page of another origin makes a browser send.

        Keycloak's forms are left to Keycloak, which has its own protection and lets browsers send `Origin: null`.
        """
        if scope["path"].startswith(_KEYCLOAK):
            return None
        socket = scope["type"] == "websocket"
        if not socket and scope["method"] in _HARMLESS:
            return None
        connection = HTTPConnection(scope)
        if not socket and "authorization" in connection.headers:
            return None  # a foreign page cannot set this header without our leave (CORS), which nobody gets
        if self._same_origin(connection):
            return None
        return problem(
            HTTPStatus.FORBIDDEN,
            f"requests from pages of other origins are not answered: open {self._public_url} in this window",
        )

    def _same_origin(self, connection: HTTPConnection) -> bool:
        headers = connection.headers
        origins = headers.getlist("origin")
        site = headers.get("sec-fetch-site")
        if not origins and site is None:
            # Not a browser. Fine for programs, but a session or a callback of the dashboard comes from a browser.
            return self._cookie not in connection.cookies and not connection.url.path.startswith("/_dash")
        own = {self._public_url, f"http://{headers.get('host')}"}
        return site in {None, "same-origin"} and len(origins) <= 1 and all(origin in own for origin in origins)


async def _body(scope: Scope, receive: Receive) -> Sequence[Message] | Response:
    """The request's whole body, or the refusal of one that is too large or too slow; all our bodies are small."""
    headers = Headers(scope=scope)
    limit = next((limit for prefix, limit in BODY_LIMITS_B if scope["path"].startswith(prefix)), DEFAULT_BODY_B)
    too_large = problem(
        HTTPStatus.REQUEST_ENTITY_TOO_LARGE, f"the request's body is larger than {limit} bytes: send less at once"
    )
    declared = headers.get("content-length", "0")
    if declared == "0" and "transfer-encoding" not in headers:
        return []
    if declared.isdecimal() and int(declared) > limit:
        return too_large
    messages, size = [], 0
    try:
        async with asyncio.timeout(BODY_TIMEOUT_S):
            while True:
                message = await receive()
                messages.append(message)
                size += len(message.get("body", b""))
                if size > limit:
                    return too_large
                if not message.get("more_body", False):
                    return messages
    except TimeoutError:
        return problem(
            HTTPStatus.REQUEST_TIMEOUT,
            f"the request's body did not arrive within {BODY_TIMEOUT_S:.0f} s: send it again",
        )


def _replayed(messages: Sequence[Message], receive: Receive) -> Receive:
    waiting = iter(messages)

    async def replay() -> Message:
        return next(waiting, None) or await receive()

    return cast("Receive", replay)


def _hostname(host: str) -> str | None:
    try:
        return urlsplit(f"//{host}").hostname
    except ValueError:
        return None
