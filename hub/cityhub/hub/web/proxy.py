"""Keycloak's public pages under our own origin: one realm and its static files, nothing of its administration.

So a browser sees one origin, and Keycloak itself listens on this machine only.
"""

from __future__ import annotations

import re
from collections.abc import AsyncIterator, Iterable
from contextlib import aclosing
from http import HTTPStatus
from urllib.parse import urlsplit

import httpx
import structlog
from starlette.requests import Request
from starlette.responses import Response, StreamingResponse
from starlette.types import Receive, Scope, Send

from cityhub.api.problem import problem

# Plain characters only: `%2e`, `;x=y`, `\` and doubled slashes are read differently by different servers.
_SEGMENT = r"(?!\.{1,2}(?:/|$))[A-Za-z0-9._~@:+,=-]+"
_REALM = r"/auth/realms/cityhub/(?:protocol/openid-connect|login-actions|device|broker|account|\.well-known)"
_PASSED_ON = re.compile(rf"(?:{_REALM}|/auth/resources)(?:/{_SEGMENT})*/?")
_METHODS = frozenset({"GET", "HEAD", "POST", "OPTIONS"})
_HOP_BY_HOP = frozenset(
    b"connection keep-alive proxy-authenticate proxy-authorization proxy-connection "
    b"te trailer transfer-encoding upgrade".split()
)
_SET_BY_US = frozenset(b"host forwarded x-real-ip x-original-url x-rewrite-url cookie content-length expect".split())
_TIMEOUT = httpx.Timeout(30.0, connect=3.0)

_log = structlog.get_logger()


class KeycloakProxy:
    """ASGI app for everything under `/auth`.

    Args:
        keycloak_url: Keycloak's own origin.
        public_url: told to Keycloak as the address the browser used; what a client says about that is dropped.
        hidden_cookies: prefixes of cookie names that are none of Keycloak's business.
    """

    def __init__(
        self, http: httpx.AsyncClient, *, keycloak_url: str, public_url: str, hidden_cookies: tuple[str, ...]
    ) -> None:
        self._http = http
        self._keycloak_url = keycloak_url
        parts = urlsplit(public_url)
        port = parts.port or (443 if parts.scheme == "https" else 80)
        self._forwarded = [
            (b"x-forwarded-host", parts.netloc.encode()),
            (b"x-forwarded-proto", parts.scheme.encode()),
            (b"x-forwarded-port", str(port).encode()),
        ]
        self._hidden_cookies = hidden_cookies

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            response: Response = problem(HTTPStatus.NOT_FOUND, "there is no WebSocket here")
        else:
            response = await self._answer(Request(scope, receive))
        await response(scope, receive, send)

    async def _answer(self, request: Request) -> Response:
        path = request.scope["raw_path"].decode("latin-1")
        if not _PASSED_ON.fullmatch(path):
            return problem(HTTPStatus.NOT_FOUND, "no page of the log-in service has this address")
        if request.method not in _METHODS:
            return problem(
                HTTPStatus.METHOD_NOT_ALLOWED,
                f"{request.method} is not used here",
                headers={"Allow": ", ".join(sorted(_METHODS))},
            )
        url = httpx.URL(self._keycloak_url + path, query=request.scope["query_string"] or None)
        onward = self._http.build_request(
            request.method,
            url,
            headers=self._request_headers(request),
            content=await request.body() or None,
            timeout=_TIMEOUT,
        )
        try:
            answer = await self._http.send(onward, stream=True, follow_redirects=False)
        except httpx.TransportError as error:
            _log.warning("keycloak_not_reached", path=path, reason=type(error).__name__)
            return problem(
                HTTPStatus.SERVICE_UNAVAILABLE,
                "the log-in service does not answer yet: try again in a minute",
                headers={"Retry-After": "30"},
            )
        response = StreamingResponse(_bytes(answer), answer.status_code)
        response.raw_headers = _kept(answer.headers.raw)
        return response

    def _request_headers(self, request: Request) -> list[tuple[bytes, bytes]]:
        headers = [
            (name, value)
            for name, value in _kept(request.headers.raw)
            if name not in _SET_BY_US and not name.startswith(b"x-forwarded-")
        ]
        cookies = "; ".join(pair for pair in _cookie_pairs(request) if not pair.startswith(self._hidden_cookies))
        if cookies:
            headers.append((b"cookie", cookies.encode("latin-1")))
        if request.client is not None:
            headers.append((b"x-forwarded-for", request.client.host.encode()))
        return headers + self._forwarded


def _cookie_pairs(request: Request) -> Iterable[str]:
    return (pair.strip() for header in request.headers.getlist("cookie") for pair in header.split(";"))


def _kept(headers: Iterable[tuple[bytes, bytes]]) -> list[tuple[bytes, bytes]]:
    """In lower case, without those that belong to one connection or that `Connection` names (RFC 9110 §7.6.1)."""
    pairs = [(name.lower(), value) for name, value in headers]
    named = {token.strip().lower() for name, value in pairs if name == b"connection" for token in value.split(b",")}
    return [(name, value) for name, value in pairs if name not in _HOP_BY_HOP | named]


async def _bytes(answer: httpx.Response) -> AsyncIterator[bytes]:
    """The body as it came, still compressed. A broken connection breaks ours too, so that the browser sees it."""
    async with aclosing(answer):
        async for chunk in answer.aiter_raw():
            yield chunk
