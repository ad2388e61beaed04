"""The one ASGI app: log-in, Keycloak's pages, API and dashboard behind the same locks."""

from __future__ import annotations

import asyncio
import contextlib
import time
from collections.abc import AsyncIterator, Callable, Coroutine, Sequence
from contextlib import AbstractAsyncContextManager, AsyncExitStack, asynccontextmanager
from http import HTTPStatus
from typing import Any

import httpx
import structlog
from fastapi import APIRouter, FastAPI
from msgspec import Struct
from prometheus_client.registry import Collector
from starlette.middleware.errors import ServerErrorMiddleware
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import BaseRoute
from starlette.types import ASGIApp

from cityhub.api.problem import problem
from cityhub.bus.vitals import Vitals
from cityhub.hub.identity.authenticator import Authenticator
from cityhub.hub.identity.endpoints import RealmEndpoints
from cityhub.hub.identity.errors import SessionsUnavailable
from cityhub.hub.identity.jwks import KeyCache
from cityhub.hub.identity.oidc import OidcClient
from cityhub.hub.identity.session_store import SessionStore
from cityhub.hub.identity.sessions import BrowserSessions
from cityhub.hub.identity.tokens import TokenVerifier
from cityhub.hub.identity.watch import KeycloakWatch, LogInState
from cityhub.hub.readiness import Readiness
from cityhub.hub.web.cookies import Cookies
from cityhub.hub.web.guard import RequestGuard
from cityhub.hub.web.headers import SecurityHeaders, content_security_policy
from cityhub.hub.web.health import HealthRoutes
from cityhub.hub.web.identify import Identify
from cityhub.hub.web.login import LogInRoutes
from cityhub.hub.web.problems import sessions_missing
from cityhub.hub.web.proxy import KeycloakProxy

SWEEP_S = 600.0

_log = structlog.get_logger()


class WebParts(Struct, frozen=True, kw_only=True):
    """What the app is made of.

    Attributes:
        http: client for Keycloak, which knows of no proxy in between; closed by whoever made it.
        api: the GraphQL router.
        dashboard: puts its pages on the server, given the state of log-in; returns CSP hashes of its inline scripts.
        doors: routes where partners hand in events, and look after those that were refused.
        live, writer: started with the app and stopped with it.
        vitals, readiness, registry: see `HealthRoutes`.
    """

    endpoints: RealmEndpoints
    client_secret: str
    session_key: str
    sessions: SessionStore
    http: httpx.AsyncClient
    api: APIRouter
    dashboard: Callable[[FastAPI, Callable[[], LogInState]], Sequence[str]]
    doors: Sequence[BaseRoute]
    live: AbstractAsyncContextManager[object]
    writer: AbstractAsyncContextManager[object]
    vitals: Vitals
    readiness: Readiness
    registry: Collector
    clock: Callable[[], float] = time.time
    monotonic: Callable[[], float] = time.monotonic


def create_app(parts: WebParts) -> ASGIApp:
    """Compose the app. Nothing runs before its lifespan starts."""
    keys = KeyCache(parts.endpoints.certs, parts.http, parts.monotonic)
    watch = KeycloakWatch(keys, parts.vitals)
    verifier = TokenVerifier(keys, parts.endpoints.issuer, parts.clock)
    oidc = OidcClient(
        parts.endpoints,
        verifier,
        parts.http,
        client_secret=parts.client_secret,
        session_key=parts.session_key,
        clock=parts.clock,
    )
    sessions = BrowserSessions(parts.sessions, oidc, parts.clock)
    cookies = Cookies.of_address(parts.endpoints.public_url)
    server = FastAPI(docs_url=None, redoc_url=None, openapi_url=None, lifespan=_lifespan(parts, watch, sessions))
    server.add_exception_handler(Exception, _crashed)
    server.add_exception_handler(SessionsUnavailable, sessions_missing)
    login = LogInRoutes(oidc, sessions, verifier, cookies, parts.endpoints.public_url, lambda: watch.state() == "ready")
    health = HealthRoutes(parts.readiness, parts.vitals, watch.state, parts.registry)
    server.router.routes += [*login.routes(), *health.routes(), *parts.doors]
    server.mount(
        "/auth",
        KeycloakProxy(
            parts.http,
            keycloak_url=parts.endpoints.keycloak_url,
            public_url=parts.endpoints.public_url,
            hidden_cookies=(cookies.session,),
        ),
    )
    server.include_router(parts.api)
    hashes = parts.dashboard(server, watch.state)  # last: it answers every path that is left
    return _locked(server, parts, Authenticator(verifier, sessions, cookies.session), cookies, hashes)


def _locked(
    server: ASGIApp, parts: WebParts, authenticator: Authenticator, cookies: Cookies, hashes: Sequence[str]
) -> ASGIApp:
    """From the inside out; around the server, not in it, so that its own error page is behind the locks too."""
    public_url = parts.endpoints.public_url
    app: ASGIApp = Identify(server, authenticator, parts.clock)
    app = RequestGuard(app, public_url=public_url, cookie=cookies.session)
    app = ServerErrorMiddleware(app, handler=_crashed)
    return SecurityHeaders(app, policy=content_security_policy(hashes), https=public_url.startswith("https:"))


def _crashed(request: Request, error: Exception) -> Response:
    """Said in the log here, while the request's id is known; the server that writes it again does not know it."""
    if not getattr(request.state, "crash_told", False):
        request.state.crash_told = True
        _log.error("request_crashed", path=request.url.path[:80], exc_info=error)
    return problem(
        HTTPStatus.INTERNAL_SERVER_ERROR,
        "the hub made a mistake; its log has the details under this answer's X-Request-ID",
    )


def _lifespan(
    parts: WebParts, watch: KeycloakWatch, sessions: BrowserSessions
) -> Callable[[FastAPI], AbstractAsyncContextManager[None]]:
    @asynccontextmanager
    async def lifespan(_: FastAPI) -> AsyncIterator[None]:
        async with AsyncExitStack() as running:
            await running.enter_async_context(parts.live)
            await running.enter_async_context(parts.writer)
            await running.enter_async_context(_in_background("keycloak_watch", watch.run()))
            await running.enter_async_context(_in_background("session_sweep", _sweep(sessions)))
            parts.vitals.begin()
            yield

    return lifespan


async def _sweep(sessions: BrowserSessions) -> None:
    while True:
        try:
            await sessions.sweep()
        except SessionsUnavailable as error:  # sessions that have run out are refused all the same
            _log.warning("sessions_not_swept", reason=str(error))
        await asyncio.sleep(SWEEP_S)


@asynccontextmanager
async def _in_background(name: str, work: Coroutine[Any, Any, None]) -> AsyncIterator[None]:
    task = asyncio.create_task(work, name=name)
    task.add_done_callback(_report)
    try:
        yield
    finally:
        task.cancel()
        with contextlib.suppress(asyncio.CancelledError):
            await task


def _report(task: asyncio.Task[None]) -> None:
    if not task.cancelled() and (error := task.exception()) is not None:
        _log.error("background_work_crashed", work=task.get_name(), exc_info=error)
