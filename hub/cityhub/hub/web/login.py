"""Log-in and log-out of people: `/login`, `/login/callback`, `/logout` and Keycloak's `/login/backchannel`."""

from __future__ import annotations

import re
from collections.abc import Callable
from http import HTTPStatus
from urllib.parse import parse_qs, urlencode, urlsplit

import structlog
from msgspec import Struct
from starlette.requests import Request
from starlette.responses import RedirectResponse, Response
from starlette.routing import Route

from cityhub.api.problem import problem
from cityhub.hub.identity.errors import IdentityError, KeycloakUnavailable, LogInFailed, TokenRefused
from cityhub.hub.identity.oidc import CALLBACK_PATH, OidcClient
from cityhub.hub.identity.sessions import BrowserSessions
from cityhub.hub.identity.tokens import TokenVerifier
from cityhub.hub.web.cookies import Cookies
from cityhub.hub.web.pages import FAILED, STARTING, language_of, page

LOGIN_PATH = "/login"
BACKCHANNEL_PATH = "/login/backchannel"
_HERE = "here"
_SAFE_PATH = re.compile(r"/(?![/\\])[^\\\x00-\x20\x7f]{0,500}")
_NOT_RETURNED_TO = re.compile(r"/(?:login|logout|auth)(?:[/?#]|$)")

_log = structlog.get_logger()


class LogInRoutes(Struct, frozen=True):
    """The four routes.

    Attributes:
        ready: whether Keycloak answers.
    """

    oidc: OidcClient
    sessions: BrowserSessions
    verifier: TokenVerifier
    cookies: Cookies
    public_url: str
    ready: Callable[[], bool]

    def routes(self) -> list[Route]:
        """To be mounted at the root of the app."""
        return [
            Route(LOGIN_PATH, self._log_in, methods=["GET"]),
            Route(CALLBACK_PATH, self._callback, methods=["GET"]),
            Route("/logout", self._log_out, methods=["POST"]),
            Route(BACKCHANNEL_PATH, self._backchannel, methods=["POST"]),
        ]

    async def _log_in(self, request: Request) -> Response:
        """Send the browser to Keycloak, by way of the public address: the cookies belong to that one only."""
        return_to = safe_path(request.query_params.get("return_to", ""))
        here = request.headers.get("host") == urlsplit(self.public_url).netloc
        if (
            not here and _HERE not in request.query_params
        ):  # once only: a proxy may show us another Host than the browser's
            query = urlencode({"return_to": return_to, "lang": language_of(request), _HERE: "1"})
            return RedirectResponse(f"{self.public_url}{LOGIN_PATH}?{query}", HTTPStatus.SEE_OTHER)
        if not self.ready():
            return self._starting(request, return_to)
        url, state, sealed = self.oidc.begin(return_to, language_of(request))
        response = RedirectResponse(url, HTTPStatus.SEE_OTHER)
        self.cookies.set_pending(response, state, sealed)
        return response

    async def _callback(self, request: Request) -> Response:
        """Take Keycloak's answer. A session that the browser had before ends: the new one has a new id."""
        state = request.query_params.get("state", "")
        pending = self.cookies.pending(state)
        try:
            grant, return_to = await self.oidc.finish(
                code=request.query_params.get("code", ""), state=state, sealed=request.cookies.get(pending, "")
            )
        except LogInFailed as error:
            _log.info("login_failed", reason=str(error))
            response: Response = page(request, FAILED, HTTPStatus.BAD_REQUEST, LOGIN_PATH)
        except KeycloakUnavailable as error:
            _log.warning("login_unavailable", reason=str(error))
            response = self._starting(request, "/")
        else:
            former = request.cookies.get(self.cookies.session)
            if former:
                await self.sessions.close(former)
            response = RedirectResponse(return_to, HTTPStatus.SEE_OTHER)
            self.cookies.set_session(response, await self.sessions.open(grant))
        self.cookies.drop(response, pending)
        return response

    async def _log_out(self, request: Request) -> Response:
        """POST only, and the guard has checked the origin: no foreign page logs anybody out."""
        session_id = request.cookies.get(self.cookies.session)
        if session_id:
            await self.sessions.close(session_id)
        response = RedirectResponse("/", HTTPStatus.SEE_OTHER)
        self.cookies.drop(response, self.cookies.session)
        return response

    async def _backchannel(self, request: Request) -> Response:
        """Keycloak says that a log-in has ended (OpenID Connect Back-Channel Logout §2.5)."""
        form = parse_qs((await request.body()).decode("ascii", "replace"))
        try:
            ending = await self.verifier.logout_token(form.get("logout_token", [""])[0])
            _log.info("ended_by_keycloak", sessions=await self.sessions.end(ending))
        except TokenRefused as error:
            return problem(HTTPStatus.BAD_REQUEST, str(error), headers={"Cache-Control": "no-store"}, code=error.reason)
        except IdentityError as error:
            return problem(HTTPStatus.SERVICE_UNAVAILABLE, str(error), headers={"Retry-After": "10"})
        return Response(status_code=HTTPStatus.OK, headers={"Cache-Control": "no-store"})

    def _starting(self, request: Request, return_to: str) -> Response:
        retry = f"{LOGIN_PATH}?{urlencode({'return_to': return_to})}"
        response = page(request, STARTING, HTTPStatus.SERVICE_UNAVAILABLE, retry)
        response.headers["Retry-After"] = "60"
        return response


def safe_path(return_to: str) -> str:
    """The path to show after log-in; anything that is not a plain path of this origin becomes the overview.

    Browsers read `//host`, `/\\host` and a tab or newline after the slash as another host (WHATWG URL §4.4).
    """
    if _SAFE_PATH.fullmatch(return_to) and not _NOT_RETURNED_TO.match(return_to):
        return return_to
    return "/"
