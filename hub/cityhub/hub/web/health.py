"""`/livez`, `/readyz`, `/startupz`, `/version` for supervisors, `/metrics` for operators, on the hub's port."""

from __future__ import annotations

from collections.abc import Callable
from http import HTTPStatus
from importlib.metadata import version

from msgspec import Struct
from prometheus_client import generate_latest
from prometheus_client.exposition import CONTENT_TYPE_LATEST
from prometheus_client.registry import Collector
from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.responses import JSONResponse, PlainTextResponse, Response
from starlette.routing import Route

from cityhub.api.access import OPERATOR
from cityhub.api.problem import problem
from cityhub.bus.vitals import Vitals
from cityhub.hub.identity.watch import LogInState
from cityhub.hub.probe_server import readiness_body
from cityhub.hub.readiness import Readiness
from cityhub.hub.web.identify import principal_of


class HealthRoutes(Struct, frozen=True):
    """The five routes.

    Attributes:
        readiness: what must be well for requests to come here: the store, and Keycloak's keys once.
        login_state: told, but never a reason: the keys last for a day.
        registry: figures of this process; shown to operators only, others reach a port of its own (`probe_server`).
    """

    readiness: Readiness
    vitals: Vitals
    login_state: Callable[[], LogInState]
    registry: Collector

    def routes(self) -> list[Route]:
        """To be mounted at the root of the app."""
        return [
            Route("/livez", self._alive),
            Route("/startupz", self._alive),
            Route("/readyz", self._ready),
            Route("/version", self._version),
            Route("/metrics", self._metrics),
        ]

    async def _alive(self, _: Request) -> PlainTextResponse:
        """The event loop turns, and start-up is over: before that nobody answers here."""
        return PlainTextResponse("ok\n")

    async def _ready(self, _: Request) -> JSONResponse:
        found = await run_in_threadpool(self.readiness.look)
        ready, body = readiness_body(found, started=self.vitals.started)
        return JSONResponse(
            body | {"login": self.login_state()}, HTTPStatus.OK if ready else HTTPStatus.SERVICE_UNAVAILABLE
        )

    async def _version(self, _: Request) -> JSONResponse:
        return JSONResponse({"version": version("cityhub")})

    async def _metrics(self, request: Request) -> Response:
        principal = await principal_of(request)
        if principal is None:
            text = "metrics are for operators: send a token of an account with the role"
            return problem(HTTPStatus.UNAUTHORIZED, f"{text} {OPERATOR}", headers={"WWW-Authenticate": "Bearer"})
        if OPERATOR not in principal.roles:
            return problem(HTTPStatus.FORBIDDEN, f"metrics are for operators: this account lacks the role {OPERATOR}")
        body = await run_in_threadpool(generate_latest, self.registry)
        return Response(body, media_type=CONTENT_TYPE_LATEST)
