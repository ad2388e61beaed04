"""Security headers and a request id on every answer, whoever gives it: pages, mounted apps, refusals and crashes.

Source of the rules: OWASP Secure Headers, W3C CSP 3.
"""

from __future__ import annotations

from collections.abc import Sequence
from functools import cache
from uuid import uuid4

from starlette.datastructures import MutableHeaders
from starlette.types import ASGIApp, Message, Receive, Scope, Send
from structlog.contextvars import bound_contextvars

from cityhub.bus import metrics, trace_context

_ALWAYS = {
    "X-Content-Type-Options": "nosniff",
    "X-Frame-Options": "DENY",
    "Referrer-Policy": "same-origin",
    "Permissions-Policy": "camera=(), geolocation=(), microphone=(), payment=(), usb=()",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
}
_ONE_YEAR_S = 31_536_000
_STARTS = ("http.response.start", "websocket.http.response.start")
_AREAS = frozenset(
    {"v1", "graphql", "auth", "login", "logout", "kpi", "kiosk", "partner", "assets", "_dash-update-component"}
)
"""Addresses of which answers are counted by themselves."""
_PERSONAL = ("text/html", "application/json")


_answers = cache(metrics.REQUESTS.labels)
"""Looking a child up takes the library longer than counting."""


def content_security_policy(script_hashes: Sequence[str]) -> str:
    """What a page may load: from its own origin only.

    Args:
        script_hashes: CSP hash sources (`'sha256-…'`) of the inline scripts that Dash writes into its page.

    Inline styles have to be allowed: Mantine writes its theme and Plotly its rules into `<style>` elements at run time,
    and neither can be given a nonce by Dash. Styles cannot run code, and with `img-src`, `font-src` and `connect-src`
    bound to the origin they cannot send data out either.
    """
    return "; ".join(
        [
            "default-src 'self'",
            " ".join(["script-src 'self'", *script_hashes]),
            "style-src 'self' 'unsafe-inline'",
            "img-src 'self' data: blob:",  # Plotly draws and exports through data: and blob: images
            "font-src 'self' data:",
            "connect-src 'self'",
            "worker-src 'self' blob:",
            "object-src 'none'",
            "base-uri 'self'",
            "form-action 'self'",
            "frame-src 'none'",
            "frame-ancestors 'none'",
        ]
    )


class SecurityHeaders:
    """ASGI middleware, the outermost.

    A header that the answer already has stays: Keycloak's own pages bring their own policy.

    Args:
        policy: see `content_security_policy`.
        https: browsers use https, so they are told to stay with it.
    """

    def __init__(self, app: ASGIApp, *, policy: str, https: bool) -> None:
        self._app = app
        self._headers = {**_ALWAYS, "Content-Security-Policy": policy}
        if https:
            self._headers["Strict-Transport-Security"] = f"max-age={_ONE_YEAR_S}"

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] not in {"http", "websocket"}:
            await self._app(scope, receive, send)
            return
        request_id, area = uuid4().hex, _area(scope["path"])
        scope.setdefault("state", {})["request_id"] = request_id

        async def send_with_headers(message: Message) -> None:
            if message["type"] in _STARTS:
                _answers(area, str(message["status"])).inc()
                message.setdefault("headers", [])
                headers = MutableHeaders(scope=message)
                headers["X-Request-ID"] = request_id
                for name, value in self._headers.items():
                    headers.setdefault(name, value)
                if headers.get("content-type", "").startswith(_PERSONAL):
                    headers.setdefault("Cache-Control", "no-store")
            await send(message)

        with bound_contextvars(request_id=request_id, **_trace(scope)):
            await self._app(scope, receive, send_with_headers)


def _trace(scope: Scope) -> dict[str, str]:
    """The caller's trace, for log lines; without one the request's id stands for it."""
    found = trace_context.trace_id(trace_context.of_request(scope["headers"]))
    return {"trace_id": found} if found else {}


def _area(path: str) -> str:
    """The first part of an address, where it is one of the hub's; anything else is `other`."""
    first = path.lstrip("/").partition("/")[0]
    return first if first in _AREAS else "other"
