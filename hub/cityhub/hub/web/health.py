"""`/livez`, `/readyz`, `/startupz` and `/version`: for supervisors, not for people."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from http import HTTPStatus
from importlib.metadata import version

from msgspec import Struct
from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.responses import JSONResponse, PlainTextResponse
from starlette.routing import Route

from cityhub.hub.identity.watch import LogInState
from cityhub.hub.process import Probe


class HealthRoutes(Struct, frozen=True):
    """The four routes.

    Attributes:
        probes: what must be well for a page to be served, by name.
        login_state: told, but never a reason to be not ready: the public pages come before Keycloak.
    """

    probes: Mapping[str, Probe]
    login_state: Callable[[], LogInState]

    def routes(self) -> list[Route]:
        """To be mounted at the root of the app."""
        return [
            Route("/livez", self._alive),
            Route("/startupz", self._alive),
            Route("/readyz", self._ready),
            Route("/version", self._version),
        ]

    async def _alive(self, _: Request) -> PlainTextResponse:
        """The event loop turns, and start-up is over: before that nobody answers here."""
        return PlainTextResponse("ok\n")

    async def _ready(self, _: Request) -> JSONResponse:
        answers = {name: await run_in_threadpool(probe) for name, probe in self.probes.items()}
        ready = not any(answers.values())
        checks = {name: reason or "ok" for name, reason in answers.items()}
        body = {"ready": ready, "checks": checks, "login": self.login_state()}
        return JSONResponse(body, HTTPStatus.OK if ready else HTTPStatus.SERVICE_UNAVAILABLE)

    async def _version(self, _: Request) -> JSONResponse:
        return JSONResponse({"version": version("cityhub")})
